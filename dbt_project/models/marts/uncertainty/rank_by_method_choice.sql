-- The ranks of each council under one other choice of method at a time.
with

choices as (

    select * from {{ ref('stg_method_choices') }}

),

draws as (

    select * from {{ ref('int_draws') }}
    where sample = 'method choice'

),

units as (

    select distinct
        unit_id as authority_code,
        unit_number
    from {{ ref('int_leaf_places') }}

),

branches as (

    select distinct
        branch_id as index_id,
        branch_number as index_number
    from {{ ref('int_yardsticks') }}

),

need as (

    select * from {{ ref('int_need_index') }}

)

select
    need.authority_code,
    need.index_id,
    choices.factor,
    choices.option,
    choices.label as option_label,
    need.need_rank as official_need_rank,
    cast(ranks.need_rank as bigint) as need_rank,
    cast(ranks.need_rank as bigint) - need.need_rank as rank_change
from need
inner join units
    on need.authority_code = units.authority_code
left join branches
    on need.index_id = branches.index_id
inner join {{ ref('int_draw_ranks') }} as ranks
    on
        units.unit_number = ranks.unit_number
        and case when need.is_composite then 0 else branches.index_number end = ranks.index_number
inner join draws
    on ranks.run_number = draws.run_number
inner join choices
    on
        draws.set_factor = choices.factor
        and draws.set_option = choices.option
