-- The choices of method that rank uncertainty varies.
select
    factor,
    option,
    node_id,
    label,
    probability,
    is_official
from {{ source('raw', 'method_choice') }}
