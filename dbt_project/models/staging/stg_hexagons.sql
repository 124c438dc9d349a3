-- The place of each council on the hexagon map.
select
    area_code,
    hexagon_column,
    hexagon_row
from {{ source('raw', 'hexagon') }}
