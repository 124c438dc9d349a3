-- Figures of England and the regions for every period: published, or summed from councils.
with

indicators as (

    select * from {{ ref('stg_indicators') }}

),

populations as (

    select * from {{ ref('int_weighting_populations') }}

),

authorities as (

    select * from {{ ref('int_authorities') }}

),

areas as (

    select area_code
    from {{ ref('stg_areas') }}
    where area_kind in ('country', 'region')

),

codes as (

    select
        area_code as published_code,
        area_code
    from areas

    union all

    select
        dfe.la_number as published_code,
        areas.area_code
    from {{ ref('stg_dfe_local_authority_numbers') }} as dfe
    inner join areas
        on dfe.area_code = areas.area_code

),

own_figures as (

    select
        figures.indicator_id,
        figures.source_id,
        codes.area_code,
        case
            when indicators.rate_denominator != 'measure'
                then indicators.rate_multiplier * figures.numerator / populations.people
            else coalesce(
                figures.published_value, indicators.rate_multiplier * figures.numerator / nullif(figures.denominator, 0)
            )
        end as value,
        figures.lower_95,
        figures.upper_95,
        figures.priority,
        figures.period_start_date,
        figures.period_end_date
    from {{ ref('int_indicator_figures') }} as figures
    inner join codes
        on figures.area_code = codes.published_code
    inner join indicators
        on figures.indicator_id = indicators.indicator_id
    left join populations
        on
            codes.area_code = populations.area_code
            and populations.population_id
            = case indicators.rate_denominator when 'population' then 'all_ages' else indicators.rate_denominator end
            and populations.year = least(year(figures.period_end_date), {{ var('latest_population_year') }})

),

published_figures as (

    select * from own_figures
    where value is not null

),

one_a_period as (

    {{ first_row_of_each('published_figures', 'indicator_id, area_code, period_end_date', 'priority') }}

),

means_over_years as (

    {{ pooled_years('one_a_period', 'area_code', {'source_id': 'max(figures.source_id)'}) | indent(4) }}

),

published as (

    select
        one_a_period.indicator_id,
        one_a_period.source_id,
        one_a_period.area_code,
        one_a_period.value,
        one_a_period.lower_95,
        one_a_period.upper_95,
        one_a_period.period_start_date,
        one_a_period.period_end_date as first_period_end_date,
        one_a_period.period_end_date as last_period_end_date,
        one_a_period.period_end_date
    from one_a_period
    inner join indicators
        on
            one_a_period.indicator_id = indicators.indicator_id
            and coalesce(indicators.pooled_years, 1) = 1

    union all

    select
        indicator_id,
        source_id,
        area_code,
        value,
        lower_95,
        upper_95,
        period_start_date,
        first_period_end_date,
        last_period_end_date,
        period_end_date
    from means_over_years

),

authority_figures as (

    select figures.*
    from {{ ref('int_authority_figures') }} as figures
    inner join authorities
        on figures.authority_code = authorities.authority_code
    where
        figures.value is not null
        and authorities.is_in_reference_set

),

parts as (

    {{ first_row_of_each('authority_figures', 'indicator_id, authority_code, period_end_date', 'basis_rank') }}

),

has_own as (

    select distinct
        indicator_id,
        area_code
    from published

),

-- Where a source has no figure for an area in any period, its councils are added up as a county's districts are.
means as (

    select
        parts.indicator_id,
        min(parts.source_id) as source_id,
        areas.area_code,
        sum(parts.part_weight * parts.value) / sum(parts.part_weight) as value,
        min(parts.period_start_date) as period_start_date,
        min(parts.first_period_end_date) as first_period_end_date,
        max(parts.last_period_end_date) as last_period_end_date,
        parts.period_end_date
    from parts
    inner join authorities
        on parts.authority_code = authorities.authority_code
    inner join areas
        on
            authorities.region_code = areas.area_code
            or areas.area_code = 'E92000001'
    inner join indicators
        on parts.indicator_id = indicators.indicator_id
    inner join populations as whole
        on
            areas.area_code = whole.area_code
            and indicators.weighting_population = whole.population_id
            and whole.year = least(year(parts.period_end_date), {{ var('latest_population_year') }})
    left join has_own
        on
            parts.indicator_id = has_own.indicator_id
            and areas.area_code = has_own.area_code
    where has_own.area_code is null
    group by parts.indicator_id, areas.area_code, parts.period_end_date
    having sum(parts.weighting_people) >= {{ var('least_part_share') }} * max(whole.people)

)

select
    area_code,
    indicator_id,
    'published' as value_basis,
    source_id,
    value,
    lower_95,
    upper_95,
    period_start_date,
    first_period_end_date,
    last_period_end_date,
    period_end_date
from published

union all

select
    area_code,
    indicator_id,
    'aggregated' as value_basis,
    source_id,
    value,
    cast(null as double) as lower_95,
    cast(null as double) as upper_95,
    period_start_date,
    first_period_end_date,
    last_period_end_date,
    period_end_date
from means
