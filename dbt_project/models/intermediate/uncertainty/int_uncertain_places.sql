-- Which ranks say too little to place the council, and what to know before quoting a rank.
with

need as (

    select
        *,
        count(*) over (partition by index_id) as units
    from {{ ref('int_node_need') }}

),

notes as (

    select * from {{ ref('stg_rank_notes') }}

),

judged as (

    select
        need.authority_code,
        need.index_id,
        -- Themes have no intervals.
        coalesce(
            intervals.rank_percentile_95 - intervals.rank_percentile_5 > floor({{ var('widest_rank_interval') }} * need.units),
            false
        ) as has_wide_interval,
        need.stand_in_share > {{ var('most_stand_in_share') }} as rests_on_stand_ins,
        coalesce(own_notes.note, notes_of_mission.note) as note
    from need
    left join {{ ref('rank_uncertainty') }} as intervals
        on
            need.authority_code = intervals.authority_code
            and need.index_id = intervals.index_id
    left join {{ ref('int_authority_nodes') }} as nodes
        on need.index_id = nodes.node_id
    left join notes as own_notes
        on
            need.authority_code = own_notes.authority_code
            and need.index_id = own_notes.index_id
    left join notes as notes_of_mission
        on
            need.authority_code = notes_of_mission.authority_code
            and nodes.parent_id = notes_of_mission.index_id

),

explained as (

    select
        *,
        case
            when has_wide_interval then 'No single rank is given: its 90% interval covers more than half of all ranks.'
            when rests_on_stand_ins then 'No single rank is given: more than a quarter of its figures are estimated or out of date.'
        end as uncertain_note
    from judged

)

select
    authority_code,
    index_id,
    nullif(trim(coalesce(uncertain_note, '') || ' ' || coalesce(note, '')), '') as rank_note,
    has_wide_interval or rests_on_stand_ins as is_too_uncertain_to_place
from explained
