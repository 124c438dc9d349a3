-- Each leaf of the framework in force or of small areas is an indicator with a measure and a definition, each is a leaf, weights sum to 1.
{{ config(meta={'dagster': {'ref': {'name': 'dim_indicator'}}}) }}
with

leaves as (

    select nodes.node_id
    from {{ ref('int_framework_nodes') }} as nodes
    inner join {{ ref('stg_framework_nodes') }} as stated
        on nodes.node_id = stated.node_id
    where
        nodes.is_leaf
        and stated.framework_id in ('{{ var('framework') }}', 'small_area')

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

union all

select
    coalesce(indicators.indicator_id, definitions.indicator_id) as node_id,
    'is an indicator of the framework or has a definition, not both' as problem
from {{ ref('dim_indicator') }} as indicators
full outer join {{ ref('stg_indicator_definitions') }} as definitions
    on indicators.indicator_id = definitions.indicator_id
where
    indicators.indicator_id is null
    or definitions.indicator_id is null

union all

-- What another framework has is one of the indicators that figures are made for.
select
    stated.node_id,
    'is a leaf of another framework and no indicator' as problem
from {{ ref('stg_framework_nodes') }} as stated
left join {{ ref('stg_indicators') }} as indicators
    on stated.stated_node_id = indicators.indicator_id
where
    stated.unit_type = 'authority'
    and stated.aggregation is null
    and indicators.indicator_id is null
