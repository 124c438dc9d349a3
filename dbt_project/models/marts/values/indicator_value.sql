-- Every figure of every council and period since 2015, on the councils of December 2024.
with

candidates as (

    select * from {{ ref('int_figure_candidates') }}

),

best as (

    {{ first_row_of_each('candidates', 'indicator_id, authority_code, period_end_date', 'basis_rank') }}

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
    period_end_date
from best
