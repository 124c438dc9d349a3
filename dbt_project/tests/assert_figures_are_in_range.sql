-- Percentages are between 0 and 100, and nothing that is counted or measured is negative.
{{ config(meta={'dagster': {'ref': {'name': 'indicator_value'}}}) }}
select
    figures.authority_code,
    figures.indicator_id,
    figures.value,
    figures.value_lower_95,
    figures.value_upper_95,
    figures.period_end_date
from {{ ref('indicator_value') }} as figures
inner join {{ ref('dim_indicator') }} as indicators
    on figures.indicator_id = indicators.indicator_id
where
    not {{ is_finite('figures.value') }}
    -- A stock of dwellings may shrink, and growth with it; a score of the Indices of Deprivation is around 0.
    or (figures.value < 0 and figures.indicator_id not in ('net_additional_dwellings', 'mental_ill_health'))
    or (indicators.unit = '%' and figures.value > 100)
    or figures.value < figures.value_lower_95 - 0.1
    or figures.value > figures.value_upper_95 + 0.1
    or figures.period_start_date > figures.period_end_date
