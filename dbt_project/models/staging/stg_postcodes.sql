-- Live English postcodes, packed by sector and small area.
select
    postcode_sector,
    small_area_code,
    units
from {{ source('raw', 'postcode') }}
