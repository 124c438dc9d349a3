select
    node_id,
    parent_id,
    label,
    weight,
    direction,
    treatment,
    normalisation,
    normalisation_parameters,
    aggregation
from {{ source('raw', 'framework') }}
