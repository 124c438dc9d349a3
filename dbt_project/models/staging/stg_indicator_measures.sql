-- The published measures that make each indicator.
select
    indicator_id,
    source_id,
    measure,
    role,
    priority
from {{ source('raw', 'indicator_measure') }}
