-- The small areas of England with the names people know: neighbourhood, ward and council.
select
    names.small_area_code,
    areas.authority_code,
    names.middle_area_code,
    names.ward_code,
    names.small_area_name,
    names.neighbourhood_name,
    names.small_area_name || ', ' || names.neighbourhood_name as small_area_title,
    names.ward_name,
    names.rural_urban_code,
    areas.residents,
    names.latitude_degrees,
    names.longitude_degrees
from {{ ref('stg_small_area_names') }} as names
inner join {{ ref('int_small_areas') }} as areas
    on names.small_area_code = areas.small_area_code
