-- The share of each council's residents who live in each Integrated Care Board.
with

authorities as (

    select
        authorities.authority_code,
        authorities.county_code,
        populations.people
    from {{ ref('int_authorities') }} as authorities
    inner join {{ ref('int_weighting_populations') }} as populations
        on authorities.authority_code = populations.area_code
    where
        populations.population_id = 'all_ages'
        and populations.year = {{ var('latest_population_year') }}

),

-- The lookup gives the share of a council's small areas in each board; small areas have about the same number of residents.
boards as (

    select
        boards.authority_code,
        authorities.county_code,
        boards.integrated_care_board_code,
        boards.integrated_care_board_name,
        authorities.people * boards.share_of_small_areas as residents
    from {{ ref('stg_integrated_care_boards') }} as boards
    inner join authorities
        on boards.authority_code = authorities.authority_code

),

-- A county lies where its districts do.
parts as (

    select
        authority_code,
        integrated_care_board_code,
        integrated_care_board_name,
        residents
    from boards

    union all

    select
        county_code as authority_code,
        integrated_care_board_code,
        integrated_care_board_name,
        sum(residents) as residents
    from boards
    where county_code is not null
    group by county_code, integrated_care_board_code, integrated_care_board_name

)

select
    authority_code,
    integrated_care_board_code,
    integrated_care_board_name,
    residents / sum(residents) over (partition by authority_code) as share_of_residents
from parts
