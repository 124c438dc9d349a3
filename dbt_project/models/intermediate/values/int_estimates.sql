-- Estimates for councils without any other figure: the median of the nearest group of donors.
with

authorities as (

    select * from {{ ref('int_authorities') }}

),

windows as (

    select * from {{ ref('int_indicator_windows') }}

),

recent_figures as (

    select
        figures.indicator_id,
        figures.authority_code,
        figures.value,
        figures.period_end_date,
        figures.basis_rank,
        authorities.donor_type,
        authorities.region_code,
        authorities.is_in_reference_set
    from {{ ref('int_authority_figures') }} as figures
    inner join authorities
        on figures.authority_code = authorities.authority_code
    inner join windows
        on
            figures.indicator_id = windows.indicator_id
            and figures.period_end_date >= windows.oldest_period_end_date
    where figures.value is not null

),

donors as (

    {{ first_row_of_each('recent_figures', 'indicator_id, authority_code, period_end_date', 'basis_rank') }}

),

medians as (

    select
        indicator_id,
        1 as group_rank,
        donor_type,
        region_code,
        period_end_date,
        median(value) as value,
        count(*) as donors
    from donors
    group by indicator_id, donor_type, region_code, period_end_date

    union all

    select
        indicator_id,
        2 as group_rank,
        donor_type,
        cast(null as {{ dbt.type_string() }}) as region_code,
        period_end_date,
        median(value) as value,
        count(*) as donors
    from donors
    group by indicator_id, donor_type, period_end_date

    union all

    select
        indicator_id,
        3 as group_rank,
        cast(null as {{ dbt.type_string() }}) as donor_type,
        cast(null as {{ dbt.type_string() }}) as region_code,
        period_end_date,
        median(value) as value,
        count(*) as donors
    from donors
    where is_in_reference_set
    group by indicator_id, period_end_date

),

offers as (

    select
        medians.indicator_id,
        authorities.authority_code,
        medians.group_rank,
        medians.value,
        medians.period_end_date
    from medians
    inner join authorities
        on
            (medians.donor_type is null or medians.donor_type = authorities.donor_type)
            and (medians.region_code is null or medians.region_code = authorities.region_code)
    where medians.donors >= {{ var('least_donors') }}

)

{{ first_row_of_each('offers', 'indicator_id, authority_code', 'group_rank, period_end_date desc') }}
