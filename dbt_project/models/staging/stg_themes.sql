select
    theme_id,
    theme_title
from {{ source('raw', 'theme') }}
