-- The ranks of each council without each indicator in turn.
with

draws as (

    select * from {{ ref('int_draws') }}
    where sample = 'leave one out'

),

units as (

    select distinct
        unit_id as authority_code,
        unit_number
    from {{ ref('int_leaf_places') }}

),

leaves as (

    select distinct
        node_id as indicator_id,
        branch_id as mission_id,
        leaf_number,
        branch_number
    from {{ ref('int_yardsticks') }}

),

need as (

    select * from {{ ref('int_need_index') }}

),

ranks as (

    select
        ranks.unit_number,
        leaves.indicator_id,
        leaves.mission_id,
        max(case when ranks.index_number = 0 then ranks.need_rank end) as composite_rank,
        max(case when ranks.index_number = leaves.branch_number then ranks.need_rank end) as mission_rank
    from {{ ref('int_draw_ranks') }} as ranks
    inner join draws
        on ranks.run_number = draws.run_number
    inner join leaves
        on draws.left_out_leaf = leaves.leaf_number
    group by ranks.unit_number, leaves.indicator_id, leaves.mission_id

)

select
    units.authority_code,
    ranks.indicator_id,
    ranks.mission_id,
    composite.need_rank as composite_need_rank,
    cast(ranks.composite_rank as bigint) as composite_rank_without,
    cast(ranks.composite_rank as bigint) - composite.need_rank as composite_rank_change,
    mission.need_rank as mission_need_rank,
    cast(ranks.mission_rank as bigint) as mission_rank_without,
    cast(ranks.mission_rank as bigint) - mission.need_rank as mission_rank_change
from ranks
inner join units
    on ranks.unit_number = units.unit_number
inner join need as composite
    on
        units.authority_code = composite.authority_code
        and composite.is_composite
inner join need as mission
    on
        units.authority_code = mission.authority_code
        and ranks.mission_id = mission.index_id
