-- Crimes by Community Safety Partnership, police force totals and unassigned crimes, as published.
{% for source_id in sources_with_layout('partnership_count') %}
select
    '{{ source_id }}' as source_id,
    force_code,
    partnership_code,
    partnership_name,
    authority_code,
    measure,
    period_start_date,
    period_end_date,
    value
from {{ source('raw', source_id) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
