-- Statistics that show whether the framework holds together, with the rules that they must keep.
with

nodes as (

    select * from {{ ref('int_authority_nodes') }}

),

correlations as (

    {{ in_both_orders(ref('int_audit_correlations')) }}

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

ruled as (

    select
        node_id,
        statistic,
        rule_number,
        value,
        lower_bound,
        upper_bound
    from {{ ref('int_audit_rules') }}

    union all

    -- Rule 8 is about an indicator in its theme. A theme or mission may be below zero by chance: if the true correlation is
    -- zero, one in forty is lower than its bound.
    select
        statistics.node_id,
        statistics.statistic,
        case when statistics.statistic = 'correlation_with_rest' then 8 end as rule_number,
        statistics.value,
        case
            when statistics.statistic = 'correlation_with_rest' and nodes.is_leaf then 0
            when statistics.statistic = 'correlation_with_rest' then -{{ var('audit_standard_errors') }} / sqrt(units.units)
        end as lower_bound,
        cast(null as double) as upper_bound
    from statistics
    cross join units
    inner join nodes
        on statistics.node_id = nodes.node_id
    where statistics.value is not null

    union all

    select
        node_id,
        'rank_correlation_with_' || domain_id as statistic,
        cast(null as integer) as rule_number,
        rank_correlation as value,
        cast(null as double) as lower_bound,
        cast(null as double) as upper_bound
    from {{ ref('int_audit_validity') }}
    where framework_id = '{{ var('framework') }}'

    {% for statistic in ['largest_rank_change', 'median_rank_change', 'rank_correlation'] %}
    union all

    select
        node_id,
        '{{ statistic }}_without' as statistic,
        cast(null as integer) as rule_number,
        {{ statistic }} as value,
        cast(null as double) as lower_bound,
        cast(null as double) as upper_bound
    from {{ ref('int_audit_stability') }}
    where framework_id = '{{ var('framework') }}'

    {% endfor %}
),

judged as (

    select
        *,
        value < lower_bound as is_too_low,
        value > upper_bound as is_too_high
    from ruled

)

select
    judged.node_id,
    judged.statistic,
    nodes.branch_id as mission_id,
    nodes.label as node_name,
    case
        when judged.lower_bound is null and judged.upper_bound is null then 'no_bound'
        when coalesce(judged.is_too_low, false) or coalesce(judged.is_too_high, false)
            then
                case
                    when judged.is_too_low and judged.value >= exceptions.bound then 'exception'
                    when judged.is_too_high and judged.value <= exceptions.bound then 'exception'
                    else 'out_of_bound'
                end
        when exceptions.node_id is not null then 'stale_exception'
        else 'within_bound'
    end as status,
    exceptions.policy_reason as exception_reason,
    cast(judged.rule_number as bigint) as rule_number,
    judged.value,
    cast(judged.lower_bound as double) as lower_bound,
    cast(judged.upper_bound as double) as upper_bound,
    exceptions.bound as exception_bound,
    nodes.is_leaf as is_indicator,
    exceptions.noted_date as exception_noted_date
from judged
inner join nodes
    on judged.node_id = nodes.node_id
left join {{ ref('stg_audit_exceptions') }} as exceptions
    on
        judged.node_id = exceptions.node_id
        and judged.statistic = exceptions.statistic
