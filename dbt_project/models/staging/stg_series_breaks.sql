-- Periods across which figures of an indicator cannot be compared.
select
    series_break_id,
    indicator_id,
    kind,
    from_period_end_date,
    to_period_end_date,
    reason,
    source_page
from {{ source('raw', 'series_break') }}
