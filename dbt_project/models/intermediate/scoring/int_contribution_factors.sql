-- What one point of a node's score adds to the score of the root.
with recursive

nodes as (

    select
        *,
        -- Only a weighted arithmetic mean, unchanged or standardised, adds up over its children.
        aggregation = 'arithmetic' and coalesce(normalisation, 'z_score') = 'z_score' as is_additive
    from {{ ref('int_framework_nodes') }}

),

-- How far the weighted means of a node spread before they are standardised.
spreads as (

    select
        scores.node_id,
        stddev_samp(scores.weighted_mean) as spread
    from {{ ref('int_node_scores') }} as scores
    inner join {{ ref('int_index_units') }} as units
        on scores.unit_id = units.unit_id
    where
        units.is_in_reference_set
        and not scores.is_leaf
    group by scores.node_id

),

-- What one point of a weighted mean adds to the node's own score.
slopes as (

    select
        nodes.node_id,
        case
            when not nodes.is_additive then null
            when nodes.normalisation is null then nodes.direction
            else nodes.direction / nullif(spreads.spread, 0)
        end as slope
    from nodes
    inner join spreads
        on nodes.node_id = spreads.node_id

),

-- What one point of a node's score adds to the root's: its weight divided by its parent's spread, and so on up the tree.
factors as (

    select
        node_id,
        cast(1 as double) as factor
    from nodes
    where parent_id is null

    union all

    select
        nodes.node_id,
        factors.factor * nodes.weight_in_parent * slopes.slope as factor
    from factors
    inner join nodes
        on factors.node_id = nodes.parent_id
    inner join slopes
        on factors.node_id = slopes.node_id

)

select
    node_id,
    factor
from factors
