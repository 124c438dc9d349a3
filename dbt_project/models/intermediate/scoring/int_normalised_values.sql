-- Treated values, turned so that higher is greater need and normalised against the reference set.
with

nodes as (

    select * from {{ ref('int_framework_nodes') }}

),

units as (

    select * from {{ ref('int_index_units') }}

),

treated_values as (

    select * from {{ ref('int_treated_values') }}

),

{{ normalise('normalised', 'treated_values', 'value_treated', 'nodes', 'units', is_aggregated=false) }}

select
    unit_id,
    node_id,
    cast(score as double) as score
from normalised
