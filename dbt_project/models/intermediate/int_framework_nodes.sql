with recursive

nodes as (

    select
        *,
        weight / sum(weight) over (partition by parent_id) as weight_in_parent
    from {{ ref('stg_framework_nodes') }}

),

tree as (

    select
        node_id,
        0 as depth,
        cast(null as {{ dbt.type_string() }}) as branch_id,
        cast(1 as double) as effective_weight
    from nodes
    where parent_id is null

    union all

    select
        nodes.node_id,
        tree.depth + 1 as depth,
        coalesce(tree.branch_id, nodes.node_id) as branch_id,
        tree.effective_weight * nodes.weight_in_parent as effective_weight
    from tree
    inner join nodes
        on tree.node_id = nodes.parent_id

)

select
    nodes.node_id,
    nodes.parent_id,
    tree.branch_id,
    nodes.label,
    nodes.treatment,
    nodes.normalisation,
    nodes.normalisation_parameters,
    nodes.aggregation,
    nodes.direction,
    tree.depth,
    nodes.weight,
    nodes.weight_in_parent,
    tree.effective_weight,
    nodes.aggregation is null as is_leaf
from nodes
inner join tree
    on nodes.node_id = tree.node_id
