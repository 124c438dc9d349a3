-- Where the value of each council and indicator comes from.
with

cells as (

    select * from {{ ref('int_cells') }}

),

windows as (

    select * from {{ ref('int_indicator_windows') }}

)

select
    cells.authority_code,
    cells.indicator_id,
    cells.value_basis,
    cells.value_basis_reason,
    cells.source_id,
    cells.value_basis = 'published' as is_published,
    cells.series_period_end_date = windows.latest_period_end_date as is_latest_period,
    cells.period_end_date,
    windows.latest_period_end_date
from cells
inner join windows
    on cells.indicator_id = windows.indicator_id
inner join {{ ref('int_authority_nodes') }} as nodes
    on cells.indicator_id = nodes.node_id
