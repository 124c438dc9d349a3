-- Need of each small area, as a whole and by its parts.
with

ranked as (

    select
        small_areas.small_area_code,
        scores.node_id,
        small_areas.authority_code,
        scores.score,
        small_areas.residents,
        {{ need_rank('scores.score', 'scores.node_id') }} as need_rank,
        count(*) over (partition by scores.node_id) as units
    from {{ ref('int_node_scores') }} as scores
    inner join {{ ref('int_small_areas') }} as small_areas
        on scores.unit_id = small_areas.small_area_code
    where
        not scores.is_leaf
        and scores.score is not null

)

select
    ranked.small_area_code,
    ranked.node_id as index_id,
    ranked.authority_code,
    nodes.label as index_title,
    ranked.score as need_z,
    100 + 10 * ranked.score as need_score,
    ranked.need_rank,
    cast({{ rank_group('ranked.need_rank', 'ranked.units', 10) }} as bigint) as need_decile,
    {{ percentile('ranked.need_rank', 'ranked.units') }} as percentile,
    ranked.residents,
    nodes.depth = 0 as is_overall
from ranked
inner join {{ ref('int_framework_nodes') }} as nodes
    on ranked.node_id = nodes.node_id
