-- The value of each unit at each leaf of its frameworks.
select
    cells.authority_code as unit_id,
    nodes.node_id,
    cells.value
from {{ ref('int_cells') }} as cells
inner join {{ ref('stg_framework_nodes') }} as nodes
    on
        cells.indicator_id = nodes.stated_node_id
        and nodes.unit_type = 'authority'
        and nodes.aggregation is null

union all

select
    small_area_code as unit_id,
    indicator_id as node_id,
    value
from {{ ref('int_small_area_values') }}
