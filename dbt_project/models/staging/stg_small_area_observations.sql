-- Figures of small areas, as published.
{% for source_id in sources_with_layout('small_area_observation') %}
select
    '{{ source_id }}' as source_id,
    small_area_code,
    authority_code,
    measure,
    period_start_date,
    period_end_date,
    value
from {{ source('raw', source_id) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
