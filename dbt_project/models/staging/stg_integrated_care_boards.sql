-- The Integrated Care Board of each district.
select
    authority_code,
    integrated_care_board_code,
    integrated_care_board_name,
    share_of_small_areas
from {{ source('raw', 'integrated_care_board') }}
