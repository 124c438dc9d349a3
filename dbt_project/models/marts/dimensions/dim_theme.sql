-- The themes of the missions, with their weights and what they are.
with

nodes as (

    select * from {{ ref('int_authority_nodes') }}

)

select
    themes.node_id as theme_id,
    themes.branch_id as mission_id,
    themes.label as theme_name,
    definitions.definition,
    count(*) as indicators,
    themes.weight,
    themes.effective_weight
from nodes as themes
inner join nodes as indicators
    on
        themes.node_id = indicators.parent_id
        and indicators.is_leaf
inner join {{ ref('stg_theme_definitions') }} as definitions
    on themes.node_id = definitions.theme_id
where themes.depth = 2
group by themes.node_id, themes.branch_id, themes.label, definitions.definition, themes.weight, themes.effective_weight
