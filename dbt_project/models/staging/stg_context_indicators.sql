-- Indicators that an earlier framework had and that are shown beside the index.
select
    indicator_id,
    indicator_title,
    definition,
    numerator,
    denominator,
    caveat,
    short_low,
    short_high,
    decimals,
    publisher_page,
    release_date,
    next_release_date,
    date_precision,
    why_left
from {{ source('raw', 'context_indicator') }}
