-- How well each framework of councils holds together: that in force, and the earlier ones on the same figures of today.
with

stated as (

    select * from {{ ref('stg_framework_nodes') }}
    where unit_type = 'authority'

),

-- The sum of the children of each node, which have a variance of 1 each over the reference set.
sums as (

    select
        stated.framework_id,
        parents.stated_node_id as node_id,
        scores.unit_id,
        count(*) as children,
        sum(scores.score) as total
    from stated
    inner join stated as parents
        on stated.parent_id = parents.node_id
    inner join {{ ref('int_node_scores') }} as scores
        on stated.node_id = scores.node_id
    inner join {{ ref('int_authorities') }} as units
        on
            scores.unit_id = units.authority_code
            and units.is_in_reference_set
    group by stated.framework_id, parents.stated_node_id, scores.unit_id

),

-- The worst of leaving out one indicator, whichever it is, and what is usual.
changes as (

    {% for statistic, measure in {
        'largest_rank_change_without': 'max(largest_rank_change)',
        'median_rank_change_without': quantile('median_rank_change', 0.5),
        'least_rank_correlation_without': 'min(rank_correlation)'
    }.items() %}
    select
        framework_id,
        '{{ statistic }}' as statistic,
        {{ measure }} as value
    from {{ ref('int_audit_stability') }}
    group by framework_id
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

statistics as (

    -- Cronbach's own form: k / (k - 1) (1 - sum of the variances / variance of the sum).
    select
        framework_id,
        node_id,
        'cronbach_alpha' as statistic,
        max(children) / (max(children) - 1e0) * (1 - max(children) / var_samp(total)) as value
    from sums
    group by framework_id, node_id
    having max(children) > 1

    union all

    select
        framework_id,
        node_id,
        'rank_correlation_with_' || domain_id as statistic,
        rank_correlation as value
    from {{ ref('int_audit_validity') }}

    union all

    select
        changes.framework_id,
        stated.stated_node_id as node_id,
        changes.statistic,
        changes.value
    from changes
    inner join stated
        on
            changes.framework_id = stated.framework_id
            and stated.parent_id is null

)

select
    statistics.framework_id,
    statistics.node_id,
    statistics.statistic,
    stated.label as node_name,
    statistics.value,
    statistics.framework_id = '{{ var('framework') }}' as is_in_force
from statistics
inner join stated
    on
        statistics.framework_id = stated.framework_id
        and statistics.node_id = stated.stated_node_id
