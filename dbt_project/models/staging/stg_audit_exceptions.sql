-- Dated exceptions to the rules of the audit of the framework in force, each with the policy that asks for it.
select
    node_id,
    statistic,
    bound,
    noted_date,
    policy_reason
from {{ source('raw', var('framework') ~ '_audit_exception') }}
