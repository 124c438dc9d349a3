-- National milestones that put a number on an indicator.
select
    milestone_id,
    milestone_title,
    indicator_id,
    statement,
    target_value,
    target_date,
    scope,
    is_exact_measure,
    caveat,
    source_title,
    publisher,
    published_date,
    source_page
from {{ source('raw', 'milestone') }}
