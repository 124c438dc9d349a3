{# What change over time needs beyond the method: time between dates, scores between fixed goalposts. #}

{# Whole months, or days, from the first date to the last. #}
{% macro months_between(first, last) %}{{ return(adapter.dispatch('months_between')(first, last)) }}{% endmacro %}
{% macro duckdb__months_between(first, last) %}date_diff('month', {{ first }}, {{ last }}){% endmacro %}
{% macro days_between(first, last) %}{{ return(adapter.dispatch('days_between')(first, last)) }}{% endmacro %}
{% macro duckdb__days_between(first, last) %}date_diff('day', {{ first }}, {{ last }}){% endmacro %}
{#
    0 at the goalpost of little need, 100 at that of much need, linear in between. Beyond the goalposts a logarithm continues
    the line: more need always scores more, but no single figure can swamp a mission.
#}
{% macro goalpost_score(value, little_need, much_need) -%}
    {%- set place -%}
        (({{ value }} - ({{ little_need }})) / (({{ much_need }}) - ({{ little_need }})))
    {%- endset -%}
    100 * case
        when {{ place }} > 1 then 1 + ln({{ place }})
        when {{ place }} < 0 then -ln(1 - {{ place }})
        else {{ place }}
    end
{%- endmacro %}
