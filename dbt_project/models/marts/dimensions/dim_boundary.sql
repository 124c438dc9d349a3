-- Outlines of areas, for maps.
select
    boundaries.layer,
    boundaries.area_code,
    areas.area_name,
    boundaries.geometry
from {{ ref('stg_boundaries') }} as boundaries
inner join {{ ref('stg_areas') }} as areas
    on boundaries.area_code = areas.area_code
