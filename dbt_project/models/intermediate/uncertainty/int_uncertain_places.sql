-- Whether a council's rank says too little to place it: its interval spans too many ranks, or too much of its weight is estimated.
with

need as (

    select
        *,
        count(*) over (partition by index_id) as units
    from {{ ref('int_node_need') }}

)

select
    need.authority_code,
    need.index_id,
    coalesce(
        intervals.rank_percentile_95 - intervals.rank_percentile_5 > floor({{ var('widest_rank_interval') }} * need.units), false
    )
    or need.estimated_share > {{ var('most_estimated_share') }} as is_too_uncertain_to_place
from need
-- Themes have no intervals.
left join {{ ref('rank_uncertainty') }} as intervals
    on
        need.authority_code = intervals.authority_code
        and need.index_id = intervals.index_id
