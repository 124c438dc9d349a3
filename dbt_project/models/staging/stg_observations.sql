-- Figures of every source in the observation layout, as published.
{% for source_id in sources_with_layout('observation') %}
select
    '{{ source_id }}' as source_id,
    area_code,
    measure,
    period_start_date,
    period_end_date,
    value,
    lower_95,
    upper_95,
    marker
from {{ source('raw', source_id) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
