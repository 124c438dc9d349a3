with recursive

nodes as (

    select * from {{ ref('int_framework_nodes') }}

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

-- What one point of a node's score adds to the root's: its weight over its parent's spread, and so on up the tree.
factors as (

    select
        node_id,
        cast(1 as double) as factor
    from nodes
    where parent_id is null

    union all

    select
        nodes.node_id,
        factors.factor * nodes.weight_in_parent / nullif(spreads.spread, 0) as factor
    from factors
    inner join nodes
        on factors.node_id = nodes.parent_id
    inner join spreads
        on factors.node_id = spreads.node_id

)

select
    node_id,
    factor
from factors
