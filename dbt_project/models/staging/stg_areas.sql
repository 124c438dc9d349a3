-- Every area code that a seed may use.
select
    area_code,
    area_name,
    area_kind
from {{ source('raw', 'area') }}
