-- The value of one indicator that would move a council's composite score into the next band.
with

nodes as (

    select * from {{ ref('int_authority_nodes') }}

),

scores as (

    select * from {{ ref('int_node_scores') }}

),

units as (

    select
        authority_code as unit_id,
        is_in_reference_set
    from {{ ref('int_authorities') }}

),

cells as (

    select * from {{ ref('int_cells') }}

),

ranked as (

    select
        index_scores.authority_code,
        index_scores.need_z,
        scores.weighted_mean as composite_mean,
        units.is_in_reference_set,
        count(*) over () as councils,
        {{ rank_group('index_scores.need_rank', 'count(*) over ()', 5) }} as band,
        row_number() over (order by round(index_scores.need_z, 9) desc, index_scores.authority_code) as place
    from {{ ref('int_need_index') }} as index_scores
    inner join scores
        on
            index_scores.authority_code = scores.unit_id
            and index_scores.index_id = scores.node_id
    inner join units
        on index_scores.authority_code = units.unit_id
    where index_scores.is_composite

),

-- The last place of the needier band, whose holder's score the council has to reach, and the first of the less needy
-- one, whose holder's score it has to fall below by the last decimal that counts.
edges as (

    select
        *,
        1 as toward,
        cast(0 as double) as margin,
        floor(councils * (band - 1) / 5e0) as edge_place
    from ranked

    union all

    select
        *,
        -1 as toward,
        cast(1e-9 as double) as margin,
        floor(councils * band / 5e0) + 1 as edge_place
    from ranked

),

gaps as (

    select
        edges.authority_code,
        edges.toward,
        round(holders.need_z, 9) - edges.margin - edges.need_z as gap
    from edges
    left join ranked as holders
        on edges.edge_place = holders.place

),

-- The yardstick moves with the figure and may swap neighbours at the edge: so one more place on either side is checked.
rivals as (

    select
        edges.authority_code,
        edges.toward,
        edges.composite_mean,
        edges.is_in_reference_set,
        edges.margin,
        rivals.authority_code as rival_code,
        rivals.composite_mean as rival_composite_mean,
        -- How many rivals, from the easiest, the council has to pass.
        case
            when edges.toward = 1
                then count(*) over (partition by edges.authority_code, edges.toward) - least(1, edges.edge_place - 1)
            when edges.place < edges.edge_place - 1 then 2
            else 1
        end as rivals_to_pass
    from edges
    inner join ranked as rivals
        on
            rivals.place between edges.edge_place - 1 and edges.edge_place + 1
            and edges.authority_code != rivals.authority_code
    where edges.edge_place between 1 and edges.councils

),

reference_scores as (

    select scores.*
    from scores
    inner join units
        on scores.unit_id = units.unit_id
    where units.is_in_reference_set

),

node_spreads as (

    select
        node_id,
        stddev_samp(weighted_mean) as spread
    from reference_scores
    where not is_leaf
    group by node_id

),

indicators as (

    select
        nodes.node_id,
        themes.node_id as theme_id,
        missions.node_id as mission_id,
        nodes.direction,
        nodes.weight_in_parent as weight,
        themes.weight_in_parent as theme_weight,
        missions.weight_in_parent as mission_weight,
        theme_spreads.spread as theme_spread,
        mission_spreads.spread as mission_spread,
        composite_spreads.spread as composite_spread,
        treatments.treatment,
        treatments.outcome,
        treatments.log_sign,
        treatments.minimum,
        treatments.maximum,
        treatments.lower_bound,
        treatments.upper_bound
    from nodes
    inner join nodes as themes
        on nodes.parent_id = themes.node_id
    inner join nodes as missions
        on themes.parent_id = missions.node_id
    inner join node_spreads as theme_spreads
        on themes.node_id = theme_spreads.node_id
    inner join node_spreads as mission_spreads
        on missions.node_id = mission_spreads.node_id
    inner join node_spreads as composite_spreads
        on missions.parent_id = composite_spreads.node_id
    inner join {{ ref('int_treatments') }} as treatments
        on nodes.node_id = treatments.node_id
    where nodes.is_leaf

),

