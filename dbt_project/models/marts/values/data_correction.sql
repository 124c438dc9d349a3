-- Dated corrections of evident errors in published figures.
select
    corrections.correction_id,
    corrections.source_id,
    corrections.measure,
    corrections.area_code,
    areas.area_name,
    corrections.action,
    corrections.corrected_code,
    corrections.reason,
    corrections.proof,
    corrections.published_value,
    corrections.from_period_end_date,
    corrections.to_period_end_date,
    corrections.noted_date
from {{ ref('stg_corrections') }} as corrections
inner join {{ ref('stg_areas') }} as areas
    on corrections.area_code = areas.area_code
