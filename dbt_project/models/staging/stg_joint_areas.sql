select
    joint_area_code,
    authority_code
from {{ source('raw', 'joint_area') }}
