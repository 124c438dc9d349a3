{{ config(meta={'dagster': {'ref': {'name': 'authority_profile'}}}) }}
-- No council is dropped or doubled by a join: each mart has its rows for every one of the 317, and knows no other.
{% set marts = {
    'authority_profile': 1,
    'composite_index': 1,
    'mission_index': 5,
    'indicator_score': 66,
    'indicator_coverage': 66
} %}
with

counted as (

    {% for mart, rows in marts.items() %}
    select
        '{{ mart }}' as mart,
        {{ rows }} as expected_rows,
        authorities.authority_code,
        count({{ mart }}.authority_code) as found_rows
    from {{ ref('dim_authority') }} as authorities
    full outer join {{ ref(mart) }} as {{ mart }}
        on authorities.authority_code = {{ mart }}.authority_code
    group by authorities.authority_code
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

values_by_authority as (

    select
        'indicator_value' as mart,
        66 as expected_rows,
        authorities.authority_code,
        -- Estimates are no figures: they stand in indicator_score alone.
        count(distinct indicator_values.indicator_id)
        + max(estimates.estimated) as found_rows
    from {{ ref('dim_authority') }} as authorities
    left join {{ ref('indicator_value') }} as indicator_values
        on authorities.authority_code = indicator_values.authority_code
    left join (
        select
            scores.authority_code,
            sum(case when scores.value_basis = 'estimated' and figures.indicator_id is null then 1 else 0 end) as estimated
        from {{ ref('indicator_score') }} as scores
        left join (
            select distinct
                authority_code,
                indicator_id
            from {{ ref('indicator_value') }}
        ) as figures
            on
                scores.authority_code = figures.authority_code
                and scores.indicator_id = figures.indicator_id
        group by scores.authority_code
    ) as estimates
        on authorities.authority_code = estimates.authority_code
    group by authorities.authority_code

)

select *
from (
    select * from counted
    union all
    select * from values_by_authority
) as checked
where
    authority_code is null
    or found_rows != expected_rows
