-- The indicators and how their figures are made.
select
    indicator_id,
    unit,
    weighting_population,
    rate_denominator,
    rate_multiplier,
    pooled_periods,
    pooled_years,
    least_periods_of_year
from {{ source('raw', 'indicator') }}
