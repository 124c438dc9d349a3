-- New codes of Integrated Care Boards.
select
    old_code,
    new_code
from {{ source('raw', 'care_board_change') }}
