-- What the sources give for each indicator and period: a published value, or the counts of a rate.
with

indicators as (

    select * from {{ ref('stg_indicators') }}

),

measures as (

    select
        *,
        count(*) over (partition by indicator_id, source_id, role) as measures_of_role,
        max(case when role = 'factor' then 1 else 0 end) over (partition by indicator_id, source_id) as has_factor
    from {{ ref('stg_indicator_measures') }}

),

observations as (

    select * from {{ ref('int_observations') }}

),

-- A sum stands only where each of its measures has a figure.
amounts as (

    select
        measures.indicator_id,
        measures.source_id,
        measures.role,
        measures.priority,
        measures.has_factor,
        observations.area_code,
        observations.period_start_date,
        observations.period_end_date,
        case
            when count(distinct case when observations.value is not null then observations.measure end) = max(measures.measures_of_role)
                then sum(observations.value)
        end as amount,
        max(observations.lower_95) as lower_95,
        max(observations.upper_95) as upper_95,
        max(observations.marker) as marker
    from measures
    inner join observations
        on
            measures.source_id = observations.source_id
            and measures.measure = observations.measure
    group by all

),

-- Counts of consecutive years are added where the indicator pools them; a missing year leaves the sum missing.
pooled as (

    select
        amounts.indicator_id,
        amounts.source_id,
        amounts.role,
        amounts.priority,
        amounts.has_factor,
        amounts.area_code,
        min(earlier.period_start_date) as period_start_date,
        amounts.period_end_date,
        case when count(earlier.amount) = max(indicators.pooled_periods) then sum(earlier.amount) end as amount,
        max(amounts.lower_95) as lower_95,
        max(amounts.upper_95) as upper_95,
        max(earlier.marker) as marker
    from amounts
    inner join indicators
        on amounts.indicator_id = indicators.indicator_id
    inner join amounts as earlier
        on
            amounts.indicator_id = earlier.indicator_id
            and amounts.source_id = earlier.source_id
            and amounts.role = earlier.role
            and amounts.area_code = earlier.area_code
            and (
                amounts.period_end_date = earlier.period_end_date
                or (
                    amounts.period_end_date > earlier.period_end_date
                    and earlier.period_end_date
                    >= {{ years_before('amounts.period_end_date', 'cast(indicators.pooled_periods - 1 as integer)') }}
                )
            )
    group by all

),

-- The first period of a pooled count has no earlier one to add: it is no figure of the indicator.
complete as (

    select pooled.*
    from pooled
    inner join indicators
        on pooled.indicator_id = indicators.indicator_id
    where
        indicators.pooled_periods = 1
        or pooled.period_start_date
        <= {{ years_before('pooled.period_end_date', 'cast(indicators.pooled_periods - 1 as integer)') }}

)

select
    indicator_id,
    source_id,
    priority,
    area_code,
    coalesce(
        max(case when role = 'value' then amount end), 100 - max(case when role = 'complement' then amount end)
    ) as published_value,
    -- A factor is a percentage of the numerator, without which there is no count.
    max(case when role = 'numerator' then amount end)
    * case when max(has_factor) = 1 then max(case when role = 'factor' then amount end) else 1 end as numerator,
    max(case when role = 'denominator' then amount end) as denominator,
    max(case when role = 'weight' then amount end) as service_weight,
    max(case when role = 'value' then lower_95 end) as lower_95,
    max(case when role = 'value' then upper_95 end) as upper_95,
    max(marker) as marker,
    min(period_start_date) as period_start_date,
    period_end_date
from complete
group by indicator_id, source_id, priority, area_code, period_end_date
