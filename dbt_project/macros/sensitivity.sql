{#
    Sensitivity indices by Jansen's estimators, from the design of Saltelli: `terms` has for each base draw and group the three
    terms below. All indices are means of one draw's terms, so that draws can be resampled for a bootstrap.
#}

{# Half the square of a difference of two independent runs: their mean is the variance. #}
{% macro variance_term(run_a, run_b) -%}
    power({{ run_a }} - {{ run_b }}, 2) / 2e0
{%- endmacro %}

{# Variance minus half the squared difference of two runs that share only the factor: what the factor explains by itself. #}
{% macro first_order_term(run_a, run_b, exchanged) -%}
    (power({{ run_a }} - {{ run_b }}, 2) - power({{ run_b }} - {{ exchanged }}, 2)) / 2e0
{%- endmacro %}

{# Half the square of the difference of two runs that share all but the factor: what remains uncertain while it is unknown. #}
{% macro total_order_term(run_a, exchanged) -%}
    power({{ run_a }} - {{ exchanged }}, 2) / 2e0
{%- endmacro %}
