{#
Need in a group of councils: how many of the 317 are in the fifths with the highest need, and the mean score of residents. `shares` is a
relation of councils that lie in several groups (authority_code, code, name, share_of_residents): a council then counts in the
group that has more than half of its residents, and weighs in each group by its residents there. Without it the groups are the
columns `code` and `name` of the councils. Reads dim_authority and int_need_index.
#}
{% macro area_summary(code, name, shares=none) %}
with

{% if shares %}
authorities as (

    select
        authorities.authority_code,
        shares.{{ code }},
        shares.{{ name }},
        authorities.population * shares.share_of_residents as residents,
        authorities.is_in_reference_set,
        shares.share_of_residents > 0.5 as is_counted
    from {{ ref('dim_authority') }} as authorities
    inner join {{ shares }} as shares
        on authorities.authority_code = shares.authority_code

),
{% else %}
authorities as (

    select
        authority_code,
        {{ code }},
        {{ name }},
        population as residents,
        is_in_reference_set,
        true as is_counted
    from {{ ref('dim_authority') }}
    where {{ code }} is not null

),
{% endif %}

need as (

    select * from {{ ref('int_need_index') }}

)

select
    authorities.{{ code }},
    need.index_id,
    authorities.{{ name }},
    cast(sum(case when authorities.is_counted then 1 else 0 end) as bigint) as authorities,
    cast(sum(case when authorities.is_counted and need.need_band = 'very high' then 1 else 0 end) as bigint)
        as in_most_needy_fifth,
    avg(case when authorities.is_counted then case when need.need_band = 'very high' then 1e0 else 0e0 end end)
        as share_in_most_needy_fifth,
    cast(sum(case when authorities.is_counted and need.need_band in ('very high', 'high') then 1 else 0 end) as bigint)
        as in_most_needy_two_fifths,
    avg(case when authorities.is_counted then case when need.need_band in ('very high', 'high') then 1e0 else 0e0 end end)
        as share_in_most_needy_two_fifths,
    -- Counties are left out of the mean: their residents are counted in their districts.
    sum(case when authorities.is_in_reference_set then authorities.residents * need.need_score end)
    / sum(case when authorities.is_in_reference_set then authorities.residents end) as population_weighted_need_score
    {%- if shares %},
    cast(sum(case when authorities.is_counted then 0 else 1 end) as bigint) as authorities_in_smaller_part,
    sum(case when authorities.is_in_reference_set then authorities.residents end) as residents
    {%- endif %}
from authorities
inner join need
    on authorities.authority_code = need.authority_code
group by authorities.{{ code }}, need.index_id, authorities.{{ name }}
{% endmacro %}
