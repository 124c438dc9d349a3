-- Joint areas that figures are published for, and their councils.
select
    joint_area_code,
    authority_code
from {{ source('raw', 'joint_area') }}
