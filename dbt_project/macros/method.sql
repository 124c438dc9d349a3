{# The test of the method: outliers are treated where both hold. #}
{% macro is_skewed(skewness, kurtosis) -%}
    (abs({{ skewness }}) > 2 and {{ kurtosis }} > 3.5)
{%- endmacro %}

{# A value's place in the reference set: (x - mean) / standard deviation over n - 1; null where there is no spread. #}
{% macro z_score(value, is_in_reference_set, partition) -%}
    ({{ value }} - avg(case when {{ is_in_reference_set }} then {{ value }} end) over (partition by {{ partition }}))
    / nullif(stddev_samp(case when {{ is_in_reference_set }} then {{ value }} end) over (partition by {{ partition }}), 0)
{%- endmacro %}

{# Rank 1 is the greatest need, ties share the lower number; scores count to nine decimals. #}
{% macro need_rank(score, partition=none) -%}
    rank() over (
        {%- if partition %} partition by {{ partition }}{% endif %} order by round({{ score }}, 9) desc
    )
{%- endmacro %}

{# Share of the other units that have less need, in percent. #}
{% macro percentile(rank, units) -%}
    100.0 * ({{ units }} - {{ rank }}) / ({{ units }} - 1)
{%- endmacro %}
