-- The nodes of both frameworks: that of councils and that of small areas.
{% for seed, unit_type in [('framework', 'authority'), ('small_area_framework', 'small_area')] %}
select
    node_id,
    '{{ unit_type }}' as unit_type,
    parent_id,
    label,
    weight,
    direction,
    treatment,
    normalisation,
    normalisation_parameters,
    aggregation,
    least_share
from {{ source('raw', seed) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
