-- The structure variables of each council that the open peer model compares.
with

variables as (

    select * from {{ ref('stg_peer_variables') }}

),

authorities as (

    select * from {{ ref('dim_authority') }}

),

ages as (

    select * from {{ ref('stg_populations') }}
    where year = {{ var('latest_population_year') }}

),

-- Households were counted in 2022, so residents are those of that year.
households as (

    select
        area_code,
        max(case when population_id = 'all_ages' then people end)
        / max(case when population_id = 'households' then people end) as people_per_household
    from {{ ref('int_weighting_populations') }}
    where year = 2022
    group by area_code

),

ruralities as (

    select
        authority_code,
        county_code,
        population,
        case
            when rural_urban_class like 'Urban:%' then 0
            when rural_urban_class like 'Intermediate urban:%' then 1
            when rural_urban_class like 'Intermediate rural:%' then 2
            when rural_urban_class like 'Majority rural:%' then 3
        end as rurality
    from authorities

),

-- Counties have no class of their own.
county_ruralities as (

    select
        county_code,
        sum(population * rurality) / sum(population) as rurality
    from ruralities
    where county_code is not null
    group by county_code

),

-- Residents of the reference set, so that nobody is counted twice; a council is within reach of itself.
neighbourhoods as (

    select
        authorities.authority_code,
        sum(others.population) as people_within_50_km
    from authorities
    inner join authorities as others
        on others.is_in_reference_set
    where
        {{ distance_km(
            'authorities.latitude_degrees', 'authorities.longitude_degrees',
            'others.latitude_degrees', 'others.longitude_degrees'
        ) }} <= 50
    group by authorities.authority_code

),

described as (

    select
        authorities.authority_code,
        authorities.is_in_reference_set,
        cast(ages.population as double) as population,
        cast(ages.density_per_km2 as double) as density,
        1e2 * ages.aged_0_to_15 / ages.population as aged_under_16_percent,
        1e2 * ages.aged_65_and_over / ages.population as aged_65_and_over_percent,
        households.people_per_household,
        cast(coalesce(ruralities.rurality, county_ruralities.rurality) as double) as rurality,
        cast(neighbourhoods.people_within_50_km as double) as people_within_50_km
    from authorities
    inner join ages
        on authorities.authority_code = ages.area_code
    inner join households
        on authorities.authority_code = households.area_code
    inner join ruralities
        on authorities.authority_code = ruralities.authority_code
    left join county_ruralities
        on authorities.authority_code = county_ruralities.county_code
    left join neighbourhoods
        on authorities.authority_code = neighbourhoods.authority_code

),

figures as (

    {% for variable in [
        'population', 'density', 'aged_under_16_percent', 'aged_65_and_over_percent', 'people_per_household', 'rurality',
        'people_within_50_km'
    ] %}
    select
        authority_code,
        is_in_reference_set,
        '{{ variable }}' as variable_id,
        {{ variable }} as value
    from described
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

transformed as (

    select
        figures.authority_code,
        figures.is_in_reference_set,
        variables.variable_id,
        variables.variable_title,
        variables.unit,
        variables.transformation,
        figures.value,
        case variables.transformation when 'log' then ln(figures.value) else figures.value end as transformed_value
    from figures
    inner join variables
        on figures.variable_id = variables.variable_id

),

spreads as (

    select
        variable_id,
        avg(transformed_value) as mean,
        stddev_samp(transformed_value) as deviation
    from transformed
    where is_in_reference_set
    group by variable_id

)

select
    transformed.authority_code,
    transformed.variable_id,
    transformed.variable_title,
    transformed.unit,
    transformed.transformation,
    transformed.value,
    (transformed.transformed_value - spreads.mean) / nullif(spreads.deviation, 0) as structure_z
from transformed
inner join spreads
    on transformed.variable_id = spreads.variable_id
