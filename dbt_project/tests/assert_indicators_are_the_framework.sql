-- Each leaf of a framework is an indicator with a measure, each indicator is a leaf, and weights sum to 1.
{{ config(meta={'dagster': {'ref': {'name': 'dim_indicator'}}}) }}
with

leaves as (

    select node_id from {{ ref('int_framework_nodes') }}
    where is_leaf

),

indicators as (

    select indicator_id from {{ ref('dim_indicator') }}

    union all

    select indicator_id from {{ ref('small_area_indicator') }}

),

profile_missions as (

    {% for mission in var('missions') %}
    select '{{ mission }}' as mission_id
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select
    coalesce(leaves.node_id, indicators.indicator_id) as node_id,
    'is a leaf or an indicator, not both' as problem
from leaves
full outer join indicators
    on leaves.node_id = indicators.indicator_id
where
    leaves.node_id is null
    or indicators.indicator_id is null

union all

select
    'composite' as node_id,
    'effective weights do not sum to 1' as problem
from {{ ref('dim_indicator') }}
having abs(sum(effective_weight) - 1) > 1e-12

union all

select
    nodes.node_id,
    'cannot be reached from the root' as problem
from {{ ref('stg_framework_nodes') }} as nodes
left join {{ ref('int_framework_nodes') }} as reached
    on nodes.node_id = reached.node_id
where reached.node_id is null

union all

select
    coalesce(missions.mission_id, profile_missions.mission_id) as node_id,
    'the variable missions of dbt_project.yml must name the branches of the framework' as problem
from {{ ref('dim_mission') }} as missions
full outer join profile_missions
    on missions.mission_id = profile_missions.mission_id
where
    missions.mission_id is null
    or profile_missions.mission_id is null
