{# Where a raw table is: in the build file of DuckDB; on Spark the Parquet file that both engines read. #}
{% macro source(source_name, table_name) %}
    {%- set relation = builtins.source(source_name, table_name) -%}
    {{- return(adapter.dispatch('raw_relation')(relation)) -}}
{% endmacro %}
{% macro raw_relation(relation) %}{{ return(adapter.dispatch('raw_relation')(relation)) }}{% endmacro %}
{% macro duckdb__raw_relation(relation) %}{{ return(relation) }}{% endmacro %}
