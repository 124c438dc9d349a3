-- The framework of councils as published: every node with its weight and methods.
select
    node_id,
    parent_id,
    branch_id,
    label,
    treatment,
    normalisation,
    normalisation_parameters,
    aggregation,
    cast(direction as bigint) as direction,
    cast(depth as bigint) as depth,
    weight,
    weight_in_parent,
    effective_weight,
    least_share,
    is_leaf
from {{ ref('int_authority_nodes') }}
