-- The 317 principal councils of December 2024, as registered.
select
    authority_code,
    current_code,
    authority_name,
    council_name,
    authority_type,
    tier,
    region_code,
    region_name,
    county_code,
    combined_authority_code,
    combined_authority_name,
    police_force_code,
    police_force_name,
    rural_urban_class,
    website,
    longitude_degrees,
    latitude_degrees
from {{ source('raw', 'authority') }}
