-- What the nine rules of the audit look at, for each indicator and theme of the framework in force.
with

nodes as (

    select * from {{ ref('int_authority_nodes') }}

),

leaves as (

    select * from nodes
    where is_leaf

),

units as (

    select authority_code
    from {{ ref('int_authorities') }}
    where is_in_reference_set

),

reliabilities as (

    select * from {{ ref('int_audit_reliability') }}

),

-- Every two indicators, in both orders.
pairs as (

    select
        pairs.node_id,
        abs(pairs.correlation) as correlation,
        own.branch_id = others.branch_id
        and least(own.weight, others.weight) > {{ var('audit_close_weight') }} as is_at_full_weight
    from (
        {{ in_both_orders(ref('int_audit_correlations')) }}
    ) as pairs
    inner join leaves as own
        on pairs.node_id = own.node_id
    inner join leaves as others
        on pairs.other_node_id = others.node_id

),

origins as (

    select
        cells.indicator_id as node_id,
        avg(case when cells.value_basis = 'published' then 1e0 else 0e0 end) as own_figure_share,
        avg(case when cells.value_basis in ('modelled', 'estimated') then 0e0 else 1e0 end) as published_origin_share
    from {{ ref('int_cells') }} as cells
    inner join units
        on cells.authority_code = units.authority_code
    group by cells.indicator_id

),

-- The day on which the files of an indicator were fetched: another source's newer edition makes no figure older.
snapshots as (

    select
        measures.indicator_id,
        max(files.snapshot_date) as snapshot_date
    from {{ ref('stg_indicator_measures') }} as measures
    inner join {{ ref('stg_source_files') }} as files
        on measures.source_id = files.source_id
    group by measures.indicator_id

),

densities as (

    select
        scores.node_id,
        corr(scores.score, ln(cast(populations.density_per_km2 as double))) as density_correlation
    from {{ ref('int_node_scores') }} as scores
    inner join units
        on scores.unit_id = units.authority_code
    inner join {{ ref('stg_populations') }} as populations
        on
            scores.unit_id = populations.area_code
            and populations.year = {{ var('latest_population_year') }}
    where scores.is_leaf
    group by scores.node_id

),

statistics as (

    select
        leaves.node_id,
        'policy_basis' as statistic,
        case rationales.policy_basis when 'named_measure' then 2e0 when 'accepted_proxy' then 1e0 else 0e0 end as value
    from leaves
    left join {{ ref('stg_indicator_rationales') }} as rationales
        on leaves.node_id = rationales.indicator_id

    union all

    select
        node_id,
        'closest_correlation' as statistic,
        max(correlation) as value
    from pairs
    group by node_id

    union all

    select
        leaves.node_id,
        'own_figure_share' as statistic,
        origins.own_figure_share as value
    from leaves
    inner join origins
        on leaves.node_id = origins.node_id

    union all

    select
        leaves.node_id,
        'published_origin_share' as statistic,
        coalesce(origins.published_origin_share, 0) as value
    from leaves
    left join origins
        on leaves.node_id = origins.node_id

    union all

    select
        indicator_id as node_id,
        'reliability_from_limits' as statistic,
        reliability_from_limits as value
    from reliabilities

    union all

    select
        indicator_id as node_id,
        'lag_correlation' as statistic,
        lag_correlation as value
    from reliabilities

    union all

    select
        indicator_id as node_id,
        'within_county_share' as statistic,
        within_county_share as value
    from reliabilities

    union all

    select
        indicator_id as node_id,
        'reliability' as statistic,
        reliability as value
    from reliabilities

    union all

    select
        leaves.node_id,
        'age_years' as statistic,
        {{ days_between('windows.latest_period_end_date', 'snapshots.snapshot_date') }} / 365.25e0 as value
    from leaves
    inner join {{ ref('int_indicator_windows') }} as windows
        on leaves.node_id = windows.indicator_id
    inner join snapshots
        on leaves.node_id = snapshots.indicator_id

    union all

    select
        leaves.node_id,
        'density_correlation' as statistic,
        densities.density_correlation as value
    from leaves
    inner join densities
        on leaves.node_id = densities.node_id

    union all

    select
        node_id,
        'close_pair_correlation' as statistic,
        max(correlation) as value
    from pairs
    where is_at_full_weight
    group by node_id

    union all

    -- An indicator outside any theme is alone under its mission.
    select
        parent_id as node_id,
        'indicators' as statistic,
        cast(count(*) as double) as value
    from leaves
    group by parent_id

)

select
    statistics.node_id,
    statistics.statistic,
    case statistics.statistic
        when 'policy_basis' then 1
        when 'closest_correlation' then 2
        when 'published_origin_share' then 3
        when 'reliability' then 4
        when 'age_years' then 5
        when 'density_correlation' then 6
        when 'close_pair_correlation' then 7
        when 'indicators' then 9
    end as rule_number,
    statistics.value,
    case statistics.statistic
        when 'policy_basis' then 1
        when 'published_origin_share' then {{ var('audit_least_published_share') }}
        -- Figures of several years are reliable enough by the rule itself.
        when 'reliability' then case when not reliabilities.is_pooled then {{ var('audit_least_reliability') }} end
        when 'density_correlation' then -{{ var('audit_density_correlation') }}
        when 'indicators' then {{ var('audit_least_indicators') }}
    end as lower_bound,
    case statistics.statistic
        when 'closest_correlation' then {{ var('audit_opposite_correlation') }}
        when 'age_years' then {{ var('audit_most_years') }}
        when 'density_correlation' then {{ var('audit_density_correlation') }}
        when 'close_pair_correlation' then {{ var('audit_close_correlation') }}
    end as upper_bound
from statistics
left join reliabilities
    on statistics.node_id = reliabilities.indicator_id
where statistics.value is not null
