-- Places that people name, with the council they lie in.
select
    place_name,
    place_kind,
    authority_code,
    name_source,
    latitude_degrees,
    longitude_degrees,
    population
from {{ ref('stg_places') }}
