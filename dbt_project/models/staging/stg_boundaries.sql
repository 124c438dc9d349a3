-- Outlines of areas, for maps.
select
    layer,
    area_code,
    geometry
from {{ source('raw', 'boundary') }}
