with

treated as (

    select
        treated_values.unit_id,
        treated_values.node_id,
        treated_values.value_treated * nodes.direction as directed_value,
        units.is_in_reference_set
    from {{ ref('int_treated_values') }} as treated_values
    inner join {{ ref('int_framework_nodes') }} as nodes
        on treated_values.node_id = nodes.node_id
    inner join {{ ref('int_index_units') }} as units
        on treated_values.unit_id = units.unit_id

)

select
    unit_id,
    node_id,
    {{ z_score('directed_value', 'is_in_reference_set', 'node_id') }} as score
from treated
