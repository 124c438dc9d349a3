select
    value_basis,
    error_sd,
    pairs,
    indicators
from {{ ref('int_basis_errors') }}
