-- Correlations with the rest keep their bound but for dated exceptions, and no exception is needless.
{{ config(meta={'dagster': {'ref': {'name': 'framework_audit'}}}) }}
select
    node_id,
    statistic,
    case status
        when 'out_of_bound' then 'out of its bound: look at the data and the framework, or state an exception with its reason'
        else 'within its bound: drop the exception'
    end as problem
from {{ ref('framework_audit') }}
where
    statistic = 'correlation_with_rest'
    and status in ('out_of_bound', 'stale_exception')

union all

select
    exceptions.node_id,
    exceptions.statistic,
    'no such statistic has a bound: remove the exception' as problem
from {{ ref('stg_audit_exceptions') }} as exceptions
left join {{ ref('framework_audit') }} as audit
    on
        exceptions.node_id = audit.node_id
        and exceptions.statistic = audit.statistic
        and audit.lower_bound is not null
where audit.node_id is null

union all

select
    node_id,
    'loading' as statistic,
    'the power iteration has not converged: the first two components are too similar' as problem
from {{ ref('int_audit_components') }}
where residual > 1e-9
