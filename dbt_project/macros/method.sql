{# The test of the method, to nine decimals: outliers are treated where both hold. Three ties of four have a skewness of 2. #}
{% macro is_skewed(skewness, kurtosis) -%}
    (round(abs({{ skewness }}), 9) > 2 and round({{ kurtosis }}, 9) > 3.5)
{%- endmacro %}

{# A value's place between the bounds it is cut to, from -1/2 to 1/2: this keeps skewness and kurtosis, and their sums small. #}
{% macro place_in_bounds(value, lower, upper) -%}
    (greatest(least({{ value }}, {{ upper }}), {{ lower }}) - ({{ lower }} + {{ upper }}) / 2) / nullif({{ upper }} - {{ lower }}, 0)
{%- endmacro %}

{# Rank 1 is the greatest need, ties share the lower number; scores count to nine decimals. #}
{% macro need_rank(score, partition=none) -%}
    cast(rank() over (
        {%- if partition %} partition by {{ partition }}{% endif %} order by round({{ score }}, 9) desc
    ) as bigint)
{%- endmacro %}

{# The group of equal size that a rank falls in, 1 with the greatest need; with 5 groups, the fifth. #}
{% macro rank_group(rank, units, groups) -%}
    ceil({{ groups }}e0 * {{ rank }} / {{ units }})
{%- endmacro %}

{# Percentage of the other units with less need. #}
{% macro percentile(rank, units) -%}
    1e2 * ({{ units }} - {{ rank }}) / ({{ units }} - 1)
{%- endmacro %}

{#
To twelve significant digits: a figure that is a sum differs by its rounding error from an equal published one, and that
error differs between engines.
#}
{% macro significant(column) -%}
    {%- set magnitude = "power(1e1, floor(log10(abs(nullif(" ~ column ~ ", 0)))))" -%}
    coalesce(round({{ column }} / {{ magnitude }}, 11) * {{ magnitude }}, {{ column }})
{%- endmacro %}
