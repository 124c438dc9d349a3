-- Need of each council under each mission.
select
    need.authority_code,
    need.index_id as mission_id,
    need.need_band,
    uncertain.rank_note,
    need.need_z,
    need.need_score,
    need.need_rank,
    need.need_rank_in_type,
    need.need_decile,
    need.percentile,
    need.published_share,
    need.is_mostly_published,
    uncertain.is_too_uncertain_to_place
from {{ ref('int_need_index') }} as need
inner join {{ ref('int_uncertain_places') }} as uncertain
    on
        need.authority_code = uncertain.authority_code
        and need.index_id = uncertain.index_id
where not need.is_composite
