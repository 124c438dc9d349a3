-- Need of each council under all missions together.
select
    authority_code,
    need_band,
    need_z,
    need_score,
    need_rank,
    need_rank_in_type,
    need_decile,
    percentile,
    published_share,
    is_mostly_published
from {{ ref('int_need_index') }}
where is_composite
