-- Live English postcodes, packed: the endings of those of one sector in one small area.
select
    postcode_sector,
    small_area_code,
    units
from {{ ref('stg_postcodes') }}
