-- The published figure of each small area for each small-area indicator.
select
    observations.small_area_code,
    indicators.indicator_id,
    observations.authority_code,
    observations.value,
    observations.period_start_date,
    observations.period_end_date
from {{ ref('stg_small_area_observations') }} as observations
inner join {{ ref('stg_small_area_indicators') }} as indicators
    on
        observations.source_id = indicators.source_id
        and observations.measure = indicators.measure
