-- National milestones that put a number on an indicator, each with its source.
select
    milestones.milestone_id,
    milestones.indicator_id,
    nodes.branch_id as mission_id,
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
inner join {{ ref('int_authority_nodes') }} as nodes
    on milestones.indicator_id = nodes.node_id
inner join {{ ref('stg_indicators') }} as indicators
    on milestones.indicator_id = indicators.indicator_id
