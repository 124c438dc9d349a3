-- DfE local authority numbers and the area each belongs to.
select
    la_number,
    la_name,
    area_code
from {{ source('raw', 'dfe_local_authority_number') }}
