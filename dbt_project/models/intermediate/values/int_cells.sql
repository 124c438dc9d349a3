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

    select * from {{ ref('int_figure_candidates') }}

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

-- What the newest of a council's own rows in the window says where it gives no figure.
markers as (

    {{ first_row_of_each('gaps', 'indicator_id, authority_code', 'period_end_date desc') }}

),

-- Types of council for which the source publishes nothing at all in the window.
published_types as (

    select distinct
        candidates.indicator_id,
        authorities.donor_type
    from candidates
    inner join authorities
        on candidates.authority_code = authorities.authority_code
    inner join windows
        on
            candidates.indicator_id = windows.indicator_id
            and candidates.period_end_date >= windows.oldest_period_end_date
    where candidates.value_basis = 'published'

),

recent as (

    select candidates.*
    from candidates
    inner join windows
        on
            candidates.indicator_id = windows.indicator_id
            and candidates.period_end_date >= windows.oldest_period_end_date

),

stale as (

    select candidates.*
    from candidates
    inner join windows
        on
            candidates.indicator_id = windows.indicator_id
            and candidates.period_end_date < windows.oldest_period_end_date
    where candidates.value_basis = 'published'

),

options as (

    select
        indicator_id,
        source_id,
        authority_code,
        value_basis,
        basis_rank,
        source_area_code,
        value,
        lower_95,
        upper_95,
        is_rate_of_counts,
        period_start_date,
        period_end_date
    from recent

    union all

    select
        indicator_id,
        source_id,
        authority_code,
        'stale' as value_basis,
        6 as basis_rank,
        source_area_code,
        value,
        lower_95,
        upper_95,
        is_rate_of_counts,
        period_start_date,
        period_end_date
    from stale

    union all

    select
        indicator_id,
        cast(null as {{ dbt.type_string() }}) as source_id,
        authority_code,
        'estimated' as value_basis,
        7 as basis_rank,
        cast(null as {{ dbt.type_string() }}) as source_area_code,
        value,
        cast(null as double) as lower_95,
        cast(null as double) as upper_95,
        false as is_rate_of_counts,
        cast(null as date) as period_start_date,
        period_end_date
    from {{ ref('int_estimates') }}

),

chosen as (

    {{ first_row_of_each('options', 'indicator_id, authority_code', 'basis_rank, period_end_date desc') }}

)

select
    authorities.authority_code,
    indicators.indicator_id,
    chosen.value_basis,
    case
        when chosen.value_basis = 'published' and chosen.is_rate_of_counts then 'rate of published counts'
        when chosen.value_basis = 'published' then 'published'
        when chosen.value_basis = 'combined_area' then 'published for a joint area'
        when chosen.value_basis = 'predecessor' then 'boundary change'
        when markers.marker = 'x' then 'suppressed in source'
        when markers.marker = 'NA' then 'missing or suppressed in source'
        when markers.marker = 'u' then 'unreliable in source'
        when markers.marker = 'c' then 'confidential in source'
        when markers.marker = 'z' then 'not applicable in source'
        when markers.marker = 'no true zero' then 'zero in source is no true zero'
        when published_types.donor_type is null then 'not published at this tier'
        else 'missing in source'
    end as value_basis_reason,
    chosen.source_id,
    chosen.source_area_code,
    chosen.value,
    chosen.lower_95,
    chosen.upper_95,
    chosen.period_start_date,
    chosen.period_end_date
from authorities
cross join indicators
left join chosen
    on
        authorities.authority_code = chosen.authority_code
        and indicators.indicator_id = chosen.indicator_id
left join markers
    on
        authorities.authority_code = markers.authority_code
        and indicators.indicator_id = markers.indicator_id
left join published_types
    on
        authorities.donor_type = published_types.donor_type
        and indicators.indicator_id = published_types.indicator_id
