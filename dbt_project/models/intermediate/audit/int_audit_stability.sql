-- How far ranks move when one indicator is left out, for each framework of councils: every level is standardised again.
with

-- What follows is true of arithmetic means of z-scores only.
others as (

    select distinct framework_id
    from {{ ref('stg_framework_nodes') }}
    where
        aggregation != 'arithmetic'
        or (aggregation is not null and normalisation != 'z_score')

),

nodes as (

    select
        stated.framework_id,
        stated.stated_node_id,
        nodes.*
    from {{ ref('stg_framework_nodes') }} as stated
    inner join {{ ref('int_framework_nodes') }} as nodes
        on stated.node_id = nodes.node_id
    left join others
        on stated.framework_id = others.framework_id
    where
        stated.unit_type = 'authority'
        and others.framework_id is null

),

scores as (

    select
        scores.node_id,
        scores.unit_id,
        scores.score,
        scores.weighted_mean,
        units.is_in_reference_set
    from {{ ref('int_node_scores') }} as scores
    inner join {{ ref('int_authorities') }} as units
        on scores.unit_id = units.authority_code

),

{% set levels = var('framework_levels') %}
{% for level in range(levels, -1, -1) %}
-- At depth {{ level }}: indicators left out here, and nodes that changed because one below was.
at_{{ level }} as (

    select
        nodes.framework_id,
        nodes.node_id as left_out,
        nodes.node_id,
        scores.unit_id,
        scores.is_in_reference_set,
        scores.score,
        -- Without a score now: its weight passes to the others.
        cast(null as double) as new_score
    from nodes
    inner join scores
        on nodes.node_id = scores.node_id
    where
        nodes.is_leaf
        and nodes.depth = {{ level }}

    {% if level < levels %}
    union all

    select
        framework_id,
        left_out,
        node_id,
        unit_id,
        is_in_reference_set,
        score,
        (new_mean - avg(case when is_in_reference_set then new_mean end) over (partition by left_out))
        / nullif(stddev_samp(case when is_in_reference_set then new_mean end) over (partition by left_out), 0) as new_score
    from (
        select
            below.framework_id,
            below.left_out,
            parents.node_id,
            below.unit_id,
            below.is_in_reference_set,
            scores.score,
            case
                when below.new_score is null
                    then
                        (scores.weighted_mean - nodes.weight_in_parent * below.score)
                        / nullif(1 - nodes.weight_in_parent, 0)
                else scores.weighted_mean + nodes.weight_in_parent * (below.new_score - below.score)
            end as new_mean
        from at_{{ level + 1 }} as below
        inner join nodes
            on below.node_id = nodes.node_id
        inner join nodes as parents
            on nodes.parent_id = parents.node_id
        inner join scores
            on
                parents.node_id = scores.node_id
                and below.unit_id = scores.unit_id
    ) as changed_{{ level }}
    {% endif %}

),

{% endfor %}
ranked as (

    select
        framework_id,
        left_out,
        {{ need_rank('score', 'left_out') }} as need_rank,
        {{ need_rank('new_score', 'left_out') }} as new_rank
    from at_0

)

select
    ranked.framework_id,
    leaves.stated_node_id as node_id,
    cast(max(abs(ranked.new_rank - ranked.need_rank)) as double) as largest_rank_change,
    cast({{ quantile('abs(ranked.new_rank - ranked.need_rank)', 0.5) }} as double) as median_rank_change,
    -- To twelve decimals, where engines agree.
    round(corr(ranked.new_rank, ranked.need_rank), 12) as rank_correlation
from ranked
inner join nodes as leaves
    on ranked.left_out = leaves.node_id
group by ranked.framework_id, leaves.stated_node_id
