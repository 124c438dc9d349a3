-- The dbt model int_node_scores as compiled; written by `make docs`, not to be edited.
with

units as (

    select * from int_index_units

),

nodes as (

    select * from int_framework_nodes

),

-- A child of no weight counts for nothing, not even as present.
children as (

    select
        nodes.node_id,
        nodes.parent_id,
        nodes.depth,
        nodes.weight_in_parent,
        parents.aggregation,
        coalesce(parents.least_share, 0) as least_share
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
    from int_normalised_values as normalised_values

),

-- Nodes at depth 5: the weighted mean of the children that are present, with weights rescaled to theirs.
means_5 as (

    select
        scores.unit_id,
        children.parent_id as node_id,
        -- Weights in the parent are quotients: a share that misses the least one by a rounding error is enough.
        case
            when sum(children.weight_in_parent) < children.least_share - 1e-12 then null
            when children.aggregation = 'arithmetic'
                then sum(children.weight_in_parent * scores.score) / sum(children.weight_in_parent)
            -- These two means are not defined where a child is zero or negative.
            when min(scores.score) <= 0 then null
            when children.aggregation = 'geometric'
                then exp(sum(children.weight_in_parent * ln(case when children.aggregation = 'geometric' and scores.score > 0 then scores.score end)) / sum(children.weight_in_parent))
            when children.aggregation = 'harmonic'
                then sum(children.weight_in_parent) / sum(children.weight_in_parent / nullif(scores.score, 0))
        end as weighted_mean
    from (
        select
            unit_id,
            node_id,
            score
        from leaves

    ) as scores
    inner join children
        on
            scores.node_id = children.node_id
            and children.depth = 6
    where scores.score is not null
    group by scores.unit_id, children.parent_id, children.aggregation, children.least_share

),

level_5_directed as (

    select
        means_5.unit_id,
        means_5.node_id,
        means_5.weighted_mean as value,
        means_5.weighted_mean * nodes.direction as directed_value,
        nodes.normalisation in ('rank', 'percentile_rank', 'exponential') as is_ranked,
        units.is_in_reference_set
    from means_5
    inner join nodes
        on means_5.node_id = nodes.node_id
    inner join units
        on means_5.unit_id = units.unit_id

),

level_5_reference as (

    select
        node_id,
        count(directed_value) as reference_units,
        min(directed_value) as minimum,
        favg(directed_value) as mean,
        -- Null where all are equal, so that nothing is divided by zero.
        case when max(directed_value) - min(directed_value) > 1e-12 * greatest(1, abs(min(directed_value)), abs(max(directed_value))) then max(directed_value) - min(directed_value) end as value_range,
        case when max(directed_value) - min(directed_value) > 1e-12 * greatest(1, abs(min(directed_value)), abs(max(directed_value))) then stddev_samp(directed_value) end as deviation
    from level_5_directed
    where is_in_reference_set
    group by node_id

),

-- Only where a rank is asked for: it takes a sort.
level_5_placed as (

    select
        *,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id order by round(directed_value, 9)) as not_higher,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id, round(directed_value, 9)) as ties
    from level_5_directed
    where
        is_ranked
        and directed_value is not null

    union all

    select
        *,
        null as not_higher,
        null as ties
    from level_5_directed
    where
        is_ranked is distinct from true
        or directed_value is null

),

level_5_described as (

    select
        placed.*,
        reference.reference_units,
        reference.minimum,
        reference.mean,
        reference.value_range,
        reference.deviation
    from level_5_placed as placed
    left join level_5_reference as reference
        on placed.node_id = reference.node_id

),

level_5 as (

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
    from level_5_described as described
    inner join nodes
        on described.node_id = nodes.node_id

),

