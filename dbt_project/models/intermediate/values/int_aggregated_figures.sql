-- Figures made of parts: a county from its districts, a district or county from its small areas.
with

authorities as (

    select * from {{ ref('int_authorities') }}

),

indicators as (

    select * from {{ ref('stg_indicators') }}

),

populations as (

    select * from {{ ref('int_weighting_populations') }}

),

figures as (

    select * from {{ ref('int_authority_figures') }}
    where value is not null

),

best_figures as (

    {{ first_row_of_each('figures', 'indicator_id, authority_code, period_end_date', 'basis_rank') }}

),

-- The parts of a county: its districts' own figures, those of a joint area or those of their predecessors.
districts as (

    select
        figures.indicator_id,
        figures.source_id,
        authorities.county_code as authority_code,
        figures.value,
        figures.part_weight,
        figures.weighting_people,
        figures.period_start_date,
        figures.period_end_date
    from best_figures as figures
    inner join authorities
        on
            figures.authority_code = authorities.authority_code
            and authorities.county_code is not null

),

counties as (

    select
        districts.indicator_id,
        districts.source_id,
        districts.authority_code,
        false as is_own,
        sum(districts.part_weight * districts.value) / sum(districts.part_weight) as value,
        sum(districts.part_weight) as part_weight,
        sum(districts.weighting_people) / max(whole.people) as part_share,
        min(districts.period_start_date) as period_start_date,
        districts.period_end_date
    from districts
    inner join indicators
        on districts.indicator_id = indicators.indicator_id
    inner join populations as whole
        on
            districts.authority_code = whole.area_code
            and indicators.weighting_population = whole.population_id
            and whole.year = least(year(districts.period_end_date), {{ var('latest_population_year') }})
    group by districts.indicator_id, districts.source_id, districts.authority_code, districts.period_end_date

),

residents as (

    select * from {{ ref('stg_small_area_residents') }}

),

small_areas as (

    select
        measures.indicator_id,
        measures.source_id,
        measures.role = 'district_value' as is_of_whole_district,
        observations.small_area_code,
        observations.authority_code,
        observations.value * coalesce(indicators.rate_multiplier, 1) as value,
        residents.residents,
        observations.period_start_date,
        observations.period_end_date
    from {{ ref('stg_small_area_observations') }} as observations
    inner join {{ ref('stg_indicator_measures') }} as measures
        on
            observations.source_id = measures.source_id
            and observations.measure = measures.measure
    inner join residents
        on observations.small_area_code = residents.small_area_code
    left join indicators
        on measures.indicator_id = indicators.indicator_id

),

-- Small areas are weighted by residents whatever the indicator's population: nothing else is known for each of them.
small_area_parts as (

    {{ with_counties('small_areas', 'authorities') | indent(4) }}

),

from_small_areas as (

    select
        indicator_id,
        source_id,
        whole_code as authority_code,
        -- One published value, which each small area of a district repeats, is the district's own.
        is_of_whole_district and whole_code = max(authority_code) as is_own,
        sum(residents * value) / sum(case when value is not null then residents end) as value,
        sum(case when value is not null then residents end) as part_weight,
        sum(case when value is not null then residents end) / sum(residents) as part_share,
        min(period_start_date) as period_start_date,
        period_end_date
    from small_area_parts
    group by indicator_id, source_id, whole_code, is_of_whole_district, period_end_date

)

select
    indicator_id,
    source_id,
    authority_code,
    value,
    part_weight,
    part_share,
    is_own,
    period_start_date,
    period_end_date
from (
    select * from counties
    union all
    select * from from_small_areas
) as wholes
where part_share >= {{ var('least_part_share') }}
