select
    node_id,
    parent_id,
    label,
    weight,
    direction,
    treatment,
    normalisation,
    normalisation_parameters,
    aggregation,
    least_share
from {{ source('raw', 'framework') }}
