{# Need in a group of councils: how many of the 317 are in the most needy fifths, and the mean score of residents. #}
{% macro area_summary(code, name) %}
with

authorities as (

    select
        authority_code,
        {{ code }},
        {{ name }},
        population,
        is_in_reference_set
    from {{ ref('dim_authority') }}
    where {{ code }} is not null

),

need as (

    select * from {{ ref('int_need_index') }}

)

select
    authorities.{{ code }},
    need.index_id,
    authorities.{{ name }},
    count(*) as authorities,
    cast(sum(case when need.need_band = 'very high' then 1 else 0 end) as bigint) as in_most_needy_fifth,
    avg(case when need.need_band = 'very high' then 1.0 else 0.0 end) as share_in_most_needy_fifth,
    cast(sum(case when need.need_band in ('very high', 'high') then 1 else 0 end) as bigint) as in_most_needy_two_fifths,
    avg(case when need.need_band in ('very high', 'high') then 1.0 else 0.0 end) as share_in_most_needy_two_fifths,
    -- Counties are left out of the mean: their residents are counted in their districts.
    sum(case when authorities.is_in_reference_set then authorities.population * need.need_score end)
    / sum(case when authorities.is_in_reference_set then authorities.population end) as population_weighted_need_score
from authorities
inner join need
    on authorities.authority_code = need.authority_code
group by authorities.{{ code }}, need.index_id, authorities.{{ name }}
{% endmacro %}
