-- The structure variables that the open peer model uses.
select
    variable_id,
    variable_title,
    unit,
    source_ids,
    transformation,
    reason
from {{ source('raw', 'peer_variable') }}
