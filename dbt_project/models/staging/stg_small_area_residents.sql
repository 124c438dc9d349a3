-- Census residents of each small area.
select
    small_area_code,
    residents
from {{ source('raw', 'small_area_residents') }}
