-- What is not known of each cell: the sampling error of its figure and the error of its basis.
with

cells as (

    select * from {{ ref('int_cells') }}

),

authorities as (

    select * from {{ ref('int_authorities') }}

),

indicators as (

    select * from {{ ref('stg_indicators') }}
    where rate_denominator is not null

),

-- A numerator in whole numbers is a count of events; energy has fractions, and a published share is not our rate of a count.
counted as (

    select indicator_id
    from {{ ref('int_indicator_figures') }}
    group by indicator_id
    having
        count(numerator) > 0
        and count(published_value) = 0
        and max(abs(numerator - round(numerator))) = 0

),

part_weights as (

    select
        figures.indicator_id,
        figures.authority_code,
        figures.value_basis,
        figures.period_end_date,
        figures.part_weight,
        -- The councils of a joint area share one count.
        case
            when figures.value_basis = 'combined_area'
                then sum(figures.part_weight) over (
                    partition by figures.indicator_id, figures.value_basis, figures.source_area_code, figures.period_end_date
                )
            else figures.part_weight
        end as people
    from {{ ref('int_authority_figures') }} as figures
    inner join counted
        on figures.indicator_id = counted.indicator_id
    -- The rate of a body that serves several councils is no count of theirs.
    where coalesce(figures.is_rate_of_counts, true)

),

-- What our rates divide by: residents, households, or the total of a share.
own_bases as (

    select
        cells.indicator_id,
        cells.authority_code,
        authorities.county_code,
        cells.period_end_date,
        part_weights.part_weight,
        part_weights.people
    from cells
    inner join authorities
        on cells.authority_code = authorities.authority_code
    inner join part_weights
        on
            cells.indicator_id = part_weights.indicator_id
            and cells.authority_code = part_weights.authority_code
            and cells.period_end_date = part_weights.period_end_date
            and case when cells.value_basis = 'stale' then 'published' else cells.value_basis end = part_weights.value_basis

),

bases as (

    select
        indicator_id,
        authority_code,
        people
    from own_bases

    union all

    select
        own_bases.indicator_id,
        own_bases.county_code as authority_code,
        sum(own_bases.part_weight) as people
    from own_bases
    inner join cells
        on
            own_bases.indicator_id = cells.indicator_id
            and own_bases.county_code = cells.authority_code
            and own_bases.period_end_date = cells.period_end_date
            and cells.value_basis = 'aggregated'
    group by own_bases.indicator_id, own_bases.county_code

),

counts as (

    select
        bases.indicator_id,
        bases.authority_code,
        bases.people / indicators.rate_multiplier as exposure
    from bases
    inner join indicators
        on bases.indicator_id = indicators.indicator_id

),

errors as (

    select
        cells.authority_code,
        cells.indicator_id,
        cells.value_basis,
        cells.value,
        cells.lower_95,
        cells.upper_95,
        cells.indicator_id || '|' || coalesce(cells.source_area_code, cells.authority_code)
        || '|' || cells.period_end_date as source_figure,
        case
            when cells.lower_95 is not null and cells.upper_95 is not null then 'published limits'
            when counts.exposure > 0 then 'count'
            else 'not stated'
        end as sampling_error,
        counts.exposure,
        round(cells.value * counts.exposure) as events
    from cells
    left join counts
        on
            cells.indicator_id = counts.indicator_id
            and cells.authority_code = counts.authority_code

),

-- Byar's limits of a Poisson count, as the Office for Health Improvement and Disparities uses them.
limits as (

    select
        *,
        case sampling_error
            when 'published limits' then lower_95
            when 'count'
                then events * power(1 - 1 / (9 * nullif(events, 0)) - 1.96e0 / (3 * sqrt(nullif(events, 0))), 3) / exposure
        end as lower_limit,
        case sampling_error
            when 'published limits' then upper_95
            when 'count'
                then (events + 1) * power(1 - 1 / (9 * (events + 1)) + 1.96e0 / (3 * sqrt(events + 1)), 3) / exposure
        end as upper_limit
    from errors

)

select
    limits.authority_code,
    limits.indicator_id,
    limits.value_basis,
    limits.sampling_error,
    limits.source_figure,
    limits.value,
    limits.events,
    -- Half-widths divided by 1.96, each on its own side.
    coalesce(greatest(limits.value - limits.lower_limit, 0) / 1.96e0, 0) as sampling_sd_below,
    coalesce(greatest(limits.upper_limit - limits.value, 0) / 1.96e0, 0) as sampling_sd_above,
    case when limits.value_basis = 'published' then 0 else basis_errors.error_sd end as basis_sd,
    dense_rank() over (order by limits.source_figure) as figure_number,
    row_number() over (order by limits.indicator_id, limits.authority_code) as cell_number
from limits
left join {{ ref('int_basis_errors') }} as basis_errors
    on limits.value_basis = basis_errors.value_basis
