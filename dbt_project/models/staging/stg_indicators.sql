-- The indicators and how their figures are made.
select
    indicator_id,
    theme_id,
    unit,
    weighting_population,
    rate_denominator,
    rate_multiplier,
    pooled_periods,
    caveat
from {{ source('raw', 'indicator') }}
