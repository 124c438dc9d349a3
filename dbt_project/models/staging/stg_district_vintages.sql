-- District codes of every vintage and the council of December 2024 that each belongs to.
select
    area_code,
    area_name,
    valid_from_date,
    valid_to_date,
    authority_code,
    relation
from {{ source('raw', 'district_vintage') }}
