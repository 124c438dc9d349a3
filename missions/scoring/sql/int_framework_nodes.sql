-- The dbt model int_framework_nodes as compiled; written by `make docs`, not to be edited.
with recursive

nodes as (

    select
        *,
        -- A root has no siblings, not even the roots of other trees.
        case when parent_id is null then 1 else weight / nullif(sum(weight) over (partition by parent_id), 0) end as weight_in_parent
    from stg_framework_nodes

),

tree as (

    select
        node_id,
        0 as depth,
        cast(null as TEXT) as branch_id,
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
    nodes.least_share,
    coalesce(cast(json_extract_string(nodes.normalisation_parameters, '$.lower') as double), 0) as normalisation_lower,
    coalesce(cast(json_extract_string(nodes.normalisation_parameters, '$.upper') as double), 1) as normalisation_upper,
    coalesce(cast(json_extract_string(nodes.normalisation_parameters, '$.scale') as double), 1) as normalisation_scale,
    coalesce(cast(json_extract_string(nodes.normalisation_parameters, '$.steepness') as double), 23) as normalisation_steepness,
    nodes.aggregation is null as is_leaf
from nodes
inner join tree
    on nodes.node_id = tree.node_id
