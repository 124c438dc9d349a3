-- What the sources give for each indicator, with the periods of a year added up where the indicator is of a year.
with

indicators as (

    select * from {{ ref('stg_indicators') }}

),

figures as (

    select * from {{ ref('int_period_figures') }}

),

own_codes as (

    select * from {{ ref('int_area_links') }}
    where link = 'published'

),

-- A council's code may change within a year, so its periods are put on one code. The newest code wins where two carry a figure.
recoded as (

    select
        figures.*,
        indicators.least_periods_of_year,
        coalesce(own_codes.authority_code, figures.area_code) as own_code,
        coalesce(own_codes.code_rank, 1) as code_rank
    from figures
    inner join indicators
        on figures.indicator_id = indicators.indicator_id
    left join own_codes
        on figures.area_code = own_codes.area_code
    where indicators.least_periods_of_year is not null

),

one_a_period as (

    {{ first_row_of_each('recoded', 'indicator_id, source_id, own_code, period_end_date', 'numerator is null, code_rank') }}

),

-- Numerator and denominator are of the same periods.
years as (

    select
        indicator_id,
        source_id,
        min(priority) as priority,
        own_code as area_code,
        year(period_end_date) as year,
        sum(case when numerator is not null and denominator is not null then 1 else 0 end) as periods,
        max(least_periods_of_year) as least_periods_of_year,
        sum(case when denominator is not null then numerator end) as numerator,
        sum(case when numerator is not null then denominator end) as denominator,
        max(marker) as marker,
        min(case when numerator is not null and denominator is not null then period_start_date end) as first_period_start_date,
        min(period_start_date) as period_start_date
    from one_a_period
    group by indicator_id, source_id, own_code, year(period_end_date)

),

-- A year ends with the last period that any area has in it.
ends as (

    select
        indicator_id,
        source_id,
        year(period_end_date) as year,
        max(period_end_date) as period_end_date
    from one_a_period
    group by indicator_id, source_id, year(period_end_date)

)

select
    figures.indicator_id,
    figures.source_id,
    figures.priority,
    figures.area_code,
    figures.published_value,
    figures.numerator,
    figures.denominator,
    figures.service_weight,
    figures.lower_95,
    figures.upper_95,
    figures.marker,
    figures.period_start_date,
    figures.period_end_date
from figures
inner join indicators
    on figures.indicator_id = indicators.indicator_id
where indicators.least_periods_of_year is null

union all

select
    years.indicator_id,
    years.source_id,
    years.priority,
    years.area_code,
    cast(null as double) as published_value,
    case when years.periods >= years.least_periods_of_year then years.numerator end as numerator,
    case when years.periods >= years.least_periods_of_year then years.denominator end as denominator,
    cast(null as double) as service_weight,
    cast(null as double) as lower_95,
    cast(null as double) as upper_95,
    years.marker,
    coalesce(years.first_period_start_date, years.period_start_date) as period_start_date,
    ends.period_end_date
from years
inner join ends
    on
        years.indicator_id = ends.indicator_id
        and years.source_id = ends.source_id
        and years.year = ends.year
