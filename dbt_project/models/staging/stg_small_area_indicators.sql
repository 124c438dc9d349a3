-- The indicators of the small-area framework.
select
    indicator_id,
    source_id,
    measure,
    unit,
    is_of_whole_district,
    caveat
from {{ source('raw', 'small_area_indicator') }}
