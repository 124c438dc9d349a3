-- The published figure of each small area for each indicator, and how much need it means.
select
    small_area_values.small_area_code,
    small_area_values.indicator_id,
    small_area_values.value,
    scores.score as need_z
from {{ ref('int_small_area_values') }} as small_area_values
inner join {{ ref('int_normalised_values') }} as scores
    on
        small_area_values.small_area_code = scores.unit_id
        and small_area_values.indicator_id = scores.node_id
