-- Where England, the regions and the councils are on each national milestone.
with

milestones as (

    select * from {{ ref('dim_milestone') }}

),

indicators as (

    select distinct indicator_id
    from milestones

),

areas as (

    select
        authority_code as area_code,
        authority_name as area_name,
        'authority' as area_type
    from {{ ref('int_authorities') }}

    union all

    select
        area_code,
        area_name,
        case area_kind when 'region' then 'region' else 'country' end as area_type
    from {{ ref('stg_areas') }}
    where area_kind in ('country', 'region')

),

figures as (

    select
        comparable.area_code,
        comparable.indicator_id,
        comparable.series_basis,
        comparable.value,
        comparable.lower_95,
        comparable.upper_95,
        -- Whole years between the ends of periods are whole numbers, so that a slope is exact.
        {{ months_between("cast('2000-01-01' as date)", 'comparable.period_end_date') }} / 12e0 as years,
        comparable.period_end_date
    from {{ ref('int_comparable_figures') }} as comparable
    inner join indicators
        on comparable.indicator_id = indicators.indicator_id
    where
        comparable.is_own_series
        and comparable.is_separate_period

),

firsts as (

    {{ first_row_of_each('figures', 'area_code, indicator_id', 'period_end_date') }}

),

lasts as (

    {{ first_row_of_each('figures', 'area_code, indicator_id', 'period_end_date desc') }}

),

-- Least squares on all comparable periods: using only the first and last figures would depend too much on those two years.
centred as (

    select
        area_code,
        indicator_id,
        value - avg(value) over (partition by area_code, indicator_id) as value,
        years - avg(years) over (partition by area_code, indicator_id) as years
    from figures

),

paces as (

    select
        area_code,
        indicator_id,
        count(*) as periods,
        case when count(*) >= {{ var('least_pace_periods') }} then sum(years * value) / nullif(sum(years * years), 0) end as pace
    from centred
    group by area_code, indicator_id

),

placed as (

    select
        milestones.milestone_id,
        areas.area_code,
        areas.area_type,
        areas.area_name,
        lasts.series_basis,
        -- 1 where more is better, -1 where less is better.
        case milestones.target_is when 'at least' then 1 else -1 end as better,
        milestones.target_value,
        firsts.value as base_value,
        lasts.value as current_value,
        lasts.lower_95,
        lasts.upper_95,
        paces.pace,
        {{ months_between('lasts.period_end_date', 'milestones.target_date') }} / 12e0 as years_left,
        coalesce(paces.periods, 0) as periods,
        milestones.target_date,
        firsts.period_end_date as base_period_end_date,
        lasts.period_end_date as current_period_end_date
    from areas
    cross join milestones
    left join lasts
        on
            areas.area_code = lasts.area_code
            and milestones.indicator_id = lasts.indicator_id
    left join firsts
        on
            areas.area_code = firsts.area_code
            and milestones.indicator_id = firsts.indicator_id
    left join paces
        on
            areas.area_code = paces.area_code
            and milestones.indicator_id = paces.indicator_id

)

select
    milestone_id,
    area_code,
    area_type,
    area_name,
    series_basis,
    case
        when current_value is null then 'no figure'
        when better * (current_value - target_value) >= 0 then 'already met'
        when target_date is null then 'no target date'
        when years_left <= 0 then 'missed'
        when pace is null then 'too short a history'
        when better * (current_value + pace * years_left - target_value) >= 0 then 'on course'
        else 'not on course'
    end as status,
    target_value,
    base_value,
    current_value,
    lower_95 as current_value_lower_95,
    upper_95 as current_value_upper_95,
    better * (target_value - current_value) as distance_to_target,
    pace as pace_per_year,
    case
        when better * (current_value - target_value) < 0 and years_left > 0 then (target_value - current_value) / years_left
    end as needed_pace_per_year,
    case when years_left > 0 then current_value + pace * years_left end as projected_value,
    periods,
    coalesce(series_basis = 'own', false) as is_own_figure,
    target_date,
    base_period_end_date,
    current_period_end_date
from placed
