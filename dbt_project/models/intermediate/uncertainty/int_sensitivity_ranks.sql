-- Ranks in the runs of the sensitivity sample.
select
    run_number,
    cast(index_number as smallint) as index_number,
    cast(unit_number as smallint) as unit_number,
    cast({{ need_rank('score', 'run_number, index_number') }} as smallint) as need_rank
from {{ ref('int_draw_scores') }}
where sample = 'sensitivity'
