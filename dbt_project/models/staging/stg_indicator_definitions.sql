-- What each indicator of the framework measures and why it is there.
select
    indicator_id,
    definition,
    numerator,
    denominator,
    why_here,
    caveat,
    short_low,
    short_high,
    decimals,
    publisher_page,
    release_date,
    next_release_date,
    date_precision
from {{ source('raw', 'indicator_definition') }}
