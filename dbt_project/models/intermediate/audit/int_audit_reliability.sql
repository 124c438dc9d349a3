-- How much of the differences between councils on each indicator is more than chance, from what is known of it.
with

leaves as (

    select node_id as indicator_id
    from {{ ref('int_authority_nodes') }}
    where is_leaf

),

units as (

    select
        authority_code,
        county_code
    from {{ ref('int_authorities') }}
    where is_in_reference_set

),

errors as (

    select
        errors.indicator_id,
        errors.value,
        case
            when errors.sampling_error in ('published limits', 'count')
                then (power(errors.sampling_sd_below, 2) + power(errors.sampling_sd_above, 2)) / 2
        end as error_variance
    from {{ ref('int_cell_errors') }} as errors
    inner join units
        on errors.authority_code = units.authority_code
    where errors.value_basis = 'published'

),

-- Classical test theory: the variance of the figures less that of their errors, as a share.
limits as (

    select
        indicator_id,
        1 - avg(error_variance) / nullif(var_samp(case when error_variance is not null then value end), 0) as reliability
    from errors
    group by indicator_id
    having 2 * count(error_variance) >= count(*)

),

figures as (

    select
        figures.indicator_id,
        figures.area_code,
        figures.value,
        figures.period_end_date,
        max(figures.period_end_date) over (partition by figures.indicator_id) as last_period_end_date
    from {{ ref('int_comparable_figures') }} as figures
    inner join units
        on figures.area_code = units.authority_code
    where
        figures.is_own_series
        and figures.is_separate_period

),

-- The newest period that ended at least eleven months before, so that no season is compared with another.
earlier_periods as (

    select
        indicator_id,
        max(period_end_date) as period_end_date
    from figures
    where {{ days_between('period_end_date', 'last_period_end_date') }} >= 330
    group by indicator_id

),

repeated as (

    select
        newest.indicator_id,
        -- Equal figures rank equal in every engine, whatever the rounding errors of a mean over years.
        round(newest.value, 9) as value,
        round(earlier.value, 9) as earlier_value
    from figures as newest
    inner join earlier_periods
        on newest.indicator_id = earlier_periods.indicator_id
    inner join figures as earlier
        on
            newest.indicator_id = earlier.indicator_id
            and newest.area_code = earlier.area_code
            and earlier_periods.period_end_date = earlier.period_end_date
    where newest.period_end_date = newest.last_period_end_date

),

lags as (

    select
        indicator_id,
        -- To twelve decimals, where engines agree.
        round(corr(value_rank, earlier_rank), 12) as lag_correlation
    from (
        select
            indicator_id,
            {{ mean_rank('value', 'indicator_id') }} as value_rank,
            {{ mean_rank('earlier_value', 'indicator_id') }} as earlier_rank
        from repeated
    ) as ranked
    group by indicator_id

),

-- Districts of one county share much, but not their errors: what differs between counties is no error.
districts as (

    select
        scores.node_id as indicator_id,
        scores.score,
        avg(scores.score) over (partition by scores.node_id, units.county_code) as county_mean,
        avg(scores.score) over (partition by scores.node_id) as mean_of_all
    from {{ ref('int_node_scores') }} as scores
    inner join units
        on scores.unit_id = units.authority_code
    where
        scores.is_leaf
        and units.county_code is not null

),

counties as (

    select
        indicator_id,
        sum(power(score - county_mean, 2)) / nullif(sum(power(score - mean_of_all, 2)), 0) as within_county_share
    from districts
    group by indicator_id

),

spans as (

    select
        cells.indicator_id,
        max(round({{ days_between('cells.period_start_date', 'cells.period_end_date') }} / 365.25e0)) as years
    from {{ ref('int_cells') }} as cells
    inner join {{ ref('int_indicator_windows') }} as windows
        on
            cells.indicator_id = windows.indicator_id
            and cells.period_end_date = windows.latest_period_end_date
    group by cells.indicator_id

)

select
    leaves.indicator_id,
    case
        when limits.reliability is not null then 'limits'
        when lags.lag_correlation is not null then 'earlier_period'
        when rationales.collection = 'full_coverage' then 'full_coverage'
        when counties.within_county_share is not null then 'counties'
        else 'none'
    end as evidence,
    limits.reliability as reliability_from_limits,
    lags.lag_correlation,
    counties.within_county_share,
    -- Records of every case have no sampling error. Without any evidence nothing is taken to be reliable.
    coalesce(
        limits.reliability,
        lags.lag_correlation,
        case when rationales.collection = 'full_coverage' then 1 else 1 - counties.within_county_share end,
        0
    ) as reliability,
    indicators.pooled_years > 1 or coalesce(spans.years, 0) >= 3 as is_pooled
from leaves
inner join {{ ref('stg_indicators') }} as indicators
    on leaves.indicator_id = indicators.indicator_id
left join {{ ref('stg_indicator_rationales') }} as rationales
    on leaves.indicator_id = rationales.indicator_id
left join limits
    on leaves.indicator_id = limits.indicator_id
left join lags
    on leaves.indicator_id = lags.indicator_id
left join counties
    on leaves.indicator_id = counties.indicator_id
left join spans
    on leaves.indicator_id = spans.indicator_id
