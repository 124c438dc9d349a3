-- The dbt model int_normalised_values as compiled; written by `make docs`, not to be edited.
with

nodes as (

    select * from int_framework_nodes

),

units as (

    select * from int_index_units

),

treated_values as (

    select * from int_treated_values

),

normalised_directed as (

    select
        treated_values.unit_id,
        treated_values.node_id,
        treated_values.value_treated as value,
        treated_values.value_treated * nodes.direction as directed_value,
        nodes.normalisation in ('rank', 'percentile_rank', 'exponential') as is_ranked,
        units.is_in_reference_set
    from treated_values
    inner join nodes
        on treated_values.node_id = nodes.node_id
    inner join units
        on treated_values.unit_id = units.unit_id

),

normalised_reference as (

    select
        node_id,
        count(directed_value) as reference_units,
        min(directed_value) as minimum,
        favg(directed_value) as mean,
        -- Null where all are equal, so that nothing is divided by zero.
        case when max(directed_value) - min(directed_value) > 0 then max(directed_value) - min(directed_value) end as value_range,
        case when max(directed_value) - min(directed_value) > 0 then stddev_samp(directed_value) end as deviation
    from normalised_directed
    where is_in_reference_set
    group by node_id

),

-- Only where a rank is asked for: it takes a sort.
normalised_placed as (

    select
        *,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id order by coalesce(round(directed_value / power(1e1, floor(log10(abs(nullif(directed_value, 0))))), 11) * power(1e1, floor(log10(abs(nullif(directed_value, 0))))), directed_value)) as not_higher,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id, coalesce(round(directed_value / power(1e1, floor(log10(abs(nullif(directed_value, 0))))), 11) * power(1e1, floor(log10(abs(nullif(directed_value, 0))))), directed_value)) as ties
    from normalised_directed
    where
        is_ranked
        and directed_value is not null

    union all

    select
        *,
        null as not_higher,
        null as ties
    from normalised_directed
    where
        is_ranked is distinct from true
        or directed_value is null

),

normalised_described as (

    select
        placed.*,
        reference.reference_units,
        reference.minimum,
        reference.mean,
        reference.value_range,
        reference.deviation
    from normalised_placed as placed
    left join normalised_reference as reference
        on placed.node_id = reference.node_id

),

normalised as (

    select
        described.unit_id,
        described.node_id,
        described.value,
        case
            -- least and greatest would pass over a null.
            when described.directed_value is null then null
            when nodes.normalisation is null then described.directed_value
            when nodes.normalisation = 'z_score' then (described.directed_value - described.mean) / described.deviation
            when nodes.normalisation = 'min_max'
                then
                    nodes.normalisation_lower
                    + (nodes.normalisation_upper - nodes.normalisation_lower)
                    * ((described.directed_value - described.minimum) / described.value_range)
            when nodes.normalisation = 'rank' then described.not_higher - described.ties + 1
            -- Of the n units that are ranked, the unit itself among them, (rank - 1) / (n - 1).
            when nodes.normalisation = 'percentile_rank'
                then
                    (described.not_higher - described.ties)
                    / nullif(described.reference_units - case when described.is_in_reference_set then 1 else 0 end, 0)
            -- (n + 1 - r) / n with r = 1 for the greatest is the share of the ranked units that are not higher.
            when nodes.normalisation = 'exponential'
                then
                    -nodes.normalisation_steepness * ln(
                        1 - (1 - exp(-100 / nodes.normalisation_steepness))
                        * (described.not_higher + case when described.is_in_reference_set then 0 else 1 end)
                        / (described.reference_units + case when described.is_in_reference_set then 0 else 1 end)
                    )
            -- Goalposts are in the value's own unit: a direction of -1 mirrors the share that is reached.
            when nodes.normalisation = 'goalposts'
                then
                    nodes.normalisation_scale
                    * case nodes.direction
                        when 1
                            then
                                greatest(0, least(1, (described.value - nodes.normalisation_lower)
                                / (nodes.normalisation_upper - nodes.normalisation_lower)))
                        else
                            1 - greatest(0, least(1, (described.value - nodes.normalisation_lower)
                            / (nodes.normalisation_upper - nodes.normalisation_lower)))
                    end
        end as score
    from normalised_described as described
    inner join nodes
        on described.node_id = nodes.node_id

)

select
    unit_id,
    node_id,
    cast(score as double) as score
from normalised
