-- Need of each council under the composite and each mission.
select
    *,
    depth = 0 as is_composite
from {{ ref('int_node_need') }}
where depth <= 1
