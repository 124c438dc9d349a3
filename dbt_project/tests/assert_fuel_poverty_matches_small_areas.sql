-- Table 2 of each fuel poverty workbook, once corrected, is the sum of the small areas in Table 3. Rounding moves a district
-- by a few households; the two rows that the 2022 workbook swaps are wrong by tens of thousands.
{{ config(meta={'dagster': {'ref': {'name': 'int_observations'}}}) }}
with

small_area_sums as (

    select
        authority_code as area_code,
        measure,
        period_end_date,
        sum(value) as summed
    from {{ ref('stg_small_area_observations') }}
    where source_id = 'desnz_fuel_poverty_small_areas'
    group by authority_code, measure, period_end_date

)

select
    observations.area_code,
    observations.measure,
    observations.period_end_date,
    observations.value,
    small_area_sums.summed
from {{ ref('int_observations') }} as observations
inner join small_area_sums
    on
        observations.area_code = small_area_sums.area_code
        and observations.measure = small_area_sums.measure
        and observations.period_end_date = small_area_sums.period_end_date
where
    observations.source_id = 'desnz_fuel_poverty'
    and abs(observations.value - small_area_sums.summed) > 10
