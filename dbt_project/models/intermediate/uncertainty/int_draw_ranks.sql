-- Ranks in every run but those of the two other tables of ranks, int_sampling_ranks and int_sensitivity_ranks.
select
    run_number,
    cast(index_number as smallint) as index_number,
    cast(unit_number as smallint) as unit_number,
    cast({{ need_rank('score', 'run_number, index_number') }} as smallint) as need_rank
from {{ ref('int_draw_scores') }}
where sample in ('official', 'method choice', 'leave one out', 'all sources')
