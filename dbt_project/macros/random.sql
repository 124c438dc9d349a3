{# Pseudo-random numbers by plain integer arithmetic, so that every engine and every build draws the same. #}

{# Numbers live below the prime 2^31 - 1: a product of two of them stays within a bigint. #}
{% macro random_modulus() -%}2147483647{%- endmacro %}

{# x -> x^5 modulo the prime, which maps the numbers below it one to one. Takes a column, not an expression: it is repeated. #}
{% macro scrambled(column) -%}
    (({{ column }} * {{ column }} % {{ random_modulus() }}) * ({{ column }} * {{ column }} % {{ random_modulus() }})
        % {{ random_modulus() }} * {{ column }} % {{ random_modulus() }})
{%- endmacro %}

{#
    `columns` of a relation and beside them `name`, a number of 0 to 2^31 - 2 for the seed and each combination of `numbers`
    (among the columns, whole and not negative). Each number is mixed in by a round of its own, followed by two more.
#}
{% macro with_random_key(relation, columns, numbers, name, seed=none) -%}
    {%- set first = (seed if seed is not none else var('uncertainty_seed')) * 16807 + 1013904223 -%}
    {%- set ns = namespace(query="select *, cast(" ~ (first % 2147483647) ~ " as bigint) as random_state from " ~ relation) -%}
    {%- for number in numbers -%}
        {%- set step = "(" ~ scrambled('random_state') ~ " + " ~ number ~ ") % " ~ random_modulus() -%}
        {%- set ns.query = "select " ~ columns ~ ", " ~ step ~ " as random_state from (" ~ ns.query ~ ") as mixed" -%}
    {%- endfor -%}
    {%- set ns.query = "select " ~ columns ~ ", " ~ scrambled('random_state') ~ " as random_state from (" ~ ns.query ~ ") as mixed" -%}
    select {{ columns }}, {{ scrambled('random_state') }} as {{ name }} from ({{ ns.query }}) as mixed
{%- endmacro %}

{# A number of 0 to 2^31 - 2 for two keys, made with the macro above: scramble the column that this gives. #}
{% macro joint_key(key, other_key) -%}
    ({{ key }} + {{ other_key }}) % {{ random_modulus() }}
{%- endmacro %}

{# Uniform on the open interval 0 to 1. #}
{% macro uniform(number) -%}
    (({{ number }} + 0.5e0) * {{ 1 / 2147483647 }})
{%- endmacro %}

{# A tail of the quantile below, for a uniform near zero. #}
{% macro standard_normal_tail(uniform) -%}
    {%- set t = "sqrt(-2e0 * ln(" ~ uniform ~ "))" -%}
    (((((-7.784894002430293e-03 * {{ t }} - 3.223964580411365e-01) * {{ t }} - 2.400758277161838e+00) * {{ t }}
        - 2.549732539343734e+00) * {{ t }} + 4.374664141464968e+00) * {{ t }} + 2.938163982698783e+00)
    / ((((7.784695709041462e-03 * {{ t }} + 3.224671290700398e-01) * {{ t }} + 2.445134137142996e+00) * {{ t }}
        + 3.754408661907416e+00) * {{ t }} + 1e0)
{%- endmacro %}

{#
    The standard normal quantile of a uniform column, by P. Acklam's rational approximation (relative error below 1.2e-9).
    It is repeated: take a column, not an expression.
#}
{% macro standard_normal(column) -%}
    {%- set q = "(" ~ column ~ " - 0.5e0)" -%}
    {%- set r = "(" ~ q ~ " * " ~ q ~ ")" -%}
    case
        when {{ column }} < 0.02425e0 then {{ standard_normal_tail(column) }}
        when {{ column }} > 0.97575e0 then -({{ standard_normal_tail('(1e0 - ' ~ column ~ ')') }})
        else
            (((((-3.969683028665376e+01 * {{ r }} + 2.209460984245205e+02) * {{ r }} - 2.759285104469687e+02) * {{ r }}
                + 1.383577518672690e+02) * {{ r }} - 3.066479806614716e+01) * {{ r }} + 2.506628277459239e+00) * {{ q }}
            / (((((-5.447609879822406e+01 * {{ r }} + 1.615858368580409e+02) * {{ r }} - 1.556989798598866e+02) * {{ r }}
                + 6.680131188771972e+01) * {{ r }} - 1.328068155288572e+01) * {{ r }} + 1e0)
    end
{%- endmacro %}
