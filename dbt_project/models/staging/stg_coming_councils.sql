-- Councils proposed or ordered, and the councils of today that go into them.
select
    council_name,
    authority_code,
    county_name,
    vesting_date,
    extent
from {{ source('raw', 'coming_council') }}
