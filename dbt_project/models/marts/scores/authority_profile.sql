-- A council on one card: scores, ranks, bands and what drives them.
with

authorities as (

    select * from {{ ref('dim_authority') }}

),

composite as (

    select * from {{ ref('composite_index') }}

),

missions as (

    select
        {% for mission in var('missions') %}
        max(case when mission_id = '{{ mission }}' then need_score end) as {{ mission }}_need_score,
        max(case when mission_id = '{{ mission }}' then need_rank end) as {{ mission }}_need_rank,
        max(case when mission_id = '{{ mission }}' then need_band end) as {{ mission }}_need_band,
        max(case when mission_id = '{{ mission }}' then published_share end) as {{ mission }}_published_share,
        {% endfor %}
        authority_code
    from {{ ref('mission_index') }}
    group by authority_code

),

drivers as (

    select
        scores.authority_code,
        indicators.indicator_title,
        scores.contribution,
        row_number() over (
            partition by scores.authority_code
            order by scores.contribution desc, scores.indicator_id asc
        ) as place_from_top,
        row_number() over (
            partition by scores.authority_code
            order by scores.contribution, scores.indicator_id
        ) as place_from_bottom
    from {{ ref('indicator_score') }} as scores
    inner join {{ ref('dim_indicator') }} as indicators
        on scores.indicator_id = indicators.indicator_id

),

strongest as (

    select
        {% for place in range(1, 4) %}
        max(case when place_from_top = {{ place }} then indicator_title end) as raises_need_{{ place }},
        {% endfor %}
        {% for place in range(1, 4) %}
        max(case when place_from_bottom = {{ place }} then indicator_title end) as lowers_need_{{ place }},
        {% endfor %}
        authority_code
    from drivers
    group by authority_code

)

select
    authorities.authority_code,
    authorities.current_code,
    authorities.authority_name,
    authorities.authority_type,
    authorities.region_name,
    authorities.county_name,
    authorities.combined_authority_name,
    composite.need_band,
    {% for place in range(1, 4) %}
    strongest.raises_need_{{ place }},
    {% endfor %}
    {% for place in range(1, 4) %}
    strongest.lowers_need_{{ place }},
    {% endfor %}
    {% for mission in var('missions') %}
    missions.{{ mission }}_need_band,
    {% endfor %}
    authorities.population,
    composite.need_score,
    composite.need_rank,
    composite.need_rank_in_type,
    composite.need_decile,
    composite.published_share,
    {% for mission in var('missions') %}
    missions.{{ mission }}_need_score,
    missions.{{ mission }}_need_rank,
    missions.{{ mission }}_published_share,
    {% endfor %}
    composite.is_mostly_published,
    composite.is_too_uncertain_to_place
from authorities
inner join composite
    on authorities.authority_code = composite.authority_code
inner join missions
    on authorities.authority_code = missions.authority_code
inner join strongest
    on authorities.authority_code = strongest.authority_code
