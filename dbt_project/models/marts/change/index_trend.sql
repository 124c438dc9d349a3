-- Need over time, in editions that can be compared with each other.
with

basket as (

    select * from {{ ref('index_trend_basket') }}
    where is_in_basket

),

root as (

    select node_id
    from {{ ref('int_authority_nodes') }}
    where depth = 0

),

spoken as (

    select distinct mission_id
    from basket

),

nodes as (

    select * from {{ ref('int_authority_nodes') }}

),

scored as (

    select
        cells.authority_code,
        cells.edition,
        cells.series_basis,
        basket.mission_id,
        basket.weight_in_mission,
        {{ goalpost_score(
            'cells.value',
            'case basket.direction when 1 then basket.lower_goalpost else basket.upper_goalpost end',
            'case basket.direction when 1 then basket.upper_goalpost else basket.lower_goalpost end'
        ) }} as score
    from {{ ref('int_edition_cells') }} as cells
    inner join basket
        on cells.indicator_id = basket.indicator_id

),

-- The weights of the indicators that a council has; it needs half of the mission's.
missions as (

    select
        authority_code,
        mission_id as index_id,
        edition,
        sum(weight_in_mission * score) / sum(weight_in_mission) as trend_score,
        count(*) as indicators,
        sum(weight_in_mission) as basket_share,
        sum(case when series_basis = 'own' then weight_in_mission else 0 end) / sum(weight_in_mission) as own_share
    from scored
    group by authority_code, mission_id, edition
    -- Half is enough, whatever the rounding errors of the sum.
    having round(sum(weight_in_mission), 9) >= 5e-1

),

-- The weight of the missions that have a score.
total as (

    select sum(nodes.effective_weight) as weight
    from nodes
    inner join spoken
        on nodes.node_id = spoken.mission_id

),

composites as (

    select
        missions.authority_code,
        root.node_id as index_id,
        missions.edition,
        sum(nodes.effective_weight * missions.trend_score) / sum(nodes.effective_weight) as trend_score,
        cast(sum(missions.indicators) as bigint) as indicators,
        sum(nodes.effective_weight * missions.basket_share) / max(total.weight) as basket_share,
        sum(nodes.effective_weight * missions.own_share) / sum(nodes.effective_weight) as own_share
    from missions
    inner join nodes
        on missions.index_id = nodes.node_id
    cross join root
    cross join total
    group by missions.authority_code, root.node_id, missions.edition
    having round(sum(nodes.effective_weight * missions.basket_share) / max(total.weight), 9) >= 5e-1

),

united as (

    select * from missions
    union all
    select * from composites

),

moved as (

    select
        *,
        trend_score - first_value(trend_score) over (
            partition by authority_code, index_id order by edition
        ) as change_since_first,
        trend_score - lag(trend_score) over (
            partition by authority_code, index_id order by edition
        ) as change_since_previous,
        last_value(trend_score) over (
            partition by authority_code, index_id order by edition
            rows between unbounded preceding and unbounded following
        ) - first_value(trend_score) over (
            partition by authority_code, index_id order by edition
        ) as change_over_all
    from united

)

select
    authority_code,
    index_id,
    cast(edition as bigint) as edition,
    case
        when change_over_all > {{ var('steady_points') }} then 'rising need'
        when change_over_all < -{{ var('steady_points') }} then 'falling need'
        else 'steady'
    end as direction,
    trend_score,
    {{ need_rank('trend_score', 'index_id, edition') }} as trend_rank,
    change_since_first,
    change_since_previous,
    indicators,
    -- Weights of a complete basket may sum to 1 plus a rounding error.
    least(basket_share, 1e0) as basket_share,
    own_share,
    own_share >= 5e-1 as is_mostly_own
from moved
