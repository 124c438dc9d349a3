-- The correlation between the scores of every two nodes of the framework, with their names.
with recursive

nodes as (

    select * from {{ ref('int_authority_nodes') }}

),

-- Each node and all its ancestors.
lineage as (

    select
        node_id,
        parent_id as ancestor_id
    from nodes
    where parent_id is not null

    union all

    select
        lineage.node_id,
        nodes.parent_id as ancestor_id
    from lineage
    inner join nodes
        on lineage.ancestor_id = nodes.node_id
    where nodes.parent_id is not null

),

pairs as (

    select
        correlations.node_id,
        correlations.other_node_id,
        nodes.branch_id as mission_id,
        others.branch_id as other_mission_id,
        nodes.label as node_name,
        others.label as other_node_name,
        case
            when nodes.parent_id = others.parent_id then 'within'
            when above.node_id is not null or below.node_id is not null then 'part_and_whole'
            else 'across'
        end as relation,
        correlations.correlation,
        correlations.units,
        nodes.is_leaf and others.is_leaf as is_of_indicators
    from {{ ref('int_audit_correlations') }} as correlations
    inner join nodes
        on correlations.node_id = nodes.node_id
    inner join nodes as others
        on correlations.other_node_id = others.node_id
    left join lineage as above
        on
            correlations.node_id = above.node_id
            and correlations.other_node_id = above.ancestor_id
    left join lineage as below
        on
            correlations.other_node_id = below.node_id
            and correlations.node_id = below.ancestor_id

)

select
    node_id,
    other_node_id,
    mission_id,
    other_mission_id,
    node_name,
    other_node_name,
    relation,
    correlation,
    units as authorities,
    is_of_indicators,
    relation != 'part_and_whole' and abs(correlation) > {{ var('audit_close_correlation') }} as is_redundant
from pairs
