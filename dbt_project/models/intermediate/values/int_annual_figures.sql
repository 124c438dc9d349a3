-- Figures of basis 1 to 3 of one period on the councils of December 2024: their own, of joint areas, of predecessors.
with

figures as (

    select * from {{ ref('int_indicator_figures') }}

),

links as (

    select * from {{ ref('int_area_links') }}

),

indicators as (

    select * from {{ ref('stg_indicators') }}

),

populations as (

    select * from {{ ref('int_weighting_populations') }}

),

linked as (

    select
        figures.*,
        links.authority_code,
        links.link,
        links.code_rank,
        links.weight,
        indicators.rate_denominator,
        indicators.rate_multiplier,
        own_population.people as own_people,
        -- The residents or households of all the councils that a joint or former area stands for.
        sum(own_population.people) over (
            partition by figures.indicator_id, figures.source_id, figures.area_code, figures.period_end_date, links.link
        ) as area_people,
        weighting_population.people as weighting_people
    from figures
    inner join links
        on figures.area_code = links.area_code
    inner join indicators
        on figures.indicator_id = indicators.indicator_id
    -- The denominator of our own rates: the council's residents, or its households.
    left join populations as own_population
        on
            links.authority_code = own_population.area_code
            and own_population.population_id
            = case indicators.rate_denominator when 'population' then 'all_ages' else indicators.rate_denominator end
            and own_population.year = least(year(figures.period_end_date), {{ var('latest_population_year') }})
    left join populations as weighting_population
        on
            links.authority_code = weighting_population.area_code
            and indicators.weighting_population = weighting_population.population_id
            and weighting_population.year = least(year(figures.period_end_date), {{ var('latest_population_year') }})

),

own_figures as (

    select
        *,
        case
            when rate_denominator != 'measure' then rate_multiplier * numerator / own_people
            else coalesce(published_value, rate_multiplier * numerator / nullif(denominator, 0))
        end as value,
        coalesce(denominator, case when rate_denominator != 'measure' then own_people end) as part_weight
    from linked
    where link = 'published'

),

-- One figure a council and period: one that is there before one that is not, then the first source, then the newest code.
own as (

    {{ first_row_of_each(
        'own_figures', 'indicator_id, authority_code, period_end_date', 'value is null, priority, code_rank'
    ) }}

),

joint_figures as (

    select
        *,
        case
            when rate_denominator != 'measure'
                then rate_multiplier * numerator / area_people
            else coalesce(published_value, rate_multiplier * numerator / nullif(denominator, 0))
        end as value
    from linked
    where link = 'combined_area'

),

combined as (

    {{ first_row_of_each(
        'joint_figures', 'indicator_id, authority_code, period_end_date', 'value is null, priority, area_code'
    ) }}

),

successor_figures as (

    select
        indicator_id,
        source_id,
        authority_code,
        period_end_date,
        code_rank,
        min(priority) as priority,
        min(period_start_date) as period_start_date,
        max(own_people) as own_people,
        max(weighting_people) as weighting_people,
        max(rate_denominator) as rate_denominator,
        -- Counts are added up where every former district has one; rates are weighted by what each district brought.
        case
            when
                max(rate_denominator) != 'measure'
                and sum(case when numerator is not null then weight end) > 0.999
                then max(rate_multiplier) * sum(numerator) / max(area_people)
            when
                max(rate_denominator) = 'measure'
                and sum(case when numerator is not null and denominator is not null then weight end) > 0.999
                then max(rate_multiplier) * sum(numerator) / nullif(sum(denominator), 0)
            when
                sum(case when published_value is not null then weight end) >= {{ var('least_part_share') }}
                then sum(weight * published_value) / sum(case when published_value is not null then weight end)
        end as value,
        sum(denominator) as denominator,
        count(distinct area_code) as former_areas,
        max(area_code) as last_area_code
    from linked
    where link = 'predecessor'
    group by indicator_id, source_id, authority_code, period_end_date, code_rank

),

predecessor as (

    {{ first_row_of_each(
        'successor_figures', 'indicator_id, authority_code, period_end_date', 'value is null, priority, code_rank'
    ) }}

)

select
    indicator_id,
    source_id,
    authority_code,
    'published' as value_basis,
    1 as basis_rank,
    area_code as source_area_code,
    marker,
    value,
    lower_95,
    upper_95,
    coalesce(part_weight, weighting_people) as part_weight,
    weighting_people,
    published_value is null and value is not null as is_rate_of_counts,
    period_start_date,
    period_end_date
from own

union all

select
    indicator_id,
    source_id,
    authority_code,
    'combined_area' as value_basis,
    2 as basis_rank,
    area_code as source_area_code,
    marker,
    value,
    lower_95,
    upper_95,
    coalesce(case when rate_denominator != 'measure' then own_people end, weighting_people) as part_weight,
    weighting_people,
    published_value is null and value is not null as is_rate_of_counts,
    period_start_date,
    period_end_date
from combined

union all

select
    indicator_id,
    source_id,
    authority_code,
    'combined_area' as value_basis,
    2 as basis_rank,
    source_area_code,
    cast(null as {{ dbt.type_string() }}) as marker,
    value,
    cast(null as double) as lower_95,
    cast(null as double) as upper_95,
    weighting_people as part_weight,
    weighting_people,
    false as is_rate_of_counts,
    period_start_date,
    period_end_date
from {{ ref('int_board_figures') }}

union all

select
    indicator_id,
    source_id,
    authority_code,
    'predecessor' as value_basis,
    3 as basis_rank,
    case when former_areas = 1 then last_area_code end as source_area_code,
    cast(null as {{ dbt.type_string() }}) as marker,
    value,
    cast(null as double) as lower_95,
    cast(null as double) as upper_95,
    coalesce(
        denominator,
        case when rate_denominator != 'measure' then own_people end,
        weighting_people
    ) as part_weight,
    weighting_people,
    rate_denominator is not null as is_rate_of_counts,
    period_start_date,
    period_end_date
from predecessor
where value is not null
