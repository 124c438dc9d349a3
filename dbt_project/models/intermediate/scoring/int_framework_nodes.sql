-- Every framework node that a root leads to, with its place in the tree and its weight.
with recursive

nodes as (

    select
        *,
        -- A root has no siblings, not even the roots of other trees.
        case when parent_id is null then 1 else weight / nullif(sum(weight) over (partition by parent_id), 0) end as weight_in_parent
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
    nodes.least_share,
    coalesce({{ json_number('nodes.normalisation_parameters', 'lower') }}, 0) as normalisation_lower,
    coalesce({{ json_number('nodes.normalisation_parameters', 'upper') }}, 1) as normalisation_upper,
    coalesce(
        {{ json_number('nodes.normalisation_parameters', 'scale') }},
        coalesce({{ json_number('nodes.normalisation_parameters', 'to') }}, 1)
        - coalesce({{ json_number('nodes.normalisation_parameters', 'from') }}, 0)
    ) as normalisation_scale,
    {{ json_number('nodes.normalisation_parameters', 'from') }} as normalisation_from,
    {{ json_number('nodes.normalisation_parameters', 'mean') }} as normalisation_mean,
    {{ json_number('nodes.normalisation_parameters', 'deviation') }} as normalisation_deviation,
    coalesce({{ json_number('nodes.normalisation_parameters', 'steepness') }}, 23) as normalisation_steepness,
    case nodes.treatment
        when 'square' then 2
        when 'cube' then 3
        when 'square_root' then 0.5
        when 'reciprocal' then -1
        when 'power' then {{ json_number('nodes.normalisation_parameters', 'exponent') }}
    end as treatment_exponent,
    {{ json_number('nodes.normalisation_parameters', 'lowest') }} as treatment_lowest,
    {{ json_number('nodes.normalisation_parameters', 'highest') }} as treatment_highest,
    {{ json_number('nodes.normalisation_parameters', 'lower_percentile') }} as treatment_lower_percentile,
    {{ json_number('nodes.normalisation_parameters', 'upper_percentile') }} as treatment_upper_percentile,
    {{ json_text('nodes.normalisation_parameters', 'ties') }} as normalisation_ties,
    {{ json_text('nodes.normalisation_parameters', 'fill') }} as fill,
    nodes.aggregation is null as is_leaf,
    coalesce({{ json_text('nodes.normalisation_parameters', 'limited') }} = 'false', false) as is_unlimited,
    coalesce({{ json_text('nodes.normalisation_parameters', 'weighted') }} = 'true', false) as is_weighted
from nodes
inner join tree
    on nodes.node_id = tree.node_id
