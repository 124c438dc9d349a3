{# Types as Spark names them: contracts say varchar. #}
{% macro spark__cast(field, type) -%}
    cast({{ field }} as {{ 'string' if type == 'varchar' else type }})
{%- endmacro %}

{# dbt-spark's own leaves the texts in no order. #}
{% macro spark__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
    listagg({{ measure }}, {{ delimiter_text }}) within group ({{ order_by_clause }})
{%- endmacro %}
