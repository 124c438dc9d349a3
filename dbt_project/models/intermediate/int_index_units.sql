select
    authority_code as unit_id,
    is_in_reference_set
from {{ ref('int_authorities') }}