covariances as (

    select
        indicators.node_id,
        count(*) as reference_units,
        covar_samp(leaves.score, themes.weighted_mean) as covariance_with_theme,
        covar_samp(leaves.score, missions.weighted_mean) as covariance_with_mission,
        covar_samp(themes.weighted_mean, missions.weighted_mean) as covariance_above
    from indicators
    inner join reference_scores as leaves
        on indicators.node_id = leaves.node_id
    inner join reference_scores as themes
        on
            indicators.theme_id = themes.node_id
            and leaves.unit_id = themes.unit_id
    inner join reference_scores as missions
        on
            indicators.mission_id = missions.node_id
            and leaves.unit_id = missions.unit_id
    group by indicators.node_id

),

treated as (

    select
        treated_values.unit_id,
        treated_values.node_id,
        treated_values.value_treated,
        stddev_samp(case when units.is_in_reference_set then treated_values.value_treated end) over (
            partition by treated_values.node_id
        ) as spread
    from {{ ref('int_treated_values') }} as treated_values
    inner join units
        on treated_values.unit_id = units.unit_id

),

own_scores as (

    select
        leaves.unit_id,
        leaves.node_id,
        leaves.score,
        themes.weighted_mean as theme_mean,
        missions.score as mission_score,
        missions.weighted_mean as mission_mean
    from indicators
    inner join scores as leaves
        on indicators.node_id = leaves.node_id
    inner join scores as themes
        on
            indicators.theme_id = themes.node_id
            and leaves.unit_id = themes.unit_id
    inner join scores as missions
        on
            indicators.mission_id = missions.node_id
            and leaves.unit_id = missions.unit_id

),

-- What the council lacks to each rival in the mission's score, and where both stand.
starts as (

    select
        rivals.authority_code,
        rivals.toward,
        rivals.rival_code,
        rivals.rivals_to_pass,
        rivals.is_in_reference_set,
        indicators.node_id,
        indicators.weight,
        indicators.theme_weight,
        indicators.theme_spread,
        indicators.mission_spread,
        covariances.covariance_with_theme,
        covariances.covariance_with_mission,
        covariances.covariance_above,
        covariances.reference_units,
        own.score,
        own.theme_mean,
        own.mission_mean,
        own.score - others.score as score_ahead,
        own.theme_mean - others.theme_mean as theme_mean_ahead,
        own.mission_score - others.mission_score as mission_score_ahead,
        (rivals.rival_composite_mean - rivals.margin * indicators.composite_spread - rivals.composite_mean)
        / indicators.mission_weight as lack,
        (rivals.rival_composite_mean - rivals.margin * indicators.composite_spread - rivals.composite_mean)
        / indicators.mission_weight * indicators.mission_spread / indicators.theme_weight
        * indicators.theme_spread / indicators.weight as deviations
    from rivals
    inner join own_scores as own
        on rivals.authority_code = own.unit_id
    inner join own_scores as others
        on
            rivals.rival_code = others.unit_id
            and own.node_id = others.node_id
    inner join indicators
        on own.node_id = indicators.node_id
    inner join covariances
        on own.node_id = covariances.node_id

),

