{#
CTEs that normalise the column `value` of the CTE `relation` (unit_id, node_id, value; not yet multiplied by direction),
each node by its own method, against the reference set. They read the CTEs `nodes` and `units`; the last is `name`:
unit_id, node_id, value, score. `is_aggregated` values come from sums: there, what differs by rounding error alone counts as
equal. Ranks: 1 is the lowest, ties take the lowest; a unit outside the reference set gets the rank it would have if added.
#}
{% macro normalise(name, relation, value, is_aggregated) -%}
{% set smallest_spread = '1e-12 * greatest(1, abs(min(directed_value)), abs(max(directed_value)))' if is_aggregated else '0' -%}
{% set ranked_value = 'round(directed_value, 9)' if is_aggregated else 'directed_value' -%}
{{ name }}_directed as (

    select
        {{ relation }}.unit_id,
        {{ relation }}.node_id,
        {{ relation }}.{{ value }} as value,
        {{ relation }}.{{ value }} * nodes.direction as directed_value,
        nodes.normalisation in ('rank', 'percentile_rank', 'exponential') as is_ranked,
        units.is_in_reference_set
    from {{ relation }}
    inner join nodes
        on {{ relation }}.node_id = nodes.node_id
    inner join units
        on {{ relation }}.unit_id = units.unit_id

),

{{ name }}_reference as (

    select
        node_id,
        count(directed_value) as reference_units,
        min(directed_value) as minimum,
        {{ precise_mean('directed_value') }} as mean,
        -- Null where all are equal, so that nothing is divided by zero.
        case
            when max(directed_value) - min(directed_value) > {{ smallest_spread }} then max(directed_value) - min(directed_value)
        end as value_range,
        case
            when max(directed_value) - min(directed_value) > {{ smallest_spread }} then stddev_samp(directed_value)
        end as deviation
    from {{ name }}_directed
    where is_in_reference_set
    group by node_id

),

-- Reference values that are not higher, and those that are equal. Only where a rank is asked for: it takes a sort.
{{ name }}_placed as (

    select
        *,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id order by {{ ranked_value }}) as not_higher,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id, {{ ranked_value }}) as ties
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

{{ name }} as (

    select
        placed.unit_id,
        placed.node_id,
        placed.value,
        case
            -- least and greatest would pass over a null.
            when placed.directed_value is null then null
            when nodes.normalisation is null then placed.directed_value
            when nodes.normalisation = 'z_score' then (placed.directed_value - reference.mean) / reference.deviation
            when nodes.normalisation = 'min_max'
                then
                    nodes.normalisation_lower
                    + (nodes.normalisation_upper - nodes.normalisation_lower)
                    * ((placed.directed_value - reference.minimum) / reference.value_range)
            when nodes.normalisation = 'rank' then placed.not_higher - placed.ties + 1
            -- Of the n units that are ranked, the unit itself among them, (rank - 1) / (n - 1).
            when nodes.normalisation = 'percentile_rank'
                then
                    (placed.not_higher - placed.ties)
                    / nullif(reference.reference_units - case when placed.is_in_reference_set then 1 else 0 end, 0)
            -- (n + 1 - r) / n with r = 1 for the greatest is the share of the ranked units that are not higher.
            when nodes.normalisation = 'exponential'
                then
                    -nodes.normalisation_steepness * ln(
                        1 - (1 - exp(-100 / nodes.normalisation_steepness))
                        * (placed.not_higher + case when placed.is_in_reference_set then 0 else 1 end)
                        / (reference.reference_units + case when placed.is_in_reference_set then 0 else 1 end)
                    )
            -- Goalposts are in the value's own unit: a direction of -1 mirrors the share that is reached.
            when nodes.normalisation = 'goalposts'
                then
                    nodes.normalisation_scale
                    * case nodes.direction
                        when 1
                            then
                                greatest(0, least(1, (placed.value - nodes.normalisation_lower)
                                / (nodes.normalisation_upper - nodes.normalisation_lower)))
                        else
                            1 - greatest(0, least(1, (placed.value - nodes.normalisation_lower)
                            / (nodes.normalisation_upper - nodes.normalisation_lower)))
                    end
        end as score
    from {{ name }}_placed as placed
    inner join nodes
        on placed.node_id = nodes.node_id
    left join {{ name }}_reference as reference
        on placed.node_id = reference.node_id

)
{%- endmacro %}
