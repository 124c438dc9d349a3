-- Mid-year population estimates.
select
    area_code,
    year,
    population,
    aged_0_to_15,
    aged_16_to_64,
    aged_65_and_over,
    median_age_years,
    density_per_km2
from {{ source('raw', 'population') }}
