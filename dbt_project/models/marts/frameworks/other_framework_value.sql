-- The values that the other frameworks of councils are scored from.
select
    stated.framework_id,
    cells.authority_code,
    cells.indicator_id,
    cells.value_basis,
    cells.value_basis_reason,
    cells.value,
    cells.period_start_date,
    cells.period_end_date
from {{ ref('int_cells') }} as cells
inner join {{ ref('stg_framework_nodes') }} as stated
    on
        cells.indicator_id = stated.stated_node_id
        and stated.aggregation is null
        and stated.unit_type = 'authority'
        and stated.framework_id != '{{ var('framework') }}'
