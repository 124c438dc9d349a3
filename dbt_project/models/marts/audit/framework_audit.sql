-- Statistics that show whether the framework holds together, with the bounds they must keep.
with

nodes as (

    select * from {{ ref('int_authority_nodes') }}

),

correlations as (

    select
        node_id,
        other_node_id,
        correlation
    from {{ ref('int_audit_correlations') }}

    union all

    select
        other_node_id as node_id,
        node_id as other_node_id,
        correlation
    from {{ ref('int_audit_correlations') }}

),

components as (

    select * from {{ ref('int_audit_components') }}

),

-- Every two nodes of one depth, in both orders.
pairs as (

    select
        nodes.parent_id,
        nodes.node_id,
        nodes.weight_in_parent as weight,
        others.weight_in_parent as other_weight,
        correlations.correlation,
        nodes.parent_id = others.parent_id as is_within
    from correlations
    inner join nodes
        on correlations.node_id = nodes.node_id
    inner join nodes as others
        on
            correlations.other_node_id = others.node_id
            and nodes.depth = others.depth

),

branches as (

    select
        parent_id as node_id,
        count(distinct case when is_within then node_id end) as children,
        sum(case when is_within then correlation end) as correlations_within,
        sum(case when is_within then weight * other_weight * correlation end) as weighted_correlations_within,
        avg(case when is_within then correlation end) as mean_correlation_within,
        avg(case when not is_within then correlation end) as mean_correlation_across
    from pairs
    group by parent_id

),

squared_weights as (

    select
        parent_id as node_id,
        sum(weight_in_parent * weight_in_parent) as squared_weights
    from nodes
    where parent_id is not null
    group by parent_id

),

members as (

    select
        parent_id,
        node_id,
        max(weight) as weight,
        sum(correlation) as correlations_with_others,
        sum(other_weight * correlation) as weighted_correlations_with_others
    from pairs
    where is_within
    group by parent_id, node_id

),

-- Alpha of k standardised parts with mean correlation r is k r / (1 + (k - 1) r).
statistics as (

    select
        node_id,
        'cronbach_alpha' as statistic,
        children * mean_correlation_within / (1 + (children - 1) * mean_correlation_within) as value
    from branches

    union all

    select
        node_id,
        'mean_correlation_within' as statistic,
        mean_correlation_within as value
    from branches

    union all

    select
        node_id,
        'mean_correlation_across' as statistic,
        mean_correlation_across as value
    from branches

    union all

    select
        parent_id as node_id,
        'first_component_share' as statistic,
        max(component_share) as value
    from components
    group by parent_id

    union all

    select
        node_id,
        'loading' as statistic,
        loading as value
    from components

    union all

    -- The rest is the weighted sum of the others; its variance is that of all without the node's own row and column.
    select
        members.node_id,
        'correlation_with_rest' as statistic,
        members.weighted_correlations_with_others / sqrt(
            branches.weighted_correlations_within + squared_weights.squared_weights
            - 2 * members.weight * members.weighted_correlations_with_others - members.weight * members.weight
        ) as value
    from members
    inner join branches
        on members.parent_id = branches.node_id
    inner join squared_weights
        on members.parent_id = squared_weights.node_id

    union all

    select
        without.node_id,
        'alpha_without' as statistic,
        without.others * without.mean_correlation / (1 + (without.others - 1) * without.mean_correlation) as value
    from (
        select
            members.node_id,
            branches.children - 1 as others,
            (branches.correlations_within - 2 * members.correlations_with_others)
            / ((branches.children - 1) * (branches.children - 2)) as mean_correlation
        from members
        inner join branches
            on members.parent_id = branches.node_id
        where branches.children > 2
    ) as without

    union all

    select
        nodes.node_id,
        'correlation_with_parent' as statistic,
        correlations.correlation as value
    from nodes
    inner join correlations
        on
            nodes.node_id = correlations.node_id
            and nodes.parent_id = correlations.other_node_id

    union all

    select
        nodes.node_id,
        'correlation_with_composite' as statistic,
        correlations.correlation as value
    from nodes
    inner join nodes as roots
        on
            roots.parent_id is null
            and nodes.parent_id != roots.node_id
    inner join correlations
        on
            nodes.node_id = correlations.node_id
            and roots.node_id = correlations.other_node_id

),

units as (

    select count(*) as units
    from {{ ref('int_authorities') }}
    where is_in_reference_set

),

bounded as (

    select
        statistics.node_id,
        statistics.statistic,
        statistics.value,
        case
            when statistics.statistic = 'cronbach_alpha' then cast({{ var('audit_least_alpha') }} as double)
            -- If the true correlation is zero, one in forty comes out lower than this.
            when statistics.statistic in ('loading', 'correlation_with_rest')
                then -{{ var('audit_standard_errors') }} / sqrt(units.units)
        end as lower_bound
    from statistics
    cross join units
    where statistics.value is not null

)

select
    bounded.node_id,
    bounded.statistic,
    nodes.branch_id as mission_id,
    nodes.label as node_name,
    case
        when bounded.lower_bound is null then 'no_bound'
        when bounded.value >= bounded.lower_bound and exceptions.node_id is not null then 'stale_exception'
        when bounded.value >= bounded.lower_bound then 'within_bound'
        when bounded.value >= exceptions.lower_bound then 'exception'
        else 'out_of_bound'
    end as status,
    exceptions.reason as exception_reason,
    bounded.value,
    bounded.lower_bound,
    exceptions.lower_bound as exception_lower_bound,
    nodes.is_leaf as is_indicator,
    exceptions.noted_date as exception_noted_date
from bounded
inner join nodes
    on bounded.node_id = nodes.node_id
left join {{ ref('stg_audit_exceptions') }} as exceptions
    on
        bounded.node_id = exceptions.node_id
        and bounded.statistic = exceptions.statistic
