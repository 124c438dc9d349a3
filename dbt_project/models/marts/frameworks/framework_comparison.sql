-- Need of each council under the framework in force beside need under the other ones.
with

other_scores as (

    select
        stated.framework_id,
        stated.stated_node_id as index_id,
        scores.unit_id as authority_code,
        scores.score
    from {{ ref('int_node_scores') }} as scores
    inner join {{ ref('stg_framework_nodes') }} as stated
        on scores.node_id = stated.node_id
    where
        stated.unit_type = 'authority'
        and stated.framework_id != '{{ var('framework') }}'
        and scores.depth <= 1

),

ranked as (

    select
        *,
        {{ need_rank('score', 'framework_id, index_id') }} as need_rank
    from other_scores

)

select
    need.authority_code,
    need.index_id,
    ranked.framework_id as other_framework_id,
    need.need_score,
    need.need_rank,
    100 + 10 * ranked.score as other_need_score,
    ranked.need_rank as other_need_rank,
    need.need_rank - ranked.need_rank as rank_change
from {{ ref('int_need_index') }} as need
inner join ranked
    on
        need.authority_code = ranked.authority_code
        and need.index_id = ranked.index_id
