{# Draws of the index: how a drawn value is placed, and where it falls in the published distribution. #}

{#
    Where a value stands, in standard deviations of the reference set, by the parameters of one yardstick: cut, logged or not,
    and scaled; higher is greater need.
#}
{% macro place(value, yardstick) -%}
    {%- set cut -%}
    greatest(least({{ value }}, {{ yardstick }}.upper_bound), {{ yardstick }}.lower_bound)
    {%- endset -%}
    case
        when {{ yardstick }}.log_sign = 0 then {{ cut }}
        else ln({{ yardstick }}.log_offset + {{ yardstick }}.log_sign * {{ cut }})
    end * {{ yardstick }}.gain - {{ yardstick }}.centre
{%- endmacro %}

{# The published distribution is kept in steps of 1/64 standard deviation from -16 to 16. #}
{% macro distribution_steps() %}{{ return(2048) }}{% endmacro %}
{% macro distribution_step(z) %}least(greatest(({{ z }} + 16) * 64, 0), 2047.999e0){% endmacro %}

{# The row of int_place_distributions that holds the step of a place under a yardstick. #}
{% macro distribution_key(yardstick_number, z) -%}
    {{ yardstick_number }} * {{ distribution_steps() }} + cast(floor({{ distribution_step(z) }}) as bigint)
{%- endmacro %}

{# Share of the others with less need than a place, with straight lines between the steps; `distribution` is the row of its step. #}
{% macro share_below(distribution, z) -%}
    {{ distribution }}.share_below
    + {{ distribution }}.share_within * ({{ distribution_step(z) }} - floor({{ distribution_step(z) }}))
{%- endmacro %}
