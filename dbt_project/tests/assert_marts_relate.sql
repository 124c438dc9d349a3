-- Every key of a fact is in its dimension.
{{ config(meta={'dagster': {'ref': {'name': 'indicator_score'}}}) }}
{% set references = [
    ('indicator_value', 'authority_code', 'dim_authority', 'authority_code'),
    ('indicator_value', 'indicator_id', 'dim_indicator', 'indicator_id'),
    ('indicator_score', 'indicator_id', 'dim_indicator', 'indicator_id'),
    ('indicator_score', 'mission_id', 'dim_mission', 'mission_id'),
    ('indicator_benchmark', 'indicator_id', 'dim_indicator', 'indicator_id'),
    ('indicator_treatment', 'indicator_id', 'dim_indicator', 'indicator_id'),
    ('mission_index', 'mission_id', 'dim_mission', 'mission_id'),
    ('authority_peer', 'authority_code', 'dim_authority', 'authority_code'),
    ('authority_peer', 'peer_code', 'dim_authority', 'authority_code'),
    ('dim_area_code', 'authority_code', 'dim_authority', 'authority_code'),
    ('coming_council', 'authority_code', 'dim_authority', 'authority_code'),
    ('dim_authority', 'county_code', 'dim_authority', 'authority_code'),
    ('index_trend', 'authority_code', 'dim_authority', 'authority_code'),
    ('index_trend_basket', 'indicator_id', 'dim_indicator', 'indicator_id'),
    ('indicator_trend', 'authority_code', 'dim_authority', 'authority_code'),
    ('indicator_trend', 'indicator_id', 'dim_indicator', 'indicator_id'),
    ('dim_milestone', 'mission_id', 'dim_mission', 'mission_id'),
    ('dim_indicator', 'theme_id', 'dim_theme', 'theme_id'),
    ('dim_theme', 'mission_id', 'dim_mission', 'mission_id'),
    ('theme_index', 'theme_id', 'dim_theme', 'theme_id'),
    ('theme_index', 'authority_code', 'dim_authority', 'authority_code'),
    ('milestone_progress', 'milestone_id', 'dim_milestone', 'milestone_id'),
    ('dim_indicator', 'mission_id', 'dim_mission', 'mission_id'),
    ('small_area_score', 'indicator_id', 'small_area_indicator', 'indicator_id'),
    ('small_area_index', 'authority_code', 'dim_authority', 'authority_code'),
    ('authority_inequality', 'authority_code', 'dim_authority', 'authority_code')
] %}
{% for mart, column, dimension, key in references %}
select
    '{{ mart }}.{{ column }}' as reference,
    facts.{{ column }} as missing_key
from {{ ref(mart) }} as facts
left join {{ ref(dimension) }} as dimension
    on facts.{{ column }} = dimension.{{ key }}
where
    facts.{{ column }} is not null
    and dimension.{{ key }} is null
{% if not loop.last %}union all{% endif %}
{% endfor %}
