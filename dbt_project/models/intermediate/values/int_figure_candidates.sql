-- Every figure of basis 1 to 6 that could fill a cell.
with

authority_figures as (

    select * from {{ ref('int_authority_figures') }}

),

authorities as (

    select * from {{ ref('int_authorities') }}

)

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
    years_used,
    is_rate_of_counts,
    period_start_date,
    first_period_end_date,
    last_period_end_date,
    period_end_date
from authority_figures
where value is not null

union all

select
    indicator_id,
    source_id,
    authority_code,
    case when is_own then 'published' else 'aggregated' end as value_basis,
    case when is_own then 1 else 4 end as basis_rank,
    case when is_own then authority_code end as source_area_code,
    value,
    cast(null as double) as lower_95,
    cast(null as double) as upper_95,
    cast(null as {{ dbt.type_string() }}) as years_used,
    false as is_rate_of_counts,
    period_start_date,
    period_end_date as first_period_end_date,
    period_end_date as last_period_end_date,
    period_end_date
from {{ ref('int_aggregated_figures') }}

union all

select
    indicator_id,
    source_id,
    authority_code,
    'modelled' as value_basis,
    5 as basis_rank,
    cast(null as {{ dbt.type_string() }}) as source_area_code,
    value,
    cast(null as double) as lower_95,
    cast(null as double) as upper_95,
    cast(null as {{ dbt.type_string() }}) as years_used,
    false as is_rate_of_counts,
    period_start_date,
    period_end_date as first_period_end_date,
    period_end_date as last_period_end_date,
    period_end_date
from {{ ref('int_modelled_figures') }}

union all

-- Only a county's own published figure is inherited, never an aggregate.
select
    authority_figures.indicator_id,
    authority_figures.source_id,
    authorities.authority_code,
    'inherited' as value_basis,
    6 as basis_rank,
    authority_figures.source_area_code,
    authority_figures.value,
    authority_figures.lower_95,
    authority_figures.upper_95,
    authority_figures.years_used,
    authority_figures.is_rate_of_counts,
    authority_figures.period_start_date,
    authority_figures.first_period_end_date,
    authority_figures.last_period_end_date,
    authority_figures.period_end_date
from authority_figures
inner join authorities
    on authority_figures.authority_code = authorities.county_code
where
    authority_figures.value_basis = 'published'
    and authority_figures.value is not null
