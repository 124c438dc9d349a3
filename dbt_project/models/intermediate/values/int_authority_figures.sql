-- Figures of basis 1 to 3 on councils as the indicators are made of them: of one period, or means over years.
with

indicators as (

    select * from {{ ref('stg_indicators') }}

),

figures as (

    select * from {{ ref('int_annual_figures') }}

),

known as (

    select * from figures
    where value is not null

),

best_of_year as (

    {{ first_row_of_each('known', 'indicator_id, authority_code, period_end_date', 'basis_rank') }}

),

-- The last basis of the years used is that of their mean.
means as (

    {{ pooled_years('best_of_year', 'authority_code', {
        'source_id': 'max(figures.source_id)',
        'basis_rank': 'max(figures.basis_rank)',
        'source_area_code': "case when count(distinct figures.source_area_code) = 1 then max(figures.source_area_code) end",
        'part_weight': 'max_by(figures.part_weight, figures.period_end_date)',
        'weighting_people': 'max_by(figures.weighting_people, figures.period_end_date)',
        'pooled_years': 'max(indicators.pooled_years)',
    }) | indent(4) }}

)

select
    figures.indicator_id,
    figures.source_id,
    figures.authority_code,
    figures.value_basis,
    figures.basis_rank,
    figures.source_area_code,
    figures.marker,
    -- The markers of single years stay where there is no mean.
    case when coalesce(indicators.pooled_years, 1) = 1 then figures.value end as value,
    figures.lower_95,
    figures.upper_95,
    figures.part_weight,
    figures.weighting_people,
    cast(null as {{ dbt.type_string() }}) as years_used,
    figures.is_rate_of_counts,
    figures.period_start_date,
    figures.period_end_date as first_period_end_date,
    figures.period_end_date as last_period_end_date,
    figures.period_end_date
from figures
left join indicators
    on figures.indicator_id = indicators.indicator_id
left join means
    on
        figures.indicator_id = means.indicator_id
        and figures.authority_code = means.authority_code
        and figures.period_end_date = means.period_end_date
where
    coalesce(indicators.pooled_years, 1) = 1
    or (figures.value is null and means.value is null)

union all

select
    indicator_id,
    source_id,
    authority_code,
    case basis_rank
        {% for basis in var('value_bases')[:3] %}
        when {{ loop.index }} then '{{ basis }}'
        {% endfor %}
    end as value_basis,
    basis_rank,
    source_area_code,
    cast(null as {{ dbt.type_string() }}) as marker,
    value,
    lower_95,
    upper_95,
    part_weight,
    weighting_people,
    years_used || ' of ' || pooled_years || ' years' as years_used,
    false as is_rate_of_counts,
    period_start_date,
    first_period_end_date,
    last_period_end_date,
    period_end_date
from means
