select
    la_number,
    la_name,
    area_code
from {{ source('raw', 'dfe_local_authority_number') }}
