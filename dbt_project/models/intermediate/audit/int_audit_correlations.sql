-- Pearson correlations between the scores of every two nodes over the reference set.
with

scores as (

    select
        scores.unit_id,
        scores.node_id,
        scores.score
    from {{ ref('int_node_scores') }} as scores
    inner join {{ ref('int_authority_nodes') }} as nodes
        on scores.node_id = nodes.node_id
    inner join {{ ref('int_authorities') }} as units
        on scores.unit_id = units.authority_code
    where
        units.is_in_reference_set
        and scores.score is not null

)

select
    first_scores.node_id,
    second_scores.node_id as other_node_id,
    corr(first_scores.score, second_scores.score) as correlation,
    count(*) as units
from scores as first_scores
inner join scores as second_scores
    on
        first_scores.unit_id = second_scores.unit_id
        and first_scores.node_id < second_scores.node_id
group by first_scores.node_id, second_scores.node_id
