-- Every score that is not an estimate uses the figure of that council, indicator and period in indicator_value.
{{ config(meta={'dagster': {'ref': {'name': 'indicator_score'}}}) }}
select
    scores.authority_code,
    scores.indicator_id,
    scores.value_basis,
    scores.value,
    figures.value as figure
from {{ ref('indicator_score') }} as scores
left join {{ ref('indicator_value') }} as figures
    on
        scores.authority_code = figures.authority_code
        and scores.indicator_id = figures.indicator_id
        and scores.period_end_date = figures.period_end_date
where
    scores.value_basis != 'estimated'
    and (figures.value is null or figures.value != scores.value)
