select
    node_id,
    statistic,
    lower_bound,
    noted_date,
    reason
from {{ source('raw', 'audit_exception') }}
