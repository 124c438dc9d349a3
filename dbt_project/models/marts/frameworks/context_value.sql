-- Every figure of every council and period of the indicators shown beside the index; none is estimated or inherited.
with

candidates as (

    select candidates.*
    from {{ ref('int_figure_candidates') }} as candidates
    inner join {{ ref('stg_context_indicators') }} as context
        on candidates.indicator_id = context.indicator_id
    where candidates.value_basis in ('published', 'combined_area', 'predecessor', 'aggregated')

),

best as (

    {{ first_row_of_each('candidates', 'indicator_id, authority_code, period_end_date', 'basis_rank') }}

)

select
    authority_code,
    indicator_id,
    value_basis,
    source_id,
    source_area_code,
    value,
    lower_95 as value_lower_95,
    upper_95 as value_upper_95,
    period_start_date,
    period_end_date
from best
