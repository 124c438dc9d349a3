-- Themes that group indicators for display.
select
    theme_id,
    theme_title
from {{ source('raw', 'theme') }}
