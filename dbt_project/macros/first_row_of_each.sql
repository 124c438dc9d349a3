{# The first row of each group of `keys` under `order_by`, from a CTE or relation. Engines write this in different ways. #}
{% macro first_row_of_each(relation, keys, order_by) %}{{ return(adapter.dispatch('first_row_of_each')(relation, keys, order_by)) }}{% endmacro %}
{% macro duckdb__first_row_of_each(relation, keys, order_by) -%}
    select *
    from {{ relation }}
    qualify row_number() over (partition by {{ keys }} order by {{ order_by }}) = 1
{%- endmacro %}
