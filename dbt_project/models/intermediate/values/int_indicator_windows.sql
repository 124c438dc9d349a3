-- The newest English period of each indicator, and how old a figure may be to count as recent.
with

figures as (

    select
        indicator_id,
        period_end_date
    from {{ ref('int_indicator_figures') }}
    where coalesce(published_value, numerator) is not null

    union all

    select
        measures.indicator_id,
        observations.period_end_date
    from {{ ref('stg_small_area_observations') }} as observations
    inner join {{ ref('stg_indicator_measures') }} as measures
        on
            observations.source_id = measures.source_id
            and observations.measure = measures.measure

)

select
    indicator_id,
    max(period_end_date) as latest_period_end_date,
    {{ years_before('max(period_end_date)', var('window_years')) }} as oldest_period_end_date
from figures
group by indicator_id
