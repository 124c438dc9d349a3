-- Treated values, turned so that higher is greater need and normalised against the reference set.
with

nodes as (

    select * from {{ ref('int_framework_nodes') }}

),

units as (

    select * from {{ ref('int_index_units') }}

),

-- A leaf whose gaps are filled has a row for every unit.
treated_values as (

    select
        unit_id,
        node_id,
        value_treated
    from {{ ref('int_treated_values') }}

    union all

    select
        gaps.unit_id,
        gaps.node_id,
        cast(null as double) as value_treated
    from (
        select
            units.unit_id,
            nodes.node_id
        from nodes
        cross join units
        where
            nodes.fill is not null
            and nodes.is_leaf
    ) as gaps
    left join {{ ref('int_treated_values') }} as treated
        on
            gaps.unit_id = treated.unit_id
            and gaps.node_id = treated.node_id
    where treated.unit_id is null

),

{{ normalise('normalised', 'treated_values', 'value_treated', 'nodes', 'units', is_aggregated=false) }}

select
    unit_id,
    node_id,
    cast(score as double) as score
from normalised
