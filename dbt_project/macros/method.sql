{# The test of the method, to nine decimals: outliers are treated where both hold. Three ties of four have a skewness of 2. #}
{% macro is_skewed(skewness, kurtosis) -%}
    (round(abs({{ skewness }}), 9) > 2 and round({{ kurtosis }}, 9) > 3.5)
{%- endmacro %}

{# A value's place between the bounds that it is cut to, from -1/2 to 1/2: skewness and kurtosis stay, their sums stay small. #}
{% macro place_in_bounds(value, lower, upper) -%}
    (greatest(least({{ value }}, {{ upper }}), {{ lower }}) - ({{ lower }} + {{ upper }}) / 2) / nullif({{ upper }} - {{ lower }}, 0)
{%- endmacro %}

{# Rank 1 is the greatest need, ties share the lower number; scores count to nine decimals. #}
{% macro need_rank(score, partition=none) -%}
    cast(rank() over (
        {%- if partition %} partition by {{ partition }}{% endif %} order by round({{ score }}, 9) desc
    ) as bigint)
{%- endmacro %}

{# The group of equal size that a rank falls in, 1 with the greatest need: of 5, the fifth. #}
{% macro rank_group(rank, units, groups) -%}
    ceil({{ groups }}e0 * {{ rank }} / {{ units }})
{%- endmacro %}

{# Share of the other units that have less need, in percent. #}
{% macro percentile(rank, units) -%}
    1e2 * ({{ units }} - {{ rank }}) / ({{ units }} - 1)
{%- endmacro %}

{#
To twelve significant digits: a figure that is a sum differs from an equal one that was published by its rounding error, and
not by the same one on every engine.
#}
{% macro significant(column) -%}
    {%- set magnitude = "power(1e1, floor(log10(abs(nullif(" ~ column ~ ", 0)))))" -%}
    coalesce(round({{ column }} / {{ magnitude }}, 11) * {{ magnitude }}, {{ column }})
{%- endmacro %}
