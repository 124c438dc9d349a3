select
    area_code,
    area_name,
    area_kind
from {{ source('raw', 'area') }}
