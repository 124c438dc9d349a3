-- The indicators of the small-area framework.
select
    indicator_id,
    indicator_title,
    source_id,
    measure,
    unit,
    is_of_whole_district,
    caveat
from {{ source('raw', 'small_area_indicator') }}
