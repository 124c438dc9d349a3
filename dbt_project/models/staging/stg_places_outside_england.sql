-- Nations and councils of the United Kingdom outside England.
select
    area_name,
    area_code,
    place_name,
    country_name
from {{ source('raw', 'outside_england') }}
