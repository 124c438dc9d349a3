{# Fixed-size arrays and lists, which engines handle under different names. #}

{#
    The values of a group as one array of var array_length, in the order of a column, padded with zeros. Arrays of one
    size are several times as fast as lists. A group with a missing value has none; a longer one stops the build.
#}
{% macro array_of(value, order_by) %}{{ return(adapter.dispatch('array_of')(value, order_by)) }}{% endmacro %}
{% macro duckdb__array_of(value, order_by) -%}
    cast(
        case
            when count(*) > {{ var('array_length') }} then error('var array_length is less than the leaves of a branch')
            when count({{ value }}) = count(*)
                then list_resize(list({{ value }} order by {{ order_by }}), {{ var('array_length') }}, 0e0)
        end as double[{{ var('array_length') }}]
    )
{%- endmacro %}

{# Sum of the products of two arrays. #}
{% macro inner_product(array, other_array) %}{{ return(adapter.dispatch('inner_product')(array, other_array)) }}{% endmacro %}
{% macro duckdb__inner_product(array, other_array) %}array_inner_product({{ array }}, {{ other_array }}){% endmacro %}
{# One row for each whole number from `first` to `last`, as column `number`. #}
{% macro numbers(first, last) %}{{ return(adapter.dispatch('numbers')(first, last)) }}{% endmacro %}
{% macro duckdb__numbers(first, last) %}select range as number from range({{ first }}, {{ last }} + 1){% endmacro %}
{# A quantile, interpolated linearly between the values. #}
{% macro quantile(expression, share) %}{{ return(adapter.dispatch('quantile')(expression, share)) }}{% endmacro %}
{% macro duckdb__quantile(expression, share) %}quantile_cont({{ expression }}, {{ share }}){% endmacro %}
{# Values of a group as one list, in the order of a column. #}
{% macro list_of(value, order_by) %}{{ return(adapter.dispatch('list_of')(value, order_by)) }}{% endmacro %}
{% macro duckdb__list_of(value, order_by) %}list({{ value }} order by {{ order_by }}){% endmacro %}
{# One row for each place of two lists of equal length. #}
{% macro side_by_side(relation, columns, list_a, list_b) %}{{ return(adapter.dispatch('side_by_side')(relation, columns, list_a, list_b)) }}{% endmacro %}
{% macro duckdb__side_by_side(relation, columns, list_a, list_b) -%}
    select
        {{ columns }},
        unnest({{ list_a }}) as element_a,
        unnest({{ list_b }}) as element_b
    from {{ relation }}
{%- endmacro %}