-- Nodes at depth 4: the weighted mean of the children that are present, with weights rescaled to theirs.
means_4 as (

    select
        scores.unit_id,
        children.parent_id as node_id,
        -- Weights in the parent are quotients: a share that misses the least one by a rounding error is enough.
        case
            when sum(children.weight_in_parent) < children.least_share - 1e-12 then null
            when children.aggregation = 'arithmetic'
                then sum(children.weight_in_parent * scores.score) / sum(children.weight_in_parent)
            -- These two means are not defined where a child is zero or negative.
            when min(scores.score) <= 0 then null
            when children.aggregation = 'geometric'
                then exp(sum(children.weight_in_parent * ln(case when children.aggregation = 'geometric' and scores.score > 0 then scores.score end)) / sum(children.weight_in_parent))
            when children.aggregation = 'harmonic'
                then sum(children.weight_in_parent) / sum(children.weight_in_parent / nullif(scores.score, 0))
        end as weighted_mean
    from (
        select
            unit_id,
            node_id,
            score
        from leaves

        union all
        select
            unit_id,
            node_id,
            score
        from level_5

    ) as scores
    inner join children
        on
            scores.node_id = children.node_id
            and children.depth = 5
    where scores.score is not null
    group by scores.unit_id, children.parent_id, children.aggregation, children.least_share

),

level_4_directed as (

    select
        means_4.unit_id,
        means_4.node_id,
        means_4.weighted_mean as value,
        means_4.weighted_mean * nodes.direction as directed_value,
        nodes.normalisation in ('rank', 'percentile_rank', 'exponential') as is_ranked,
        units.is_in_reference_set
    from means_4
    inner join nodes
        on means_4.node_id = nodes.node_id
    inner join units
        on means_4.unit_id = units.unit_id

),

level_4_reference as (

    select
        node_id,
        count(directed_value) as reference_units,
        min(directed_value) as minimum,
        favg(directed_value) as mean,
        -- Null where all are equal, so that nothing is divided by zero.
        case when max(directed_value) - min(directed_value) > 1e-12 * greatest(1, abs(min(directed_value)), abs(max(directed_value))) then max(directed_value) - min(directed_value) end as value_range,
        case when max(directed_value) - min(directed_value) > 1e-12 * greatest(1, abs(min(directed_value)), abs(max(directed_value))) then stddev_samp(directed_value) end as deviation
    from level_4_directed
    where is_in_reference_set
    group by node_id

),

-- Only where a rank is asked for: it takes a sort.
level_4_placed as (

    select
        *,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id order by round(directed_value, 9)) as not_higher,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id, round(directed_value, 9)) as ties
    from level_4_directed
    where
        is_ranked
        and directed_value is not null

    union all

    select
        *,
        null as not_higher,
        null as ties
    from level_4_directed
    where
        is_ranked is distinct from true
        or directed_value is null

),

level_4_described as (

    select
        placed.*,
        reference.reference_units,
        reference.minimum,
        reference.mean,
        reference.value_range,
        reference.deviation
    from level_4_placed as placed
    left join level_4_reference as reference
        on placed.node_id = reference.node_id

),

level_4 as (

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
    from level_4_described as described
    inner join nodes
        on described.node_id = nodes.node_id

),

-- Nodes at depth 3: the weighted mean of the children that are present, with weights rescaled to theirs.
means_3 as (

    select
        scores.unit_id,
        children.parent_id as node_id,
        -- Weights in the parent are quotients: a share that misses the least one by a rounding error is enough.
        case
            when sum(children.weight_in_parent) < children.least_share - 1e-12 then null
            when children.aggregation = 'arithmetic'
                then sum(children.weight_in_parent * scores.score) / sum(children.weight_in_parent)
            -- These two means are not defined where a child is zero or negative.
            when min(scores.score) <= 0 then null
            when children.aggregation = 'geometric'
                then exp(sum(children.weight_in_parent * ln(case when children.aggregation = 'geometric' and scores.score > 0 then scores.score end)) / sum(children.weight_in_parent))
            when children.aggregation = 'harmonic'
                then sum(children.weight_in_parent) / sum(children.weight_in_parent / nullif(scores.score, 0))
        end as weighted_mean
    from (
        select
            unit_id,
            node_id,
            score
        from leaves

        union all
        select
            unit_id,
            node_id,
            score
        from level_4

    ) as scores
    inner join children
        on
            scores.node_id = children.node_id
            and children.depth = 4
    where scores.score is not null
    group by scores.unit_id, children.parent_id, children.aggregation, children.least_share

),

