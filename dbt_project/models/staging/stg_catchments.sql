-- Which share of a body's patients lives in which district.
{% for source_id in sources_with_layout('catchment') %}
select
    '{{ source_id }}' as source_id,
    service_code,
    area_code,
    share
from {{ source('raw', source_id) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
