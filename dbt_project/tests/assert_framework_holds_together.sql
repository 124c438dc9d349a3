-- The nine rules of the audit are kept but for dated exceptions, each of which names a policy document and is still needed.
{{ config(meta={'dagster': {'ref': {'name': 'framework_audit'}}}) }}
select
    node_id,
    statistic,
    case status
        when 'out_of_bound' then 'breaks rule ' || rule_number || ': mend it, or state an exception with the policy that asks for it'
        else 'keeps its rule: remove the exception'
    end as problem
from {{ ref('framework_audit') }}
where status in ('out_of_bound', 'stale_exception')

union all

select
    exceptions.node_id,
    exceptions.statistic,
    'is held to no rule: remove the exception' as problem
from {{ ref('stg_audit_exceptions') }} as exceptions
left join {{ ref('framework_audit') }} as audit
    on
        exceptions.node_id = audit.node_id
        and exceptions.statistic = audit.statistic
        and audit.status != 'no_bound'
where audit.node_id is null

union all

-- A description of what is so is no reason to accept it.
select
    exceptions.node_id,
    exceptions.statistic,
    'names no policy document of indicator_rationale.csv: say which policy asks for it' as problem
from {{ ref('stg_audit_exceptions') }} as exceptions
left join {{ ref('stg_indicator_rationales') }} as rationales
    on exceptions.policy_reason like '%' || rationales.policy_document || '%'
where rationales.indicator_id is null

union all

-- A rule without its statistic is no rule.
select
    nodes.node_id,
    rules.statistic,
    'has no such statistic: rule ' || rules.rule_number || ' cannot be held' as problem
from {{ ref('dim_framework_node') }} as nodes
inner join (
    select distinct
        statistic,
        rule_number
    from {{ ref('framework_audit') }}
    where
        rule_number is not null
        and is_indicator
) as rules
    on nodes.is_leaf
left join {{ ref('framework_audit') }} as audit
    on
        nodes.node_id = audit.node_id
        and rules.statistic = audit.statistic
where
    audit.node_id is null
    -- An indicator at half weight is in no pair at full weight.
    and (rules.statistic != 'close_pair_correlation' or nodes.weight > {{ var('audit_close_weight') }})
    -- A lone indicator has no rest: rule 9 says so.
    and rules.statistic != 'correlation_with_rest'

union all

select
    node_id,
    'loading' as statistic,
    'the power iteration has not converged: the first two components are too similar' as problem
from {{ ref('int_audit_components') }}
where residual > 1e-9
