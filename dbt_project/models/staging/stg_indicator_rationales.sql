-- The policy document that each indicator rests on, and how its figures are collected.
select
    indicator_id,
    policy_basis,
    policy_document,
    collection
from {{ source('raw', 'indicator_rationale') }}
