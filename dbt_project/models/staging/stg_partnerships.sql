-- The Community Safety Partnership of each district.
select
    authority_code,
    partnership_code,
    partnership_name,
    police_force_code
from {{ source('raw', 'partnership') }}
