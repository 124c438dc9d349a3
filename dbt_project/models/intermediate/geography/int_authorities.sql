-- The 317 councils with their region, county and combined authority, and their part in the method.
with

authorities as (

    select * from {{ ref('stg_authorities') }}

),

corrections as (

    select
        area_code,
        corrected_code
    from {{ ref('stg_corrections') }}
    where source_id = 'authority' and action = 'recode_region'

),

regions as (

    select
        area_code,
        area_name
    from {{ ref('stg_areas') }}
    where area_kind = 'region'

),

corrected as (

    select
        authorities.*,
        coalesce(corrections.corrected_code, authorities.region_code) as corrected_region_code
    from authorities
    left join corrections
        on authorities.authority_code = corrections.area_code

)

select
    corrected.authority_code,
    corrected.current_code,
    corrected.authority_name,
    corrected.council_name,
    corrected.authority_type,
    corrected.tier,
    corrected.corrected_region_code as region_code,
    regions.area_name as region_name,
    corrected.county_code,
    counties.authority_name as county_name,
    corrected.combined_authority_code,
    corrected.combined_authority_name,
    corrected.police_force_code,
    corrected.police_force_name,
    corrected.rural_urban_class,
    corrected.website,
    corrected.longitude_degrees,
    corrected.latitude_degrees,
    -- The two types with one member use donors of the most similar type.
    case corrected.authority_type
        when 'city_of_london' then 'london_borough'
        when 'isles_of_scilly' then 'unitary'
        else corrected.authority_type
    end as donor_type,
    corrected.tier != 'upper' as is_in_reference_set
from corrected
inner join regions
    on corrected.corrected_region_code = regions.area_code
left join authorities as counties
    on corrected.county_code = counties.authority_code
