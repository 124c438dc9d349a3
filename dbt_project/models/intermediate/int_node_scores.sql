with

nodes as (

    select * from {{ ref('int_framework_nodes') }}

),

units as (

    select * from {{ ref('int_index_units') }}

),

leaves as (

    select
        normalised_values.unit_id,
        normalised_values.node_id,
        cast(null as double) as weighted_mean,
        normalised_values.score
    from {{ ref('int_normalised_values') }} as normalised_values

),

{% set levels = var('framework_levels') %}
{% for depth in range(levels - 1, -1, -1) %}
-- Nodes at depth {{ depth }}: the weighted mean of the children that are present, standardised over the reference set.
means_{{ depth }} as (

    select
        children.unit_id,
        nodes.parent_id as node_id,
        sum(nodes.weight_in_parent * children.score) / sum(nodes.weight_in_parent) as weighted_mean
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
    ) as children
    inner join nodes
        on
            children.node_id = nodes.node_id
            and nodes.depth = {{ depth + 1 }}
    where children.score is not null
    group by children.unit_id, nodes.parent_id

),

level_{{ depth }} as (

    select
        means_{{ depth }}.unit_id,
        means_{{ depth }}.node_id,
        means_{{ depth }}.weighted_mean,
        {{ z_score('means_' ~ depth ~ '.weighted_mean', 'units.is_in_reference_set', 'means_' ~ depth ~ '.node_id') }} as score
    from means_{{ depth }}
    inner join units
        on means_{{ depth }}.unit_id = units.unit_id

),
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
