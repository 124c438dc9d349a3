{# Statistics whose name or form differs between engines. Unbiased (sample) forms; null where there is no spread. #}

{% macro sample_skewness(expression) %}{{ return(adapter.dispatch('sample_skewness')(expression)) }}{% endmacro %}
{# DuckDB gives NaN for values without spread, and holds NaN to be greater than any number. #}
{% macro duckdb__sample_skewness(expression) %}nullif(skewness({{ expression }}), 'nan'::double){% endmacro %}

{% macro sample_excess_kurtosis(expression) %}{{ return(adapter.dispatch('sample_excess_kurtosis')(expression)) }}{% endmacro %}
{% macro duckdb__sample_excess_kurtosis(expression) %}nullif(kurtosis({{ expression }}), 'nan'::double){% endmacro %}

{% macro years_before(date_expression, years) %}{{ return(adapter.dispatch('years_before')(date_expression, years)) }}{% endmacro %}
{% macro duckdb__years_before(date_expression, years) %}cast({{ date_expression }} - to_years({{ years }}) as date){% endmacro %}

{% macro is_finite(expression) %}{{ return(adapter.dispatch('is_finite')(expression)) }}{% endmacro %}
{% macro duckdb__is_finite(expression) %}isfinite({{ expression }}){% endmacro %}