level_3_directed as (

    select
        means_3.unit_id,
        means_3.node_id,
        means_3.weighted_mean as value,
        means_3.weighted_mean * nodes.direction as directed_value,
        nodes.normalisation in ('rank', 'percentile_rank', 'exponential') as is_ranked,
        units.is_in_reference_set
    from means_3
    inner join nodes
        on means_3.node_id = nodes.node_id
    inner join units
        on means_3.unit_id = units.unit_id

),

level_3_reference as (

    select
        node_id,
        count(directed_value) as reference_units,
        min(directed_value) as minimum,
        favg(directed_value) as mean,
        -- Null where all are equal, so that nothing is divided by zero.
        case when max(directed_value) - min(directed_value) > 1e-12 * greatest(1, abs(min(directed_value)), abs(max(directed_value))) then max(directed_value) - min(directed_value) end as value_range,
        case when max(directed_value) - min(directed_value) > 1e-12 * greatest(1, abs(min(directed_value)), abs(max(directed_value))) then stddev_samp(directed_value) end as deviation
    from level_3_directed
    where is_in_reference_set
    group by node_id

),

-- Only where a rank is asked for: it takes a sort.
level_3_placed as (

    select
        *,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id order by round(directed_value, 9)) as not_higher,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id, round(directed_value, 9)) as ties
    from level_3_directed
    where
        is_ranked
        and directed_value is not null

    union all

    select
        *,
        null as not_higher,
        null as ties
    from level_3_directed
    where
        is_ranked is distinct from true
        or directed_value is null

),

level_3_described as (

    select
        placed.*,
        reference.reference_units,
        reference.minimum,
        reference.mean,
        reference.value_range,
        reference.deviation
    from level_3_placed as placed
    left join level_3_reference as reference
        on placed.node_id = reference.node_id

),

level_3 as (

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
    from level_3_described as described
    inner join nodes
        on described.node_id = nodes.node_id

),

-- Nodes at depth 2: the weighted mean of the children that are present, with weights rescaled to theirs.
means_2 as (

    select
        scores.unit_id,
        children.parent_id as node_id,
        -- Weights in the parent are quotients: a share that misses the least one by a rounding error is enough.
        case
            when sum(children.weight_in_parent) < children.least_share - 1e-12 then null
            when children.aggregation = 'arithmetic'
                then sum(children.weight_in_parent * scores.score) / sum(children.weight_in_parent)
            -- These two means are not defined where a child is zero or negative.
            when min(scores.score) <= 0 then null
            when children.aggregation = 'geometric'
                then exp(sum(children.weight_in_parent * ln(case when children.aggregation = 'geometric' and scores.score > 0 then scores.score end)) / sum(children.weight_in_parent))
            when children.aggregation = 'harmonic'
                then sum(children.weight_in_parent) / sum(children.weight_in_parent / nullif(scores.score, 0))
        end as weighted_mean
    from (
        select
            unit_id,
            node_id,
            score
        from leaves

        union all
        select
            unit_id,
            node_id,
            score
        from level_3

    ) as scores
    inner join children
        on
            scores.node_id = children.node_id
            and children.depth = 3
    where scores.score is not null
    group by scores.unit_id, children.parent_id, children.aggregation, children.least_share

),

level_2_directed as (

    select
        means_2.unit_id,
        means_2.node_id,
        means_2.weighted_mean as value,
        means_2.weighted_mean * nodes.direction as directed_value,
        nodes.normalisation in ('rank', 'percentile_rank', 'exponential') as is_ranked,
        units.is_in_reference_set
    from means_2
    inner join nodes
        on means_2.node_id = nodes.node_id
    inner join units
        on means_2.unit_id = units.unit_id

),

