-- Dated corrections of publishers' evident errors.
select
    correction_id,
    source_id,
    measure,
    area_code,
    from_period_end_date,
    to_period_end_date,
    published_value,
    action,
    corrected_code,
    noted_date,
    reason,
    proof
from {{ source('raw', 'correction') }}
