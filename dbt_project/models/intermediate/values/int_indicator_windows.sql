-- The newest English period of each indicator, and how old a figure may be to count as recent.
with

indicators as (

    select * from {{ ref('stg_indicators') }}

),

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
    figures.indicator_id,
    max(figures.period_end_date) as latest_period_end_date,
    -- A mean over years is of the latest ones or it is old.
    case
        when max(indicators.pooled_years) > 1 then max(figures.period_end_date)
        else {{ years_before('max(figures.period_end_date)', var('window_years')) }}
    end as oldest_period_end_date
from figures
left join indicators
    on figures.indicator_id = indicators.indicator_id
group by figures.indicator_id
