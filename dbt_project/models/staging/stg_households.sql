-- Households and dwellings of districts and single-tier councils.
select
    area_code,
    households_2021,
    dwellings_2025
from {{ source('raw', 'household') }}
