-- No council is dropped or doubled by a join: each mart has its rows for every one of the 317, and for no other.
-- (assert_scores_rest_on_figures checks that every score has its figure in indicator_value.)
{{ config(meta={'dagster': {'ref': {'name': 'authority_profile'}}}) }}
{% set dimensions_of_marts = {
    'authority_profile': none,
    'composite_index': none,
    'mission_index': 'dim_mission',
    'theme_index': 'dim_theme',
    'indicator_score': 'dim_indicator',
    'indicator_coverage': 'dim_indicator'
} %}
with

{% for mart, dimension in dimensions_of_marts.items() %}
{{ mart }}_rows as (

    select
        '{{ mart }}' as mart,
        authorities.authority_code,
        count({{ mart }}.authority_code) as found_rows,
        {% if dimension %}(select count(*) from {{ ref(dimension) }}){% else %}1{% endif %} as expected_rows
    from {{ ref('dim_authority') }} as authorities
    full outer join {{ ref(mart) }} as {{ mart }}
        on authorities.authority_code = {{ mart }}.authority_code
    group by authorities.authority_code

),
{% endfor %}

checked as (

    {% for mart in dimensions_of_marts %}
    select * from {{ mart }}_rows
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select *
from checked
where
    authority_code is null
    or found_rows != expected_rows
