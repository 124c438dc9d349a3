-- England and the regions beside the councils, for each indicator.
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
            when indicators.rate_denominator != 'measure'
                then indicators.rate_multiplier * figures.numerator / populations.people
            else coalesce(
                figures.published_value, indicators.rate_multiplier * figures.numerator / nullif(figures.denominator, 0)
            )
        end as value,
        figures.priority,
        figures.lower_95,
        figures.upper_95,
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

known_figures as (

    select * from own_figures
    where value is not null

),

means_over_years as (

    {{ pooled_years('known_figures', 'area_code', {'priority': 'min(figures.priority)'}) | indent(4) }}

),

published_figures as (

    select
        known_figures.indicator_id,
        known_figures.area_code,
        known_figures.value,
        known_figures.priority,
        known_figures.period_end_date
    from known_figures
    inner join indicators
        on
            known_figures.indicator_id = indicators.indicator_id
            and coalesce(indicators.pooled_years, 1) = 1

    union all

    select
        indicator_id,
        area_code,
        value,
        priority,
        period_end_date
    from means_over_years

),

recent_figures as (

    select published_figures.*
    from published_figures
    inner join windows
        on
            published_figures.indicator_id = windows.indicator_id
            and published_figures.period_end_date >= windows.oldest_period_end_date

),

published as (

    {{ first_row_of_each('recent_figures', 'indicator_id, area_code', 'priority, period_end_date desc') }}

),

authority_figures as (

    select * from {{ ref('int_authority_figures') }}
    where value is not null

),

best_figures as (

    {{ first_row_of_each('authority_figures', 'indicator_id, authority_code, period_end_date', 'basis_rank') }}

),

-- Where the source has no figure, councils that tile the area are added up as a county's districts are: figures of
-- their own, of the newest period, weighted by their denominators where there are any.
parts as (

    select
        indicator_id,
        authority_code,
        value,
        part_weight,
        weighting_people,
        period_end_date
    from best_figures

    union all

    select
        figures.indicator_id,
        figures.authority_code,
        figures.value,
        residents.people as part_weight,
        weighted.people as weighting_people,
        figures.period_end_date
    from (
        select
            indicator_id,
            authority_code,
            value,
            period_end_date
        from {{ ref('int_aggregated_figures') }}
        union all
        select
            indicator_id,
            authority_code,
            value,
            period_end_date
        from {{ ref('int_modelled_figures') }}
    ) as figures
    inner join indicators
        on figures.indicator_id = indicators.indicator_id
    inner join populations as residents
        on
            figures.authority_code = residents.area_code
            and residents.population_id = 'all_ages'
            and residents.year = least(year(figures.period_end_date), {{ var('latest_population_year') }})
    inner join populations as weighted
        on
            figures.authority_code = weighted.area_code
            and indicators.weighting_population = weighted.population_id
            and residents.year = weighted.year

),

-- Where nothing is published for districts, their counties are used instead: no resident is counted twice.
tiers as (

    select
        parts.indicator_id,
        max(case when authorities.tier = 'lower' then 'upper' else 'lower' end) as tier_left_out
    from parts
    inner join {{ ref('int_authorities') }} as authorities
        on parts.authority_code = authorities.authority_code
    group by parts.indicator_id

),

means as (

    select
        parts.indicator_id,
        areas.area_code,
        sum(parts.part_weight * parts.value) / sum(parts.part_weight) as value,
        parts.period_end_date
    from parts
    inner join windows
        on
            parts.indicator_id = windows.indicator_id
            and parts.period_end_date = windows.latest_period_end_date
    inner join tiers
        on parts.indicator_id = tiers.indicator_id
    inner join {{ ref('int_authorities') }} as authorities
        on
            parts.authority_code = authorities.authority_code
            and tiers.tier_left_out != authorities.tier
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
    group by parts.indicator_id, areas.area_code, parts.period_end_date
    having sum(parts.weighting_people) >= {{ var('least_part_share') }} * max(whole.people)

)

select
    areas.area_code,
    indicators.indicator_id,
    areas.area_name,
    case when published.value is not null then 'published' else 'aggregated' end as value_basis,
    coalesce(published.value, means.value) as value,
    coalesce(published.period_end_date, means.period_end_date) as period_end_date
from areas
cross join indicators
inner join {{ ref('int_authority_nodes') }} as nodes
    on indicators.indicator_id = nodes.node_id
left join published
    on
        areas.area_code = published.area_code
        and indicators.indicator_id = published.indicator_id
left join means
    on
        areas.area_code = means.area_code
        and indicators.indicator_id = means.indicator_id
where coalesce(published.value, means.value) is not null
