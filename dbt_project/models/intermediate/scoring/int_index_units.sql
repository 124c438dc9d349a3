-- The units that frameworks score: councils and small areas.
select
    authority_code as unit_id,
    cast(null as {{ dbt.type_string() }}) as group_id,
    1e0 as weight,
    is_in_reference_set
from {{ ref('int_authorities') }}

union all

select
    small_area_code as unit_id,
    cast(null as {{ dbt.type_string() }}) as group_id,
    1e0 as weight,
    true as is_in_reference_set
from {{ ref('int_small_areas') }}
