-- The small areas of England, each with the council it lies in.
with

districts as (

    select
        small_area_code,
        min(authority_code) as authority_code
    from {{ ref('int_small_area_values') }}
    group by small_area_code

)

select
    districts.small_area_code,
    districts.authority_code,
    residents.residents
from districts
inner join {{ ref('stg_small_area_residents') }} as residents
    on districts.small_area_code = residents.small_area_code
