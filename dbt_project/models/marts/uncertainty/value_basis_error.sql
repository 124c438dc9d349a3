-- How far a value of each basis but published tends to be from the council's own.
select
    value_basis,
    error_sd,
    pairs,
    indicators
from {{ ref('int_basis_errors') }}
