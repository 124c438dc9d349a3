-- The 317 principal councils of England of December 2024.
with

authorities as (

    select * from {{ ref('int_authorities') }}

),

populations as (

    select
        area_code,
        population_id,
        people
    from {{ ref('int_weighting_populations') }}
    where year = {{ var('latest_population_year') }}

),

health_boards as (

    select * from {{ ref('stg_integrated_care_boards') }}

),

-- A council in two Integrated Care Boards is listed under the one with more of its small areas.
main_boards as (

    {{ first_row_of_each('health_boards', 'authority_code', 'share_of_small_areas desc, integrated_care_board_code') }}

)

select
    authorities.authority_code,
    authorities.current_code,
    authorities.authority_name,
    authorities.council_name,
    authorities.authority_type,
    authorities.tier,
    authorities.region_code,
    authorities.region_name,
    authorities.county_code,
    authorities.county_name,
    authorities.combined_authority_code,
    authorities.combined_authority_name,
    main_boards.integrated_care_board_code,
    main_boards.integrated_care_board_name,
    authorities.police_force_code,
    authorities.police_force_name,
    authorities.rural_urban_class,
    clusters.global_cluster as ons_cluster,
    authorities.website,
    cast(residents.people as bigint) as population,
    cast(households.people as bigint) as households,
    dwellings.dwellings_2025 as dwellings,
    authorities.longitude_degrees,
    authorities.latitude_degrees,
    hexagons.hexagon_column,
    hexagons.hexagon_row,
    authorities.is_in_reference_set
from authorities
left join populations as residents
    on
        authorities.authority_code = residents.area_code
        and residents.population_id = 'all_ages'
left join populations as households
    on
        authorities.authority_code = households.area_code
        and households.population_id = 'households'
left join main_boards
    on authorities.authority_code = main_boards.authority_code
left join {{ ref('stg_households') }} as dwellings
    on authorities.authority_code = dwellings.area_code
left join {{ ref('stg_ons_clusters') }} as clusters
    on authorities.authority_code = clusters.authority_code
left join {{ ref('stg_hexagons') }} as hexagons
    on authorities.authority_code = hexagons.area_code
