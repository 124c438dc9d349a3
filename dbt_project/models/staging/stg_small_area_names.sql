-- Small areas with their neighbourhood and ward.
select
    small_area_code,
    small_area_name,
    middle_area_code,
    neighbourhood_name,
    ward_code,
    ward_name,
    authority_code,
    rural_urban_code,
    latitude_degrees,
    longitude_degrees
from {{ source('raw', 'small_area_name') }}
