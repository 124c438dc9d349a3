{# Symmetric matrices as lists of rows: the linear algebra that the audit needs. Engines differ in their functions on lists. #}

{% macro list_element(values, position) %}{{ return(adapter.dispatch('list_element')(values, position)) }}{% endmacro %}
{% macro duckdb__list_element(values, position) %}list_extract({{ values }}, {{ position }}){% endmacro %}
{# The matrix times itself, divided by a number: each element is the product of two rows. #}
{% macro matrix_squared(matrix, divisor) %}{{ return(adapter.dispatch('matrix_squared')(matrix, divisor)) }}{% endmacro %}
{% macro duckdb__matrix_squared(matrix, divisor) -%}
    list_transform({{ matrix }}, lambda a: list_transform({{ matrix }}, lambda b: list_dot_product(a, b) / {{ divisor }}))
{%- endmacro %}
{% macro matrix_sum_of_squares(matrix) %}{{ return(adapter.dispatch('matrix_sum_of_squares')(matrix)) }}{% endmacro %}
{% macro duckdb__matrix_sum_of_squares(matrix) -%}
    list_sum(list_transform({{ matrix }}, lambda a: list_dot_product(a, a)))
{%- endmacro %}
{#
    The matrix of each row of a relation, squared `squarings` times and scaled each time by its sum of squares, beside its key.
    Spark would nest the squares, 4^10 of them, so there a function passes the matrix from step to step.
#}
{% macro scaled_power(relation, key, matrix, squarings) -%}
    {{ return(adapter.dispatch('scaled_power')(relation, key, matrix, squarings)) }}
{%- endmacro %}
{% macro duckdb__scaled_power(relation, key, matrix, squarings) -%}
    with

    {% for squaring in range(squarings) %}
    power_{{ squaring + 1 }} as (

        select
            {{ key }},
            {{ matrix_squared(matrix, 'sum_of_squares') }} as {{ matrix }}
        from (
            select
                *,
                {{ matrix_sum_of_squares(matrix) }} as sum_of_squares
            from {{ relation if loop.first else 'power_' ~ squaring }}
        ) as powers

    ){{ ',' if not loop.last }}
    {% endfor %}

    select * from power_{{ squarings }}
{%- endmacro %}
{% macro matrix_row_sums(matrix) %}{{ return(adapter.dispatch('matrix_row_sums')(matrix)) }}{% endmacro %}
{% macro duckdb__matrix_row_sums(matrix) %}list_transform({{ matrix }}, lambda a: list_sum(a)){% endmacro %}
