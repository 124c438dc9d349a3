-- Dated exceptions to the bounds of the framework audit, each with its reason.
select
    node_id,
    statistic,
    lower_bound,
    noted_date,
    reason
from {{ source('raw', 'audit_exception') }}
