-- The score of each unit at each node: leaves as normalised, other nodes from their children, level by level.
with

units as (

    select * from {{ ref('int_index_units') }}

),

nodes as (

    select * from {{ ref('int_framework_nodes') }}

),

-- A child without weight does not count, not even as present.
children as (

    select
        nodes.node_id,
        nodes.parent_id,
        nodes.depth,
        nodes.weight_in_parent,
        parents.aggregation,
        coalesce(parents.least_share, 0) as least_share,
        parents.fill
    from nodes
    inner join nodes as parents
        on nodes.parent_id = parents.node_id
    where nodes.weight_in_parent > 0

),

leaves as (

    select
        normalised_values.unit_id,
        normalised_values.node_id,
        cast(null as double) as weighted_mean,
        normalised_values.score
    from {{ ref('int_normalised_values') }} as normalised_values

),

{# Engines may work out all branches of a case: a logarithm is asked for only where there is one. #}
{% set log_score = "ln(case when children.aggregation = 'geometric' and scores.score > 0 then scores.score end)" %}
{% set levels = var('framework_levels') %}
{% for depth in range(levels - 1, -1, -1) %}
-- Nodes at depth {{ depth }}: the weighted mean of the children that are present, with weights rescaled to theirs.
means_{{ depth }} as (

    select
        scores.unit_id,
        children.parent_id as node_id,
        {% set present_weight = 'sum(case when scores.score is not null then children.weight_in_parent end)' %}
        -- Weights in the parent are quotients: a share below the smallest allowed by only a rounding error is enough.
        case
            when {{ present_weight }} < children.least_share - 1e-12 then null
            when children.aggregation = 'arithmetic'
                then sum(children.weight_in_parent * scores.score) / {{ present_weight }}
            -- These two means are not defined where a child is zero or negative.
            when min(scores.score) <= 0 then null
            when children.aggregation = 'geometric'
                then exp(sum(children.weight_in_parent * {{ log_score }}) / {{ present_weight }})
            when children.aggregation = 'harmonic'
                then {{ present_weight }} / sum(children.weight_in_parent / nullif(scores.score, 0))
        end as weighted_mean
    from (
        select
            unit_id,
            node_id,
            score
        from leaves
        {% if depth < levels - 1 %}
        union all
        select
            unit_id,
            node_id,
            score
        from level_{{ depth + 1 }}
        {% endif %}
        -- A node whose gaps are filled has a row for every unit.
        union all
        select
            units.unit_id,
            gaps.node_id,
            cast(null as double) as score
        from children as gaps
        cross join units
        where
            gaps.fill is not null
            and gaps.depth = {{ depth + 1 }}
    ) as scores
    inner join children
        on
            scores.node_id = children.node_id
            and children.depth = {{ depth + 1 }}
    where
        scores.score is not null
        or children.fill is not null
    group by scores.unit_id, children.parent_id, children.aggregation, children.least_share

),

{{ normalise('level_' ~ depth, 'means_' ~ depth, 'weighted_mean', 'nodes', 'units', is_aggregated=true) }},
{% endfor %}

scores as (

    select * from leaves
    {% for depth in range(levels) %}
    union all
    select * from level_{{ depth }}
    {% endfor %}

)

select
    scores.unit_id,
    scores.node_id,
    nodes.depth,
    scores.weighted_mean,
    scores.score,
    nodes.is_leaf
from scores
inner join nodes
    on scores.node_id = nodes.node_id
