-- Counties that became unitary councils.
select
    old_code,
    new_code,
    change_date,
    kind,
    share_of_old_county
from {{ source('raw', 'county_change') }}
