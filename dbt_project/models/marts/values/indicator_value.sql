-- Every figure of every council and period since 2015, on the councils of December 2024.
with

candidates as (

    select candidates.*
    from {{ ref('int_figure_candidates') }} as candidates
    inner join {{ ref('int_authority_nodes') }} as nodes
        on candidates.indicator_id = nodes.node_id

),

-- A mean without a figure of its newest year ends with the year before: of two such means the newer stands.
best as (

    {{ first_row_of_each(
        'candidates', 'indicator_id, authority_code, last_period_end_date', 'period_end_date desc, basis_rank'
    ) }}

)

select
    authority_code,
    indicator_id,
    value_basis,
    source_id,
    source_area_code,
    value,
    lower_95 as value_lower_95,
    upper_95 as value_upper_95,
    period_start_date,
    last_period_end_date as period_end_date
from best
