-- Why a council has its rank: what each mission, theme and indicator adds, and what would change its band.
with

authorities as (

    select * from {{ ref('int_authorities') }}

),

nodes as (

    select * from {{ ref('int_authority_nodes') }}

),

indicators as (

    select * from {{ ref('stg_indicators') }}

),

node_contributions as (

    select
        scores.unit_id as authority_code,
        scores.node_id,
        nodes.label,
        nodes.parent_id,
        nodes.branch_id,
        nodes.depth,
        nodes.is_leaf,
        scores.score * factors.factor as contribution
    from {{ ref('int_node_scores') }} as scores
    inner join nodes
        on scores.node_id = nodes.node_id
    inner join {{ ref('int_contribution_factors') }} as factors
        on scores.node_id = factors.node_id

),

contributions as (

    select
        contributions.authority_code,
        case
            when contributions.is_leaf then 'indicator'
            when contributions.depth = 0 then 'composite'
            when contributions.depth = 1 then 'mission'
            else 'theme'
        end as level,
        contributions.node_id,
        contributions.label as node_name,
        contributions.branch_id as mission_id,
        case
            when contributions.depth <= 1 then null
            when contributions.is_leaf then contributions.parent_id
            else contributions.node_id
        end as theme_id,
        contributions.contribution
    from node_contributions as contributions

),

-- A county's districts are in the reference set and it is not: its region consists of them, its type of the counties.
grouped as (

    select
        contributions.*,
        authorities.region_code,
        authorities.authority_type,
        case when authorities.is_in_reference_set then contributions.contribution end as counted
    from contributions
    inner join authorities
        on contributions.authority_code = authorities.authority_code

),

compared as (

    select
        *,
        avg(counted) over (partition by level, node_id) as of_england,
        (sum(counted) over (partition by level, node_id, region_code) - coalesce(counted, 0))
        / nullif(
            count(counted) over (partition by level, node_id, region_code) - case when counted is null then 0 else 1 end, 0
        ) as of_region,
        (sum(contribution) over (partition by level, node_id, authority_type) - contribution)
        / nullif(count(*) over (partition by level, node_id, authority_type) - 1, 0) as of_type
    from grouped

),

neighbours as (

    select
        peers.authority_code,
        contributions.level,
        contributions.node_id,
        avg(contributions.contribution) as of_neighbours
    from {{ ref('authority_peer') }} as peers
    inner join contributions
        on peers.peer_code = contributions.authority_code
    where peers.peer_model = 'ons_global'
    group by peers.authority_code, contributions.level, contributions.node_id

),

england_figures as (

    select
        indicator_id,
        value,
        period_end_date
    from {{ ref('indicator_benchmark') }}
    where area_code = 'E92000001'

),

earlier_figures as (

    select
        figures.indicator_id,
        figures.published_value as value,
        figures.priority,
        figures.period_end_date
    from {{ ref('int_indicator_figures') }} as figures
    -- England's figure of one year is no yardstick for a mean over years.
    inner join indicators
        on
            figures.indicator_id = indicators.indicator_id
            and indicators.pooled_years = 1
    where
        figures.area_code = 'E92000001'
        and figures.published_value is not null

),

earlier_england_figures as (

    {{ first_row_of_each('earlier_figures', 'indicator_id, period_end_date', 'priority') }}

),

-- England's figure of the cell's own period against the cell's limits, as OHID's Fingertips compares: inside them is similar.
comparisons as (

    select
        cells.authority_code,
        cells.indicator_id,
        nodes.direction,
        cells.value,
        cells.lower_95,
        cells.upper_95,
        coalesce(england_figures.value, earlier_england_figures.value) as england_value
    from {{ ref('int_cells') }} as cells
    inner join nodes
        on cells.indicator_id = nodes.node_id
    left join england_figures
        on
            cells.indicator_id = england_figures.indicator_id
            and cells.series_period_end_date = england_figures.period_end_date
    left join earlier_england_figures
        on
            cells.indicator_id = earlier_england_figures.indicator_id
            and cells.series_period_end_date = earlier_england_figures.period_end_date

),

band_changes as (

    select * from {{ ref('int_explanation_band_changes') }}

),

-- What the composite needs to reach a band is the same whichever indicator moves.
band_gaps as (

    select
        authority_code,
        toward,
        max(points_needed) as points_needed
    from band_changes
    group by authority_code, toward

)

select
    compared.authority_code,
    compared.level,
    compared.node_id,
    compared.mission_id,
    compared.theme_id,
    compared.node_name,
    case
        when compared.level != 'indicator' then null
        when comparisons.lower_95 is null and comparisons.upper_95 is null then 'no limits published'
        when comparisons.england_value is null then 'no figure for England'
        when comparisons.england_value < comparisons.lower_95
            then case when comparisons.direction = 1 then 'higher need' else 'lower need' end
        when comparisons.england_value > comparisons.upper_95
            then case when comparisons.direction = 1 then 'lower need' else 'higher need' end
        else 'similar'
    end as england_comparison,
    needier.obstacle as needier_band_obstacle,
    less_needy.obstacle as less_needy_band_obstacle,
    compared.contribution,
    10 * compared.contribution as contribution_points,
    10 * (compared.contribution - compared.of_england) as points_above_england,
    10 * (compared.contribution - compared.of_region) as points_above_region,
    10 * (compared.contribution - compared.of_type) as points_above_type,
    10 * (compared.contribution - neighbours.of_neighbours) as points_above_neighbours,
    comparisons.england_value,
    case when compared.level = 'composite' then needier_gaps.points_needed end as points_to_needier_band,
    needier.value_needed as needier_band_value,
    needier.value_change as needier_band_value_change,
    needier.deviations_needed as needier_band_deviations,
    needier.need_rank_needed as needier_band_need_rank,
    cast(needier.change_order as bigint) as needier_band_change_order,
    case when compared.level = 'composite' then less_needy_gaps.points_needed end as points_to_less_needy_band,
    less_needy.value_needed as less_needy_band_value,
    less_needy.value_change as less_needy_band_value_change,
    less_needy.deviations_needed as less_needy_band_deviations,
    less_needy.need_rank_needed as less_needy_band_need_rank,
    cast(less_needy.change_order as bigint) as less_needy_band_change_order
from compared
left join neighbours
    on
        compared.authority_code = neighbours.authority_code
        and compared.level = neighbours.level
        and compared.node_id = neighbours.node_id
left join comparisons
    on
        compared.authority_code = comparisons.authority_code
        and compared.node_id = comparisons.indicator_id
        and compared.level = 'indicator'
left join band_changes as needier
    on
        compared.authority_code = needier.authority_code
        and compared.node_id = needier.indicator_id
        and compared.level = 'indicator'
        and needier.toward = 1
left join band_changes as less_needy
    on
        compared.authority_code = less_needy.authority_code
        and compared.node_id = less_needy.indicator_id
        and compared.level = 'indicator'
        and less_needy.toward = -1
left join band_gaps as needier_gaps
    on
        compared.authority_code = needier_gaps.authority_code
        and needier_gaps.toward = 1
left join band_gaps as less_needy_gaps
    on
        compared.authority_code = less_needy_gaps.authority_code
        and less_needy_gaps.toward = -1
