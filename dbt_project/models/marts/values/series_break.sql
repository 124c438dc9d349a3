-- Periods across which figures of an indicator cannot be compared, and why.
select
    series_break_id,
    indicator_id,
    kind,
    reason,
    source_page,
    from_period_end_date,
    to_period_end_date
from {{ ref('stg_series_breaks') }}
