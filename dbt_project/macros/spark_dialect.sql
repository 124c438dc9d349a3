{# Spark's version of every dispatched macro: the only file that knows Spark. What each returns is described where it is dispatched. #}

{# Types as Spark names them: contracts say varchar. #}
{% macro spark__cast(field, type) -%}
    cast({{ field }} as {{ 'string' if type == 'varchar' else type }})
{%- endmacro %}

{# dbt-spark's own version leaves the texts unordered. #}
{% macro spark__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
    listagg({{ measure }}, {{ delimiter_text }}) within group ({{ order_by_clause }})
{%- endmacro %}

{# For arrays.sql. #}
{% macro spark__array_of(value, order_by) -%}
    case
        when count(*) > {{ var('array_length') }}
            then raise_error('var array_length is less than the leaves of a branch')
        when count({{ value }}) = count(*)
            then
                concat(
                    {{ spark__list_of(value, order_by) }},
                    array_repeat(0e0, cast({{ var('array_length') }} - count(*) as int))
                )
    end
{%- endmacro %}

{# Written out because Spark compiles a sum but interprets a lambda. #}
{% macro spark__inner_product(array, other_array) -%}
    ({% for place in range(var('array_length')) %}{{ array }}[{{ place }}] * {{ other_array }}[{{ place }}]{{ ' + ' if not loop.last }}{% endfor %})
{%- endmacro %}
{% macro spark__numbers(first, last) %}select id as number from range({{ first }}, {{ last }} + 1){% endmacro %}
{% macro spark__quantile(expression, share) %}percentile({{ expression }}, {{ share }}){% endmacro %}
{% macro spark__list_of(value, order_by) -%}
    transform(array_sort(collect_list(struct({{ order_by }} as place, {{ value }} as value))), x -> x.value)
{%- endmacro %}
{% macro spark__side_by_side(relation, columns, list_a, list_b) -%}
    select
        {{ columns }},
        pair.a as element_a,
        pair.b as element_b
    from {{ relation }}
    lateral view explode(zip_with({{ list_a }}, {{ list_b }}, (a, b) -> struct(a, b))) as pair
{%- endmacro %}

{# For change.sql. #}
{% macro spark__months_between(first, last) -%}
    cast((year({{ last }}) - year({{ first }})) * 12 + month({{ last }}) - month({{ first }}) as bigint)
{%- endmacro %}
{% macro spark__days_between(first, last) %}cast(datediff({{ last }}, {{ first }}) as bigint){% endmacro %}

{# For first_row_of_each.sql. #}
{% macro spark__first_row_of_each(relation, keys, order_by) -%}
    select * except (row_of_key)
    from (
        select
            *,
            row_number() over (partition by {{ keys }} order by {{ order_by }}) as row_of_key
        from {{ relation }}
    )
    where row_of_key = 1
{%- endmacro %}

{# For matrix.sql. #}
{% macro spark__list_element(values, position) %}element_at({{ values }}, cast({{ position }} as int)){% endmacro %}

{# The product of two rows. #}
{% macro spark__row_product(a, b) -%}
    aggregate(zip_with({{ a }}, {{ b }}, (x, y) -> x * y), cast(0 as double), (total, x) -> total + x)
{%- endmacro %}
{% macro spark__matrix_squared(matrix, divisor) -%}
    transform({{ matrix }}, a -> transform({{ matrix }}, b -> {{ spark__row_product('a', 'b') }} / {{ divisor }}))
{%- endmacro %}
{% macro spark__matrix_sum_of_squares(matrix) -%}
    aggregate(transform({{ matrix }}, a -> {{ spark__row_product('a', 'a') }}), cast(0 as double), (total, x) -> total + x)
{%- endmacro %}
{% macro spark__scaled_power(relation, key, matrix, squarings) -%}
    select
        {{ key }},
        aggregate(
            sequence(1, {{ squarings }}),
            {{ matrix }},
            (power, squaring) -> element_at(
                transform(array({{ matrix_sum_of_squares('power') }}), total -> {{ matrix_squared('power', 'total') }}), 1
            )
        ) as {{ matrix }}
    from {{ relation }}
{%- endmacro %}
{% macro spark__matrix_row_sums(matrix) -%}
    transform({{ matrix }}, a -> aggregate(a, cast(0 as double), (total, x) -> total + x))
{%- endmacro %}

{# For normalise.sql. #}
{% macro spark__beside_the_reference_set(name, is_aggregated) -%}
{{ name }}_described as (

    select
        *,
        case when is_weighted then weighted_mean else plain_mean end as mean,
        case
            when not coalesce(is_weighted, false) then plain_deviation
            when value_range is not null
                then
                    sqrt(
                        sum(case when is_in_reference_set then weight * power(directed_value - weighted_mean, 2) end)
                            over (partition by node_id)
                        / free_weight
                    )
        end as deviation
    from (
        select
            *,
            {{ reference_statistics('case when is_in_reference_set then directed_value end', ' over (partition by node_id)', is_aggregated) }},
            {{ places_among_reference('is_in_reference_set and directed_value is not null', is_aggregated) }}
        from {{ name }}_directed
    ) as beside

)
{%- endmacro %}

{# For source.sql. #}
{% macro spark__raw_relation(relation) -%}
    parquet.`{{ env_var('MISSIONS_BUILD', '../build') }}/raw/{{ relation.identifier }}.parquet`
{%- endmacro %}

{# For statistics.sql. #}
{% macro spark__years_before(date_expression, years) %}add_months({{ date_expression }}, -12 * {{ years }}){% endmacro %}
{% macro spark__is_finite(expression) %}(abs({{ expression }}) < double('infinity')){% endmacro %}
{% macro spark__precise_mean(expression) %}avg({{ expression }}){% endmacro %}
{% macro spark__json_number(json, key) %}cast(get_json_object({{ json }}, '$.{{ key }}') as double){% endmacro %}
{% macro spark__json_text(json, key) %}get_json_object({{ json }}, '$.{{ key }}'){% endmacro %}
{% macro spark__filled_from_the_group(relation) -%}
    select
        unit_id,
        node_id,
        value,
        case when fill is null then score else {{ score_or_that_of_the_group() }} end as score
    from {{ relation }}
{%- endmacro %}
