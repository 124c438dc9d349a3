-- Every district and county code since 2011, with the council of December 2024 it belongs to now.
with

vintages as (

    select * from {{ ref('stg_district_vintages') }}

),

county_changes as (

    select * from {{ ref('stg_county_changes') }}

),

areas as (

    select * from {{ ref('stg_areas') }}

)

select
    area_code,
    authority_code,
    area_name,
    relation,
    valid_from_date,
    valid_to_date
from vintages

union all

select
    authority_code as area_code,
    authority_code,
    authority_name as area_name,
    'same' as relation,
    cast(null as date) as valid_from_date,
    cast(null as date) as valid_to_date
from {{ ref('int_authorities') }}
where tier = 'upper'

union all

select
    county_changes.old_code as area_code,
    county_changes.new_code as authority_code,
    areas.area_name,
    case county_changes.kind when 'whole' then 'code_change' else 'split' end as relation,
    cast(null as date) as valid_from_date,
    county_changes.change_date as valid_to_date
from county_changes
inner join areas
    on county_changes.old_code = areas.area_code
