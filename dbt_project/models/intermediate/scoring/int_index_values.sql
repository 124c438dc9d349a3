-- The value of each unit at each leaf of its framework.
select
    authority_code as unit_id,
    indicator_id as node_id,
    value
from {{ ref('int_cells') }}

union all

select
    small_area_code as unit_id,
    indicator_id as node_id,
    value
from {{ ref('int_small_area_values') }}
