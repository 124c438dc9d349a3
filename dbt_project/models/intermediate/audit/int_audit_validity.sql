-- How far each framework of councils ranks them as the Indices of Deprivation do, by mission and domain.
with

nodes as (

    select
        stated.framework_id,
        stated.stated_node_id,
        nodes.node_id
    from {{ ref('stg_framework_nodes') }} as stated
    inner join {{ ref('int_framework_nodes') }} as nodes
        on stated.node_id = nodes.node_id
    where
        stated.unit_type = 'authority'
        and nodes.depth <= 1

),

compared as (

    select
        nodes.framework_id,
        nodes.stated_node_id as node_id,
        domains.domain_id,
        {{ mean_rank('round(scores.score, 9)', 'nodes.node_id, domains.domain_id') }} as own_rank,
        {{ mean_rank('domains.average_score', 'nodes.node_id, domains.domain_id') }} as domain_rank
    from nodes
    inner join {{ ref('int_node_scores') }} as scores
        on nodes.node_id = scores.node_id
    inner join {{ ref('int_authorities') }} as units
        on
            scores.unit_id = units.authority_code
            and units.is_in_reference_set
    inner join {{ ref('stg_deprivation_domains') }} as domains
        on scores.unit_id = domains.authority_code

)

select
    framework_id,
    node_id,
    domain_id,
    -- To twelve decimals, where engines agree.
    round(corr(own_rank, domain_rank), 12) as rank_correlation,
    count(*) as units
from compared
group by framework_id, node_id, domain_id
