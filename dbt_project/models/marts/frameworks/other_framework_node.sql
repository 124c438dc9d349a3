-- The other frameworks of councils: every node with its weight and methods, under the ids of its own file.
with

stated as (

    select * from {{ ref('stg_framework_nodes') }}
    where
        unit_type = 'authority'
        and framework_id != '{{ var('framework') }}'

)

select
    stated.framework_id,
    stated.stated_node_id as node_id,
    parents.stated_node_id as parent_id,
    branches.stated_node_id as branch_id,
    nodes.label,
    nodes.treatment,
    nodes.normalisation,
    nodes.normalisation_parameters,
    nodes.aggregation,
    cast(nodes.direction as bigint) as direction,
    cast(nodes.depth as bigint) as depth,
    nodes.weight,
    nodes.weight_in_parent,
    nodes.effective_weight,
    nodes.least_share,
    nodes.is_leaf
from stated
inner join {{ ref('int_framework_nodes') }} as nodes
    on stated.node_id = nodes.node_id
left join stated as parents
    on nodes.parent_id = parents.node_id
left join stated as branches
    on nodes.branch_id = branches.node_id
