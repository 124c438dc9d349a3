-- What each theme of a mission is.
select
    theme_id,
    definition
from {{ source('raw', 'theme_definition') }}
