with

indicators as (

    select * from {{ ref('stg_indicators') }}

),

windows as (

    select * from {{ ref('int_indicator_windows') }}

),

populations as (

    select * from {{ ref('int_weighting_populations') }}

),

areas as (

    select
        area_code,
        area_name
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
        codes.area_code,
        case
            when indicators.rate_denominator in ('population', 'households')
                then indicators.rate_multiplier * figures.numerator / populations.people
            else coalesce(
                figures.published_value, indicators.rate_multiplier * figures.numerator / nullif(figures.denominator, 0)
            )
        end as value,
        figures.priority,
        figures.period_end_date
    from {{ ref('int_indicator_figures') }} as figures
    inner join codes
        on figures.area_code = codes.published_code
    inner join indicators
        on figures.indicator_id = indicators.indicator_id
    inner join windows
        on
            figures.indicator_id = windows.indicator_id
            and figures.period_end_date >= windows.oldest_period_end_date
    left join populations
        on
            codes.area_code = populations.area_code
            and populations.population_id
            = case indicators.rate_denominator when 'population' then 'all_ages' when 'households' then 'households' end
            and populations.year = least(year(figures.period_end_date), {{ var('latest_population_year') }})

),

published_figures as (

    select * from own_figures
    where value is not null

),

published as (

    {{ first_row_of_each('published_figures', 'indicator_id, area_code', 'priority, period_end_date desc') }}

),

members as (

    select
        cells.indicator_id,
        cells.authority_code,
        cells.value,
        cells.period_end_date,
        authorities.region_code
    from {{ ref('int_cells') }} as cells
    inner join {{ ref('int_authorities') }} as authorities
        on
            cells.authority_code = authorities.authority_code
            and authorities.is_in_reference_set

),

-- Where the source has no figure, the mean of the councils of the reference set stands in, weighted as districts are.
means as (

    select
        members.indicator_id,
        areas.area_code,
        sum(populations.people * members.value) / sum(populations.people) as value,
        max(members.period_end_date) as period_end_date
    from members
    inner join areas
        on
            members.region_code = areas.area_code
            or areas.area_code = 'E92000001'
    inner join indicators
        on members.indicator_id = indicators.indicator_id
    inner join populations
        on
            members.authority_code = populations.area_code
            and indicators.weighting_population = populations.population_id
            and populations.year = {{ var('latest_population_year') }}
    group by members.indicator_id, areas.area_code

)

select
    means.area_code,
    means.indicator_id,
    areas.area_name,
    case when published.value is not null then 'published' else 'aggregated' end as value_basis,
    coalesce(published.value, means.value) as value,
    coalesce(published.period_end_date, means.period_end_date) as period_end_date
from means
inner join areas
    on means.area_code = areas.area_code
left join published
    on
        means.area_code = published.area_code
        and means.indicator_id = published.indicator_id
