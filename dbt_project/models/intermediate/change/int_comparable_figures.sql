-- Figures that can be compared over time: one area, kind of series, source and length of period.
with

candidates as (

    select * from {{ ref('int_figure_candidates') }}

),

breaks as (

    select * from {{ ref('stg_series_breaks') }}

),

windows as (

    select * from {{ ref('int_indicator_windows') }}

),

-- Successors of a split county take its figure, although it is for another area.
split_counties as (

    select
        area_code,
        authority_code
    from {{ ref('int_area_links') }}
    where
        link = 'predecessor'
        and code_rank = 2

),

figures as (

    select
        candidates.authority_code as area_code,
        candidates.indicator_id,
        candidates.value_basis,
        case
            when split_counties.area_code is not null then 'larger_area'
            when candidates.value_basis in ('published', 'predecessor') then 'own'
            when candidates.value_basis = 'combined_area' then 'joint_area'
            when candidates.value_basis = 'aggregated' then 'parts'
            else 'larger_area'
        end as series_basis,
        candidates.basis_rank,
        candidates.source_id,
        candidates.value,
        candidates.lower_95,
        candidates.upper_95,
        candidates.period_start_date,
        candidates.first_period_end_date,
        candidates.last_period_end_date,
        candidates.period_end_date
    from candidates
    left join split_counties
        on
            candidates.value_basis = 'predecessor'
            and candidates.source_area_code = split_counties.area_code
            and candidates.authority_code = split_counties.authority_code

    union all

    select
        area_code,
        indicator_id,
        value_basis,
        case value_basis when 'published' then 'own' else 'parts' end as series_basis,
        1 as basis_rank,
        source_id,
        value,
        lower_95,
        upper_95,
        period_start_date,
        first_period_end_date,
        last_period_end_date,
        period_end_date
    from {{ ref('int_region_figures') }}

),

measured as (

    select
        figures.*,
        -- 0 for a day or a month, 1 for a year, 3 for three years pooled.
        round({{ days_between('figures.period_start_date', 'figures.period_end_date') }} / 365.25e0) as period_years
    from figures
    left join breaks
        on
            figures.indicator_id = breaks.indicator_id
            and (
                (
                    breaks.kind = 'new_measure'
                    and coalesce(figures.first_period_end_date, figures.period_end_date) < breaks.from_period_end_date
                )
                or (
                    breaks.kind = 'exceptional'
                    and figures.period_end_date between breaks.from_period_end_date and breaks.to_period_end_date
                )
            )
    where
        breaks.indicator_id is null
        -- A mean without a figure of its newest year is that of the period before once more.
        and coalesce(figures.last_period_end_date, figures.period_end_date) = figures.period_end_date

),

one_a_period as (

    {{ first_row_of_each('measured', 'area_code, indicator_id, series_basis, period_end_date', 'basis_rank') }}

),

newest as (

    {{ first_row_of_each('one_a_period', 'area_code, indicator_id, series_basis', 'period_end_date desc') }}

),

-- A series has one source and one length of period: those of its newest figure.
series as (

    select
        newest.area_code,
        newest.indicator_id,
        newest.series_basis,
        newest.source_id,
        newest.period_years,
        newest.period_end_date as last_period_end_date,
        case newest.series_basis
            when 'own' then 1 when 'joint_area' then 2 when 'parts' then 3 else 4
        end as series_rank,
        newest.series_basis != 'larger_area'
        and newest.period_end_date >= windows.oldest_period_end_date as is_recent_and_own
    from newest
    inner join windows
        on newest.indicator_id = windows.indicator_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by area_code, indicator_id, is_recent_and_own order by series_rank
        ) as place
    from series

)

select
    one_a_period.area_code,
    one_a_period.indicator_id,
    one_a_period.series_basis,
    one_a_period.value_basis,
    one_a_period.source_id,
    ranked.series_rank,
    one_a_period.value,
    one_a_period.lower_95,
    one_a_period.upper_95,
    cast(one_a_period.period_years as integer) as period_years,
    ranked.is_recent_and_own and ranked.place = 1 as is_own_series,
    -- Counted back from the newest, so that no two of them overlap.
    one_a_period.period_years <= 1
    or mod(
        year(ranked.last_period_end_date) - year(one_a_period.period_end_date),
        cast(greatest(one_a_period.period_years, 1) as integer)
    ) = 0 as is_separate_period,
    one_a_period.period_start_date,
    one_a_period.period_end_date
from one_a_period
inner join ranked
    on
        one_a_period.area_code = ranked.area_code
        and one_a_period.indicator_id = ranked.indicator_id
        and one_a_period.series_basis = ranked.series_basis
        and one_a_period.source_id = ranked.source_id
        and one_a_period.period_years = ranked.period_years