-- Each round takes the yardstick as the last round's change would leave it: with one score moved by so many deviations, what are
-- the deviations of the indicator's scores, of the theme's mean and of the mission's? Every score x of the indicator moves by
-- shrink * x, the council's by push more; every theme mean t adds theme_shrink * t and weight / new_theme_spread times that to its
-- mission. Ten are enough for nine decimals. Written out: a recursive CTE keeps the rows of all its rounds.
{% set kept = [
    'authority_code', 'toward', 'rival_code', 'rivals_to_pass', 'node_id', 'weight', 'theme_weight', 'theme_spread', 'mission_spread',
    'covariance_with_theme', 'covariance_with_mission', 'covariance_above', 'reference_units', 'score', 'theme_mean', 'mission_mean',
    'score_ahead', 'theme_mean_ahead', 'mission_score_ahead', 'lack'
] %}
{% for round in range(1, 11) %}
leaf_spreads_{{ round }} as (

    select
        *,
        1 / leaf_spread - 1 as shrink,
        deviations / leaf_spread as push
    from (
        select
            *,
            sqrt(
                1 + (2 * score * deviations + deviations * deviations * (reference_units - 1) / reference_units) / (reference_units - 1)
            ) as leaf_spread
        from {{ 'starts' if loop.first else 'round_' ~ (round - 1) }}
        {% if loop.first -%}
        where is_in_reference_set
        {% endif -%}
    ) as moved

),

theme_spreads_{{ round }} as (

    select
        *,
        1 / new_theme_spread - 1 / theme_spread as theme_shrink,
        weight * shrink / new_theme_spread as score_share,
        weight * push / new_theme_spread as push_share
    from (
        select
            *,
            sqrt(
                theme_spread * theme_spread
                + 2 * weight * (shrink * covariance_with_theme + push * theme_mean / (reference_units - 1))
                + weight * weight * (
                    shrink * shrink + push * push / reference_units + 2 * shrink * push * score / (reference_units - 1)
                )
            ) as new_theme_spread
        from leaf_spreads_{{ round }}
    ) as moved

),

mission_spreads_{{ round }} as (

    select
        *,
        sqrt(
            mission_spread * mission_spread
            + 2 * theme_weight * (
                theme_shrink * covariance_above
                + score_share * covariance_with_mission
                + push_share * mission_mean / (reference_units - 1)
            )
            + theme_weight * theme_weight * (
                theme_shrink * theme_shrink * theme_spread * theme_spread
                + score_share * score_share
                + push_share * push_share / reference_units
                + 2 * theme_shrink * score_share * covariance_with_theme
                + 2 * theme_shrink * push_share * theme_mean / (reference_units - 1)
                + 2 * score_share * push_share * score / (reference_units - 1)
            )
        ) as new_mission_spread
    from theme_spreads_{{ round }}

),

