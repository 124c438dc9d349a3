{#
The means of the figures of `relation` over as many years as the indicator pools, for each period that an English area has as the last
one: at least two years. `relation` (indicator_id, the column `area`, value, lower_95, upper_95, period_start_date, period_end_date) has
one figure an area and period; `columns` are further ones with their expressions. Reads the CTE `indicators`. period_end_date is that of
the last year of the mean, whether it has a figure or not; first_ and last_period_end_date are those of the years that have. Limits:
the years' sampling errors are taken as independent.
#}
{% macro pooled_years(relation, area, columns) -%}
select
    figures.indicator_id,
    figures.{{ area }},
    {% for column, expression in columns.items() %}
    {{ expression }} as {{ column }},
    {% endfor %}
    avg(figures.value) as value,
    case
        when count(figures.lower_95) = count(*)
            then avg(figures.value) - sqrt(sum(power(figures.value - figures.lower_95, 2))) / count(*)
    end as lower_95,
    case
        when count(figures.upper_95) = count(*)
            then avg(figures.value) + sqrt(sum(power(figures.upper_95 - figures.value, 2))) / count(*)
    end as upper_95,
    count(*) as years_used,
    min(figures.period_start_date) as period_start_date,
    min(figures.period_end_date) as first_period_end_date,
    max(figures.period_end_date) as last_period_end_date,
    ends.period_end_date
from {{ relation }} as figures
inner join indicators
    on
        figures.indicator_id = indicators.indicator_id
        and indicators.pooled_years > 1
inner join (
    select distinct
        indicator_id,
        period_end_date
    from {{ relation }}
) as ends
    on
        figures.indicator_id = ends.indicator_id
        and figures.period_end_date <= ends.period_end_date
        and figures.period_end_date > {{ years_before('ends.period_end_date', 'cast(indicators.pooled_years as integer)') }}
group by figures.indicator_id, figures.{{ area }}, ends.period_end_date
having count(*) >= 2
{%- endmacro %}
