-- The missions, with their weights.
with

nodes as (

    select * from {{ ref('int_authority_nodes') }}

)

select
    missions.node_id as mission_id,
    missions.label as mission_name,
    count(*) as indicators,
    missions.weight,
    missions.effective_weight
from nodes as missions
inner join nodes as indicators
    on
        missions.node_id = indicators.branch_id
        and indicators.is_leaf
where missions.depth = 1
group by missions.node_id, missions.label, missions.weight, missions.effective_weight