round_{{ round }} as (

    select
        {{ kept | join(',
        ') }},
        -- Beyond any figure's reach the rounds need not meet.
        greatest(
            -99,
            least(
                99,
                leaf_spread * new_theme_spread / (theme_weight * weight) * (
                    new_mission_spread * (mission_score_ahead + lack)
                    - mission_spread * mission_score_ahead
                    - theme_weight * (theme_shrink * theme_mean_ahead + score_share * score_ahead)
                )
            )
        ) as deviations
    from mission_spreads_{{ round }}

),
{% endfor %}

solved as (

    select
        authority_code,
        toward,
        rival_code,
        rivals_to_pass,
        node_id,
        deviations
    from round_10

    union all

    -- A unit outside the reference set moves no mean.
    select
        authority_code,
        toward,
        rival_code,
        rivals_to_pass,
        node_id,
        deviations
    from starts
    where not is_in_reference_set

),

by_rival as (

    select
        *,
        row_number() over (
            partition by authority_code, node_id, toward
            order by toward * deviations, rival_code
        ) as difficulty
    from solved

),

-- The treatment in reverse: the value that would be treated to that one. Its bounds stay unchanged.
needed as (

    select
        gaps.authority_code,
        gaps.toward,
        gaps.gap,
        indicators.node_id as indicator_id,
        indicators.treatment,
        indicators.outcome,
        indicators.log_sign,
        indicators.minimum,
        indicators.maximum,
        indicators.lower_bound,
        indicators.upper_bound,
        own_scores.score,
        by_rival.deviations,
        treated.value_treated + indicators.direction * treated.spread * by_rival.deviations as treated_needed
    from gaps
    inner join own_scores
        on gaps.authority_code = own_scores.unit_id
    inner join indicators
        on own_scores.node_id = indicators.node_id
    inner join treated
        on
            own_scores.unit_id = treated.unit_id
            and own_scores.node_id = treated.node_id
    left join by_rival
        on
            gaps.authority_code = by_rival.authority_code
            and gaps.toward = by_rival.toward
            and indicators.node_id = by_rival.node_id
            and by_rival.rivals_to_pass = by_rival.difficulty

),

untreated as (

    select
        *,
        case
            when outcome != 'logged' then treated_needed
            when log_sign = 1 then exp(treated_needed) + minimum - 1e-2 * (maximum - minimum)
            else maximum + 1e-2 * (maximum - minimum) - exp(-treated_needed)
        end as value_needed
    from needed

),

judged as (

    select
        *,
        case
            when gap is null and toward = 1 then 'no needier band'
            when gap is null then 'no less needy band'
            when treatment = 'none' then null
            when value_needed > upper_bound and upper_bound < maximum then 'beyond the upper winsorising limit'
            when value_needed < lower_bound and lower_bound > minimum then 'beyond the lower winsorising limit'
            when value_needed > upper_bound then 'beyond the highest value of the reference set'
            when value_needed < lower_bound then 'beyond the lowest value of the reference set'
        end as obstacle
    from untreated

),

-- Actual and hypothetical councils in one order: how many of the first come before each of the second.
line as (

    select
        node_id as indicator_id,
        unit_id as authority_code,
        0 as toward,
        round(score, 9) as place_score
    from own_scores

    union all

    select
        indicator_id,
        authority_code,
        toward,
        round(score + deviations, 9) as place_score
    from judged
    where obstacle is null

),

places as (

    select
        indicator_id,
        authority_code,
        toward,
        -- On the way down a council leaves its own place behind.
        1 + sum(case when toward = 0 then 1 else 0 end) over (
            partition by indicator_id
            order by place_score desc, abs(toward) desc, authority_code asc, toward asc
            rows between unbounded preceding and current row
        ) - case when toward = -1 then 1 else 0 end as need_rank_needed,
        rank() over (partition by indicator_id, toward order by place_score desc) as need_rank
    from line

),

changes as (

    select
        judged.authority_code,
        judged.indicator_id,
        judged.toward,
        judged.gap,
        judged.obstacle,
        case when judged.obstacle is null then judged.deviations end as deviations_needed,
        case when judged.obstacle is null then judged.value_needed end as value_needed,
        case when judged.obstacle is null then judged.value_needed - cells.value end as value_change,
        cast(places.need_rank_needed as bigint) as need_rank_needed,
        abs(places.need_rank_needed - places_now.need_rank) as places_moved,
        abs((judged.value_needed - cells.value) / nullif(cells.value, 0)) as relative_change,
        -- A figure shared with other councils, or estimated, is not the council's own to change.
        judged.obstacle is null and cells.value_basis in ('published', 'aggregated', 'stale') as is_own_to_change
    from judged
    inner join cells
        on
            judged.authority_code = cells.authority_code
            and judged.indicator_id = cells.indicator_id
    inner join places as places_now
        on
            judged.authority_code = places_now.authority_code
            and judged.indicator_id = places_now.indicator_id
            and places_now.toward = 0
    left join places
        on
            judged.authority_code = places.authority_code
            and judged.indicator_id = places.indicator_id
            and judged.toward = places.toward

)

select
    authority_code,
    indicator_id,
    toward,
    obstacle,
    10 * gap as points_needed,
    value_needed,
    value_change,
    deviations_needed,
    need_rank_needed,
    case
        when is_own_to_change
            then
                row_number() over (
                    partition by authority_code, toward, is_own_to_change
                    order by round(abs(deviations_needed), 9), places_moved, relative_change, indicator_id
                )
    end as change_order
from changes
