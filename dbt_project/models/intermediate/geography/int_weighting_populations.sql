-- Residents and households that rates are divided by and means are weighted by.
with

populations as (

    select * from {{ ref('stg_populations') }}

),

households as (

    select
        area_code,
        value as households
    from {{ ref('int_observations') }}
    where
        source_id = 'desnz_fuel_poverty'
        and measure = 'Number of households'
        and year(period_end_date) = 2022

)

select
    area_code,
    year,
    'all_ages' as population_id,
    cast(population as double) as people
from populations

union all

select
    area_code,
    year,
    'aged_0_to_15' as population_id,
    cast(aged_0_to_15 as double) as people
from populations

union all

select
    area_code,
    year,
    'aged_16_to_64' as population_id,
    cast(aged_16_to_64 as double) as people
from populations

union all

select
    area_code,
    year,
    'aged_16_and_over' as population_id,
    cast(population - aged_0_to_15 as double) as people
from populations

union all

-- Households are counted once and serve every year.
select
    populations.area_code,
    populations.year,
    'households' as population_id,
    households.households as people
from populations
inner join households
    on populations.area_code = households.area_code
