-- The proof of two corrections: a county is in the same region as its districts.
select
    counties.authority_name,
    counties.region_name,
    districts.authority_name as district_name,
    districts.region_name as district_region_name
from {{ ref('dim_authority') }} as counties
inner join {{ ref('dim_authority') }} as districts
    on counties.authority_code = districts.county_code
where counties.region_code != districts.region_code
