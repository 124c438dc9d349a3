-- National milestones that put a number on an indicator, each with its source.
with

stated as (

    select * from {{ ref('stg_framework_nodes') }}
    where
        unit_type = 'authority'
        and aggregation is null

),

placed as (

    select
        stated.stated_node_id as indicator_id,
        nodes.branch_id,
        nodes.direction,
        case when stated.framework_id = '{{ var('framework') }}' then 1 else 2 end as framework_rank,
        stated.framework_id
    from stated
    inner join {{ ref('int_framework_nodes') }} as nodes
        on stated.node_id = nodes.node_id

),

-- What the framework in force no longer has keeps the mission and direction that it had in another.
nodes as (

    {{ first_row_of_each('placed', 'indicator_id', 'framework_rank, framework_id') }}

),

-- Missions go by the id that their own framework gives them.
missions as (

    select
        node_id,
        stated_node_id as mission_id
    from {{ ref('stg_framework_nodes') }}

)

select
    milestones.milestone_id,
    milestones.indicator_id,
    missions.mission_id,
    milestones.milestone_title,
    milestones.statement,
    indicators.unit,
    case nodes.direction when 1 then 'at most' else 'at least' end as target_is,
    milestones.scope,
    milestones.caveat,
    milestones.source_title,
    milestones.publisher,
    milestones.source_page,
    milestones.target_value,
    milestones.is_exact_measure,
    milestones.target_date,
    milestones.published_date
from {{ ref('stg_milestones') }} as milestones
inner join nodes
    on milestones.indicator_id = nodes.indicator_id
inner join missions
    on nodes.branch_id = missions.node_id
inner join {{ ref('stg_indicators') }} as indicators
    on milestones.indicator_id = indicators.indicator_id
