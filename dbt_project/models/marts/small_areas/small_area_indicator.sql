-- The indicators of need of small areas.
select
    indicators.indicator_id,
    branches.node_id as index_id,
    indicators.source_id,
    indicators.measure,
    nodes.label as indicator_title,
    branches.label as index_title,
    indicators.unit,
    case nodes.direction when 1 then 'more_need' else 'less_need' end as higher_means,
    outcomes.outcome as treatment_outcome,
    indicators.caveat,
    nodes.effective_weight,
    outcomes.skewness_before,
    outcomes.skewness_after,
    indicators.is_of_whole_district
from {{ ref('stg_small_area_indicators') }} as indicators
inner join {{ ref('int_framework_nodes') }} as nodes
    on indicators.indicator_id = nodes.node_id
inner join {{ ref('int_framework_nodes') }} as branches
    on nodes.branch_id = branches.node_id
inner join {{ ref('int_treatment_outcomes') }} as outcomes
    on indicators.indicator_id = outcomes.node_id
