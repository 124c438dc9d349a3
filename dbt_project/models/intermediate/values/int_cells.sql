-- The value chosen for each council and indicator, and the basis it rests on.
with

authorities as (

    select * from {{ ref('int_authorities') }}

),

indicators as (

    select indicator_id from {{ ref('stg_indicators') }}

),

windows as (

    select * from {{ ref('int_indicator_windows') }}

),

candidates as (

    select
        candidates.*,
        candidates.period_end_date >= windows.oldest_period_end_date as is_recent
    from {{ ref('int_figure_candidates') }} as candidates
    inner join windows
        on candidates.indicator_id = windows.indicator_id

),

gaps as (

    select
        figures.indicator_id,
        figures.authority_code,
        figures.marker,
        figures.period_end_date
    from {{ ref('int_authority_figures') }} as figures
    inner join windows
        on
            figures.indicator_id = windows.indicator_id
            and figures.period_end_date >= windows.oldest_period_end_date
    where
        figures.value_basis = 'published'
        and figures.value is null

),

-- The marker of a council's newest own row in the window that has no figure.
markers as (

    {{ first_row_of_each('gaps', 'indicator_id, authority_code', 'period_end_date desc') }}

),

-- Types of council for which the source publishes anything at all in the window.
published_types as (

    select distinct
        candidates.indicator_id,
        authorities.donor_type
    from candidates
    inner join authorities
        on candidates.authority_code = authorities.authority_code
    where
        candidates.is_recent
        and candidates.value_basis = 'published'

),

-- Outside the window only a council's own figure counts, after all recent ones.
options as (

    select
        *,
        case when is_recent then value_basis else 'stale' end as basis_in_window,
        case when is_recent then basis_rank else 7 end as rank_in_window
    from candidates
    where
        is_recent
        or value_basis = 'published'

),

chosen as (

    {{ first_row_of_each('options', 'indicator_id, authority_code', 'rank_in_window, period_end_date desc') }}

)

select
    authorities.authority_code,
    indicators.indicator_id,
    coalesce(chosen.basis_in_window, case when estimates.value is not null then 'estimated' end) as value_basis,
    case
        when chosen.basis_in_window in ('published', 'combined_area', 'predecessor') and chosen.years_used is not null
            then chosen.years_used
        when chosen.basis_in_window = 'modelled' then 'spread from bodies that serve it'
        when chosen.basis_in_window = 'published' and chosen.is_rate_of_counts then 'rate of published counts'
        when chosen.basis_in_window = 'published' then 'published'
        when chosen.basis_in_window = 'combined_area' then 'published for a joint area'
        when chosen.basis_in_window = 'predecessor' then 'boundary change'
        when markers.marker = 'x' then 'suppressed in source'
        when markers.marker = 'NA' then 'missing or suppressed in source'
        when markers.marker = 'u' then 'unreliable in source'
        when markers.marker = 'c' then 'confidential in source'
        when markers.marker = 'z' then 'not applicable in source'
        when markers.marker = 'not a true zero' then 'zero in source is not a true zero'
        when published_types.donor_type is null then 'not published at this tier'
        else 'missing in source'
    end as value_basis_reason,
    chosen.source_id,
    chosen.source_area_code,
    coalesce(chosen.value, estimates.value) as value,
    chosen.lower_95,
    chosen.upper_95,
    chosen.period_start_date,
    coalesce(chosen.last_period_end_date, chosen.period_end_date, estimates.period_end_date) as period_end_date,
    -- The period that the figure stands for: of a mean over years its last year, whether that has a figure or not.
    coalesce(chosen.period_end_date, estimates.period_end_date) as series_period_end_date
from authorities
cross join indicators
left join chosen
    on
        authorities.authority_code = chosen.authority_code
        and indicators.indicator_id = chosen.indicator_id
left join {{ ref('int_estimates') }} as estimates
    on
        authorities.authority_code = estimates.authority_code
        and indicators.indicator_id = estimates.indicator_id
left join markers
    on
        authorities.authority_code = markers.authority_code
        and indicators.indicator_id = markers.indicator_id
left join published_types
    on
        authorities.donor_type = published_types.donor_type
        and indicators.indicator_id = published_types.indicator_id
