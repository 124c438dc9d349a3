-- Every published figure, with partnership counts brought to councils and corrections applied.
with

partnership_counts as (

    select * from {{ ref('stg_partnership_counts') }}

),

-- A partnership inside one council gets that council's code, and several are added up. A joint one keeps its own code.
council_counts as (

    select
        source_id,
        case
            when authority_code = 'Combined Local Authorities' then partnership_code
            else authority_code
        end as area_code,
        measure,
        period_start_date,
        period_end_date,
        case when count(value) = count(*) then sum(value) end as value
    from partnership_counts
    where partnership_code is not null
    group by all

),

-- Force totals include unassigned crimes. The City of London has no force row, so its one partnership is used.
forces_with_total as (

    select distinct force_code
    from partnership_counts
    where partnership_name is null

),

england_counts as (

    select
        partnership_counts.source_id,
        'E92000001' as area_code,
        partnership_counts.measure,
        partnership_counts.period_start_date,
        partnership_counts.period_end_date,
        sum(partnership_counts.value) as value
    from partnership_counts
    left join forces_with_total
        on partnership_counts.force_code = forces_with_total.force_code
    where
        partnership_counts.partnership_name is null
        or forces_with_total.force_code is null
    group by all

),

-- Bodies that serve several councils carry their own codes.
service_figures as (

    select * from {{ ref('stg_service_figures') }}

),

counts as (

    select * from council_counts
    union all
    select * from england_counts

),

published as (

    select * from {{ ref('stg_observations') }}

    union all

    select
        source_id,
        area_code,
        measure,
        period_start_date,
        period_end_date,
        value,
        cast(null as double) as lower_95,
        cast(null as double) as upper_95,
        cast(null as {{ dbt.type_string() }}) as marker
    from counts

    union all

    select
        source_id,
        service_code as area_code,
        measure,
        period_start_date,
        period_end_date,
        value,
        cast(null as double) as lower_95,
        cast(null as double) as upper_95,
        cast(null as {{ dbt.type_string() }}) as marker
    from service_figures

),

corrections as (

    select * from {{ ref('stg_corrections') }}

)

select
    published.source_id,
    case when corrections.action = 'recode_area' then corrections.corrected_code else published.area_code end as area_code,
    published.measure,
    published.area_code as published_area_code,
    case when corrections.action = 'set_missing' then 'not a true zero' else published.marker end as marker,
    corrections.correction_id,
    case when corrections.action = 'set_missing' then null else published.value end as value,
    case when corrections.action = 'set_missing' then null else published.lower_95 end as lower_95,
    case when corrections.action = 'set_missing' then null else published.upper_95 end as upper_95,
    published.period_start_date,
    published.period_end_date
from published
left join corrections
    on
        published.source_id = corrections.source_id
        and published.area_code = corrections.area_code
        and (corrections.measure is null or published.measure = corrections.measure)
        and (corrections.from_period_end_date is null or published.period_end_date >= corrections.from_period_end_date)
        and (corrections.to_period_end_date is null or published.period_end_date <= corrections.to_period_end_date)
        and (corrections.published_value is null or published.value = corrections.published_value)
