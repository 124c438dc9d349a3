-- The nodes of the framework of councils that is in force, without those of other frameworks.
select nodes.*
from {{ ref('int_framework_nodes') }} as nodes
inner join {{ ref('stg_framework_nodes') }} as stated
    on nodes.node_id = stated.node_id
where stated.framework_id = '{{ var('framework') }}'