level_2_reference as (

    select
        node_id,
        count(directed_value) as reference_units,
        min(directed_value) as minimum,
        favg(directed_value) as mean,
        -- Null where all are equal, so that nothing is divided by zero.
        case when max(directed_value) - min(directed_value) > 1e-12 * greatest(1, abs(min(directed_value)), abs(max(directed_value))) then max(directed_value) - min(directed_value) end as value_range,
        case when max(directed_value) - min(directed_value) > 1e-12 * greatest(1, abs(min(directed_value)), abs(max(directed_value))) then stddev_samp(directed_value) end as deviation
    from level_2_directed
    where is_in_reference_set
    group by node_id

),

-- Only where a rank is asked for: it takes a sort.
level_2_placed as (

    select
        *,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id order by round(directed_value, 9)) as not_higher,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id, round(directed_value, 9)) as ties
    from level_2_directed
    where
        is_ranked
        and directed_value is not null

    union all

    select
        *,
        null as not_higher,
        null as ties
    from level_2_directed
    where
        is_ranked is distinct from true
        or directed_value is null

),

level_2_described as (

    select
        placed.*,
        reference.reference_units,
        reference.minimum,
        reference.mean,
        reference.value_range,
        reference.deviation
    from level_2_placed as placed
    left join level_2_reference as reference
        on placed.node_id = reference.node_id

),

level_2 as (

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
    from level_2_described as described
    inner join nodes
        on described.node_id = nodes.node_id

),

-- Nodes at depth 1: the weighted mean of the children that are present, with weights rescaled to theirs.
means_1 as (

    select
        scores.unit_id,
        children.parent_id as node_id,
        -- Weights in the parent are quotients: a share that misses the least one by a rounding error is enough.
        case
            when sum(children.weight_in_parent) < children.least_share - 1e-12 then null
            when children.aggregation = 'arithmetic'
                then sum(children.weight_in_parent * scores.score) / sum(children.weight_in_parent)
            -- These two means are not defined where a child is zero or negative.
            when min(scores.score) <= 0 then null
            when children.aggregation = 'geometric'
                then exp(sum(children.weight_in_parent * ln(case when children.aggregation = 'geometric' and scores.score > 0 then scores.score end)) / sum(children.weight_in_parent))
            when children.aggregation = 'harmonic'
                then sum(children.weight_in_parent) / sum(children.weight_in_parent / nullif(scores.score, 0))
        end as weighted_mean
    from (
        select
            unit_id,
            node_id,
            score
        from leaves

        union all
        select
            unit_id,
            node_id,
            score
        from level_2

    ) as scores
    inner join children
        on
            scores.node_id = children.node_id
            and children.depth = 2
    where scores.score is not null
    group by scores.unit_id, children.parent_id, children.aggregation, children.least_share

),

level_1_directed as (

    select
        means_1.unit_id,
        means_1.node_id,
        means_1.weighted_mean as value,
        means_1.weighted_mean * nodes.direction as directed_value,
        nodes.normalisation in ('rank', 'percentile_rank', 'exponential') as is_ranked,
        units.is_in_reference_set
    from means_1
    inner join nodes
        on means_1.node_id = nodes.node_id
    inner join units
        on means_1.unit_id = units.unit_id

),

level_1_reference as (

    select
        node_id,
        count(directed_value) as reference_units,
        min(directed_value) as minimum,
        favg(directed_value) as mean,
        -- Null where all are equal, so that nothing is divided by zero.
        case when max(directed_value) - min(directed_value) > 1e-12 * greatest(1, abs(min(directed_value)), abs(max(directed_value))) then max(directed_value) - min(directed_value) end as value_range,
        case when max(directed_value) - min(directed_value) > 1e-12 * greatest(1, abs(min(directed_value)), abs(max(directed_value))) then stddev_samp(directed_value) end as deviation
    from level_1_directed
    where is_in_reference_set
    group by node_id

),

-- Only where a rank is asked for: it takes a sort.
level_1_placed as (

    select
        *,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id order by round(directed_value, 9)) as not_higher,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id, round(directed_value, 9)) as ties
    from level_1_directed
    where
        is_ranked
        and directed_value is not null

    union all

    select
        *,
        null as not_higher,
        null as ties
    from level_1_directed
    where
        is_ranked is distinct from true
        or directed_value is null

),

