{#
CTEs that normalise the column `value` of the CTE `relation` (unit_id, node_id, value; not yet multiplied by direction),
each node by its own method, against the reference set. They read two more CTEs: `nodes` (node_id, direction, normalisation and its
parameters) and `units` (unit_id, is_in_reference_set). The last is `name`: unit_id, node_id, value, score. `is_aggregated` values
come from sums: there, a spread of only rounding errors does not count. Ranks: 1 is the lowest, ties take the lowest, and values that
differ only by rounding error are ties; a unit outside the reference set gets the rank it would have if added.
#}
{% macro normalise(name, relation, value, nodes, units, is_aggregated) -%}
{{ name }}_directed as (

    select
        {{ relation }}.unit_id,
        {{ relation }}.node_id,
        {{ relation }}.{{ value }} as value,
        {{ relation }}.{{ value }} * {{ nodes }}.direction as directed_value,
        {{ nodes }}.normalisation in ('rank', 'percentile_rank', 'exponential') as is_ranked,
        {{ nodes }}.is_weighted,
        {{ units }}.group_id,
        {{ units }}.weight,
        {{ units }}.is_in_reference_set
    from {{ relation }}
    inner join {{ nodes }}
        on {{ relation }}.node_id = {{ nodes }}.node_id
    inner join {{ units }}
        on {{ relation }}.unit_id = {{ units }}.unit_id

),

{{ beside_the_reference_set(name, is_aggregated) }},

{{ name }}_scored as (

    select
        described.unit_id,
        described.node_id,
        described.value,
        described.group_id,
        described.is_in_reference_set,
        {{ nodes }}.fill,
        {%- set shift -%}
            case
                when {{ nodes }}.normalisation_ties = 'mean'
                    then (described.ties - case when described.is_in_reference_set then 1 else 0 end) / 2e0
                else 0
            end
        {%- endset %}
        {%- set share -%}
            (described.value - {{ nodes }}.normalisation_lower) / ({{ nodes }}.normalisation_upper - {{ nodes }}.normalisation_lower)
        {%- endset %}
        case
            -- least and greatest would ignore a null.
            when described.directed_value is null then null
            when {{ nodes }}.normalisation is null then described.directed_value
            when {{ nodes }}.normalisation = 'z_score' then
                    coalesce({{ nodes }}.normalisation_mean, 0)
                    + coalesce({{ nodes }}.normalisation_deviation, 1)
                    * ((described.directed_value - described.mean) / described.deviation)
            when {{ nodes }}.normalisation = 'min_max'
                then
                    {{ nodes }}.normalisation_lower
                    + ({{ nodes }}.normalisation_upper - {{ nodes }}.normalisation_lower)
                    * ((described.directed_value - described.minimum) / described.value_range)
            when {{ nodes }}.normalisation = 'rank' then described.not_higher - described.ties + 1 + {{ shift }}
            -- Of the n units that are ranked, the unit itself among them, (rank - 1) / (n - 1).
            when {{ nodes }}.normalisation = 'percentile_rank'
                then
                    (described.not_higher - described.ties + {{ shift }})
                    / nullif(described.reference_units - case when described.is_in_reference_set then 1 else 0 end, 0)
            -- (n + 1 - r) / n with r = 1 for the greatest is the share of the ranked units that are not higher.
            when {{ nodes }}.normalisation = 'exponential'
                then
                    -{{ nodes }}.normalisation_steepness * ln(
                        1 - (1 - exp(-100 / {{ nodes }}.normalisation_steepness))
                        * (described.not_higher + case when described.is_in_reference_set then 0 else 1 end - {{ shift }})
                        / (described.reference_units + case when described.is_in_reference_set then 0 else 1 end)
                    )
            -- Goalposts are in the value's own unit: a direction of -1 mirrors the share that is reached.
            when {{ nodes }}.normalisation = 'goalposts'
                then
                    coalesce({{ nodes }}.normalisation_from, 0)
                    + {{ nodes }}.normalisation_scale
                    * case
                        when {{ nodes }}.is_unlimited and {{ nodes }}.direction = 1 then {{ share }}
                        when {{ nodes }}.is_unlimited then 1 - {{ share }}
                        when {{ nodes }}.direction = 1 then greatest(0, least(1, {{ share }}))
                        else 1 - greatest(0, least(1, {{ share }}))
                    end
        end as score
    from {{ name }}_described as described
    inner join {{ nodes }}
        on described.node_id = {{ nodes }}.node_id

),

-- A gap takes the mean or the median of the scores of its group in the reference set, where the node says so.
{{ name }} as (

    {{ filled_from_the_group(name ~ '_scored') }}

)
{%- endmacro %}

{#
CTEs that add to each row of `name`_directed the statistics of its node's values in the reference set (reference_units, minimum,
mean, value_range, deviation), and how many of them are not higher (not_higher) and equal (ties). The last is `name`_described.
Spark copies a CTE to each place that reads it, so a chain of levels would triple at every level; there, windows are used.
#}
{% macro beside_the_reference_set(name, is_aggregated) %}{{ return(adapter.dispatch('beside_the_reference_set')(name, is_aggregated)) }}{% endmacro %}
{% macro duckdb__beside_the_reference_set(name, is_aggregated) -%}
{{ name }}_reference as (

    select
        node_id,
        {{ reference_statistics('directed_value', '', is_aggregated) }}
    from {{ name }}_directed
    where is_in_reference_set
    group by node_id

),

-- Only where a rank is needed: it takes a sort.
{{ name }}_placed as (

    select
        *,
        {{ places_among_reference('is_in_reference_set', is_aggregated) }}
    from {{ name }}_directed
    where
        is_ranked
        and directed_value is not null

    union all

    select
        *,
        null as not_higher,
        null as ties
    from {{ name }}_directed
    where
        is_ranked is distinct from true
        or directed_value is null

),

-- Only where units are weighted. Of equal weights this is the deviation with n - 1.
{{ name }}_spread as (

    select
        directed.node_id,
        sqrt(sum(directed.weight * power(directed.directed_value - reference.weighted_mean, 2)) / max(reference.free_weight)) as deviation
    from {{ name }}_directed as directed
    inner join {{ name }}_reference as reference
        on directed.node_id = reference.node_id
    where
        directed.is_weighted
        and directed.is_in_reference_set
        and directed.directed_value is not null
    group by directed.node_id

),

{{ name }}_described as (

    select
        placed.*,
        reference.reference_units,
        reference.minimum,
        reference.value_range,
        case when placed.is_weighted then reference.weighted_mean else reference.plain_mean end as mean,
        case
            when not coalesce(placed.is_weighted, false) then reference.plain_deviation
            when reference.value_range is not null then spread.deviation
        end as deviation
    from {{ name }}_placed as placed
    left join {{ name }}_reference as reference
        on placed.node_id = reference.node_id
    left join {{ name }}_spread as spread
        on placed.node_id = spread.node_id

)
{%- endmacro %}
{# Statistics of the values of a node in the reference set; it reads no relation. #}
{% macro reference_statistics(value, over, is_aggregated) -%}
        {%- set lowest = 'min(' ~ value ~ ')' ~ over -%}
        {%- set highest = 'max(' ~ value ~ ')' ~ over -%}
        {%- set whole_weight = 'sum(case when ' ~ value ~ ' is not null then weight end)' ~ over -%}
        {%- set squares = 'sum(case when ' ~ value ~ ' is not null then weight * weight end)' ~ over -%}
        {%- set free_weight = '(' ~ whole_weight ~ ' - ' ~ squares ~ ' / ' ~ whole_weight ~ ')' -%}
        {%- set smallest_spread = '1e-12 * greatest(1, abs(' ~ lowest ~ '), abs(' ~ highest ~ '))' if is_aggregated else '0' -%}
        count({{ value }}){{ over }} as reference_units,
        {{ lowest }} as minimum,
        {{ precise_mean(value) }}{{ over }} as plain_mean,
        sum(weight * {{ value }}){{ over }} / {{ whole_weight }} as weighted_mean,
        -- What the weighted squares are divided by. Null where one unit has nearly all the weight: it would be a rounding error.
        case when {{ free_weight }} > 1e-9 * {{ whole_weight }} then {{ free_weight }} end as free_weight,
        -- Null where all are equal, so that nothing is divided by zero.
        case when {{ highest }} - {{ lowest }} > {{ smallest_spread }} then {{ highest }} - {{ lowest }} end as value_range,
        case when {{ highest }} - {{ lowest }} > {{ smallest_spread }} then stddev_samp({{ value }}){{ over }} end as plain_deviation
{%- endmacro %}

{# How many values of the reference set are not higher, and how many equal, by the columns node_id and directed_value. #}
{% macro places_among_reference(is_counted, is_aggregated) -%}
        {%- set ranked_value = 'round(directed_value, 9)' if is_aggregated else significant('directed_value') -%}
        sum(case when {{ is_counted }} then 1 else 0 end) over (partition by node_id order by {{ ranked_value }}) as not_higher,
        sum(case when {{ is_counted }} then 1 else 0 end) over (partition by node_id, {{ ranked_value }}) as ties
{%- endmacro %}

{# The rows of a relation of scores; a window is taken only of nodes that fill, so that the others keep their order and speed. #}
{% macro filled_from_the_group(relation) %}{{ return(adapter.dispatch('filled_from_the_group')(relation)) }}{% endmacro %}
{% macro duckdb__filled_from_the_group(relation) -%}
    select
        unit_id,
        node_id,
        value,
        score
    from {{ relation }}
    where fill is null

    union all

    select
        unit_id,
        node_id,
        value,
        {{ score_or_that_of_the_group() }} as score
    from {{ relation }}
    where fill is not null
{%- endmacro %}
{% macro score_or_that_of_the_group() -%}
        {%- set group_scores = 'over (partition by node_id, group_id)' -%}
        case
            when score is not null or group_id is null then score
            when fill = 'group_mean' then avg(case when is_in_reference_set then score end) {{ group_scores }}
            when fill = 'group_median'
                then {{ quantile('case when is_in_reference_set then score end', 0.5) }} {{ group_scores }}
        end
{%- endmacro %}
