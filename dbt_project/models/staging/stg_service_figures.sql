-- Figures of NHS bodies that serve several councils, as published.
{% for source_id in sources_with_layout('service_figure') %}
select
    '{{ source_id }}' as source_id,
    service_code,
    measure,
    period_start_date,
    period_end_date,
    value
from {{ source('raw', source_id) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
