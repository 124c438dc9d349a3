-- Ranks that mislead, and why.
select
    authority_code,
    index_id,
    note
from {{ source('raw', 'rank_note') }}
