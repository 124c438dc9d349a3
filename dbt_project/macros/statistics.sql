{# Functions whose name or form differs between engines. #}

{% macro years_before(date_expression, years) %}{{ return(adapter.dispatch('years_before')(date_expression, years)) }}{% endmacro %}
{% macro duckdb__years_before(date_expression, years) %}cast({{ date_expression }} - to_years({{ years }}) as date){% endmacro %}
{% macro is_finite(expression) %}{{ return(adapter.dispatch('is_finite')(expression)) }}{% endmacro %}
{% macro duckdb__is_finite(expression) %}isfinite({{ expression }}){% endmacro %}
{# A mean whose rounding error does not grow with the number of values. #}
{% macro precise_mean(expression) %}{{ return(adapter.dispatch('precise_mean')(expression)) }}{% endmacro %}
{% macro duckdb__precise_mean(expression) %}favg({{ expression }}){% endmacro %}
{# A number in a JSON object; null where the object or the key is missing. #}
{% macro json_number(json, key) %}{{ return(adapter.dispatch('json_number')(json, key)) }}{% endmacro %}
{% macro duckdb__json_number(json, key) %}cast(json_extract_string({{ json }}, '$.{{ key }}') as double){% endmacro %}
{# A text, a number or a truth in a JSON object, as text; null where the object or the key is missing. #}
{% macro json_text(json, key) %}{{ return(adapter.dispatch('json_text')(json, key)) }}{% endmacro %}
{% macro duckdb__json_text(json, key) %}json_extract_string({{ json }}, '$.{{ key }}'){% endmacro %}
{#
Skewness and excess kurtosis in their unbiased (sample) forms, from sums of powers: any engine has these, and they are many
times faster than skewness() and kurtosis(). Null where there is no spread. The values must lie about zero and be of a size
near 1, or the sums lose digits: see place_in_bounds.
#}
{% macro power_sums(x) -%}
    count({{ x }}) as n,
    sum({{ x }}) / count({{ x }}) as m,
    sum({{ x }} * {{ x }}) as sum_2,
    sum({{ x }} * {{ x }} * {{ x }}) as sum_3,
    sum({{ x }} * {{ x }} * {{ x }} * {{ x }}) as sum_4
{%- endmacro %}

{# Both read the columns of power_sums: n, m, sum_2, sum_3, sum_4. #}
{% macro skewness_of_power_sums() -%}
    case
        when n > 2
            then
                sqrt(n) * (sum_3 - 3 * m * sum_2 + 2 * n * power(m, 3)) / power(sum_2 - n * power(m, 2), 1.5)
                * sqrt(cast(n as double) * (n - 1)) / (n - 2)
    end
{%- endmacro %}

{% macro kurtosis_of_power_sums() -%}
    case
        when n > 3
            then
                ((n + 1)
                * (n * (sum_4 - 4 * m * sum_3 + 6 * power(m, 2) * sum_2 - 3 * n * power(m, 4)) / power(sum_2 - n * power(m, 2), 2) - 3)
                + 6) * (n - 1) / ((n - 2) * (n - 3))
    end
{%- endmacro %}
{# The rank of a value among those of its partition; ties share the mean of their ranks, as Spearman's correlation needs. #}
{% macro mean_rank(value, partition) -%}
    rank() over (partition by {{ partition }} order by {{ value }})
    + (count(*) over (partition by {{ partition }}, {{ value }}) - 1) / 2e0
{%- endmacro %}

{# The correlation of each two nodes as two rows, so that either can be looked up first. #}
{% macro in_both_orders(correlations) -%}
    select
        node_id,
        other_node_id,
        correlation
    from {{ correlations }}

    union all

    select
        other_node_id as node_id,
        node_id as other_node_id,
        correlation
    from {{ correlations }}
{%- endmacro %}
