-- The nodes of every framework: the one in force of councils, other ones of councils, and that of small areas. Ids of a framework
-- that is not in force begin with its name, as its indicators are partly the same.
{% for seed in sources_with_layout('framework') %}
{% set framework = seed | replace('_framework', '') %}
{% set prefix = "" if framework in (var('framework'), 'small_area') else "'" ~ framework ~ ".' || " %}
select
    {{ prefix ~ 'node_id as node_id' if prefix else 'node_id' }},
    '{{ framework }}' as framework_id,
    '{{ 'small_area' if framework == 'small_area' else 'authority' }}' as unit_type,
    node_id as stated_node_id,
    {{ prefix ~ 'parent_id as parent_id' if prefix else 'parent_id' }},
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
