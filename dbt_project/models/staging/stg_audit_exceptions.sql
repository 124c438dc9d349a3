-- Dated exceptions to the bounds of the audit of the framework in force, each with its reason.
select
    node_id,
    statistic,
    lower_bound,
    noted_date,
    reason
from {{ source('raw', var('framework') ~ '_audit_exception') }}
