-- Names of councils and areas in use beside the official ones.
select
    area_name,
    area_code,
    name_kind,
    until_date
from {{ source('raw', 'name') }}