level_1_described as (

    select
        placed.*,
        reference.reference_units,
        reference.minimum,
        reference.mean,
        reference.value_range,
        reference.deviation
    from level_1_placed as placed
    left join level_1_reference as reference
        on placed.node_id = reference.node_id

),

level_1 as (

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
    from level_1_described as described
    inner join nodes
        on described.node_id = nodes.node_id

),

-- Nodes at depth 0: the weighted mean of the children that are present, with weights rescaled to theirs.
means_0 as (

    select
        scores.unit_id,
        children.parent_id as node_id,
        -- Weights in the parent are quotients: a share that misses the least one by a rounding error is enough.
        case
            when sum(children.weight_in_parent) < children.least_share - 1e-12 then null
            when children.aggregation = 'arithmetic'
                then sum(children.weight_in_parent * scores.score) / sum(children.weight_in_parent)
            -- These two means are not defined where a child is zero or negative.
            when min(scores.score) <= 0 then null
            when children.aggregation = 'geometric'
                then exp(sum(children.weight_in_parent * ln(case when children.aggregation = 'geometric' and scores.score > 0 then scores.score end)) / sum(children.weight_in_parent))
            when children.aggregation = 'harmonic'
                then sum(children.weight_in_parent) / sum(children.weight_in_parent / nullif(scores.score, 0))
        end as weighted_mean
    from (
        select
            unit_id,
            node_id,
            score
        from leaves

        union all
        select
            unit_id,
            node_id,
            score
        from level_1

    ) as scores
    inner join children
        on
            scores.node_id = children.node_id
            and children.depth = 1
    where scores.score is not null
    group by scores.unit_id, children.parent_id, children.aggregation, children.least_share

),

level_0_directed as (

    select
        means_0.unit_id,
        means_0.node_id,
        means_0.weighted_mean as value,
        means_0.weighted_mean * nodes.direction as directed_value,
        nodes.normalisation in ('rank', 'percentile_rank', 'exponential') as is_ranked,
        units.is_in_reference_set
    from means_0
    inner join nodes
        on means_0.node_id = nodes.node_id
    inner join units
        on means_0.unit_id = units.unit_id

),

level_0_reference as (

    select
        node_id,
        count(directed_value) as reference_units,
        min(directed_value) as minimum,
        favg(directed_value) as mean,
        -- Null where all are equal, so that nothing is divided by zero.
        case when max(directed_value) - min(directed_value) > 1e-12 * greatest(1, abs(min(directed_value)), abs(max(directed_value))) then max(directed_value) - min(directed_value) end as value_range,
        case when max(directed_value) - min(directed_value) > 1e-12 * greatest(1, abs(min(directed_value)), abs(max(directed_value))) then stddev_samp(directed_value) end as deviation
    from level_0_directed
    where is_in_reference_set
    group by node_id

),

-- Only where a rank is asked for: it takes a sort.
level_0_placed as (

    select
        *,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id order by round(directed_value, 9)) as not_higher,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by node_id, round(directed_value, 9)) as ties
    from level_0_directed
    where
        is_ranked
        and directed_value is not null

    union all

    select
        *,
        null as not_higher,
        null as ties
    from level_0_directed
    where
        is_ranked is distinct from true
        or directed_value is null

),

level_0_described as (

    select
        placed.*,
        reference.reference_units,
        reference.minimum,
        reference.mean,
        reference.value_range,
        reference.deviation
    from level_0_placed as placed
    left join level_0_reference as reference
        on placed.node_id = reference.node_id

),

level_0 as (

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
    from level_0_described as described
    inner join nodes
        on described.node_id = nodes.node_id

),

scores as (

    select * from leaves

    union all
    select * from level_0

    union all
    select * from level_1

    union all
    select * from level_2

    union all
    select * from level_3

    union all
    select * from level_4

    union all
    select * from level_5

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
