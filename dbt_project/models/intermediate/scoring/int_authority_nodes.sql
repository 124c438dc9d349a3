-- The nodes of the framework of councils, without those of other frameworks.
select nodes.*
from {{ ref('int_framework_nodes') }} as nodes
inner join {{ ref('stg_framework_nodes') }} as stated
    on nodes.node_id = stated.node_id
where stated.unit_type = 'authority'
