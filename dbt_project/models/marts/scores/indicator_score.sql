-- The figure of each council and indicator that counts, its place and what it adds to the composite.
with

cells as (

    select * from {{ ref('int_cells') }}

),

scores as (

    select
        scores.unit_id,
        scores.node_id,
        nodes.branch_id,
        treated_values.value_treated,
        scores.score,
        scores.score * factors.factor as contribution
    from {{ ref('int_node_scores') }} as scores
    inner join {{ ref('int_authority_nodes') }} as nodes
        on scores.node_id = nodes.node_id
    inner join {{ ref('int_treated_values') }} as treated_values
        on
            scores.unit_id = treated_values.unit_id
            and scores.node_id = treated_values.node_id
    inner join {{ ref('int_contribution_factors') }} as factors
        on scores.node_id = factors.node_id
    where scores.is_leaf

),

ranked as (

    select
        *,
        {{ need_rank('score', 'node_id') }} as need_rank,
        count(*) over (partition by node_id) as ranked_units
    from scores

)

select
    cells.authority_code,
    cells.indicator_id,
    ranked.branch_id as mission_id,
    cells.value_basis,
    cells.value_basis_reason,
    cells.source_id,
    cells.source_area_code,
    cells.value,
    cells.lower_95 as value_lower_95,
    cells.upper_95 as value_upper_95,
    ranked.value_treated,
    ranked.score as need_z,
    ranked.need_rank,
    {{ percentile('ranked.need_rank', 'ranked.ranked_units') }} as percentile,
    ranked.contribution,
    cells.period_start_date,
    cells.period_end_date
from cells
inner join ranked
    on
        cells.authority_code = ranked.unit_id
        and cells.indicator_id = ranked.node_id
