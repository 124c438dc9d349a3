-- District code changes, with population weights.
select
    old_code,
    new_code,
    change_date,
    kind,
    weight_in_new,
    weight_basis
from {{ source('raw', 'district_change') }}
