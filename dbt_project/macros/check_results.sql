{# The table checks.test_result in the build file: each data test with the result of its last run. A test whose models are
   built again has no result until it runs again, so that what is published can be held to every test of the manifest. #}

{% macro forget_results() %}
{#- At the start of a run: the tests that it is to run, and those of the models that it is to build, lose their results. -#}
{%- if execute and target.type == 'duckdb' and flags.WHICH in ('run', 'build', 'test') -%}
    {%- set stale = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'test' -%}
        {%- if node.unique_id in selected_resources or node.depends_on.nodes | select('in', selected_resources) | list -%}
            {%- set _ = stale.append("'" ~ node.unique_id ~ "'") -%}
        {%- endif -%}
    {%- endfor -%}
    create schema if not exists checks;
    create table if not exists checks.test_result (test_id varchar, status varchar, finished_at timestamp);
    {%- if stale %}
    delete from checks.test_result where test_id in ({{ stale | join(', ') }});
    {%- endif -%}
{%- endif -%}
{% endmacro %}

{% macro keep_results(results) %}
{#- At the end of a run: what its tests found. -#}
{%- if execute and target.type == 'duckdb' -%}
    {%- set found = [] -%}
    {%- for result in results if result.node.resource_type == 'test' -%}
        {%- set _ = found.append("('" ~ result.node.unique_id ~ "', '" ~ result.status ~ "', localtimestamp)") -%}
    {%- endfor -%}
    {%- if found %}
    insert into checks.test_result values {{ found | join(', ') }};
    {%- endif -%}
{%- endif -%}
{% endmacro %}
