-- Every name of a council or area, with the councils that it refers to.
with

authorities as (

    select * from {{ ref('dim_authority') }}

),

seeded_names as (

    select * from {{ ref('stg_names') }}

),

own_names as (

    select
        authority_name as area_name,
        'usual' as name_kind,
        authority_code
    from authorities

    union all

    select
        council_name as area_name,
        'official' as name_kind,
        authority_code
    from authorities
    where council_name != authority_name

),

-- The areas that councils are part of; a county holds its county council too.
memberships as (

    select
        'region' as place_kind,
        region_code as place_code,
        region_name as place_name,
        authority_code
    from authorities

    union all

    select
        'combined_authority' as place_kind,
        combined_authority_code as place_code,
        combined_authority_name as place_name,
        authority_code
    from authorities
    where combined_authority_code is not null

    union all

    select
        'integrated_care_board' as place_kind,
        integrated_care_board_code as place_code,
        integrated_care_board_name as place_name,
        authority_code
    from authorities
    where integrated_care_board_code is not null

    union all

    select
        'county' as place_kind,
        coalesce(county_code, authority_code) as place_code,
        coalesce(county_name, authority_name) as place_name,
        authority_code
    from authorities
    where county_code is not null or authority_type = 'county'

),

former_councils as (

    select
        area_code,
        area_name,
        authority_code,
        valid_to_date
    from {{ ref('dim_area_code') }}
    where relation in ('merged', 'split')

),

-- One row per name, place and council.
names as (

    select
        own_names.area_name,
        own_names.name_kind,
        'council' as place_kind,
        authorities.authority_code as place_code,
        authorities.authority_name as place_name,
        'England' as country_name,
        authorities.authority_code,
        cast(null as date) as valid_from_date,
        cast(null as date) as valid_to_date
    from own_names
    inner join authorities
        on own_names.authority_code = authorities.authority_code

    union all

    select
        seeded_names.area_name,
        seeded_names.name_kind,
        'council' as place_kind,
        authorities.authority_code as place_code,
        authorities.authority_name as place_name,
        'England' as country_name,
        authorities.authority_code,
        cast(null as date) as valid_from_date,
        seeded_names.until_date as valid_to_date
    from seeded_names
    inner join authorities
        on seeded_names.area_code = authorities.authority_code
    where seeded_names.name_kind in ('abbreviation', 'other', 'former')

    union all

    select
        seeded_names.area_name,
        seeded_names.name_kind,
        memberships.place_kind,
        memberships.place_code,
        memberships.place_name,
        'England' as country_name,
        memberships.authority_code,
        cast(null as date) as valid_from_date,
        seeded_names.until_date as valid_to_date
    from seeded_names
    inner join memberships
        on seeded_names.area_code = memberships.place_code
    where memberships.place_kind in ('region', 'combined_authority')

    union all

    select
        place_name as area_name,
        'usual' as name_kind,
        place_kind,
        place_code,
        place_name,
        'England' as country_name,
        authority_code,
        cast(null as date) as valid_from_date,
        cast(null as date) as valid_to_date
    from memberships

    union all

    select
        area_name,
        'usual' as name_kind,
        'former_council' as place_kind,
        area_code as place_code,
        area_name as place_name,
        'England' as country_name,
        authority_code,
        cast(null as date) as valid_from_date,
        valid_to_date
    from former_councils

    union all

    select
        area_name,
        'usual' as name_kind,
        case name_kind when 'county' then 'county' else 'former_council' end as place_kind,
        cast(null as {{ dbt.type_string() }}) as place_code,
        area_name as place_name,
        'England' as country_name,
        area_code as authority_code,
        cast(null as date) as valid_from_date,
        until_date as valid_to_date
    from seeded_names
    where name_kind in ('abolished', 'county')

    union all

    select
        council_name as area_name,
        'usual' as name_kind,
        'coming_council' as place_kind,
        cast(null as {{ dbt.type_string() }}) as place_code,
        council_name as place_name,
        'England' as country_name,
        authority_code,
        vesting_date as valid_from_date,
        cast(null as date) as valid_to_date
    from {{ ref('stg_coming_councils') }}

    union all

    select
        area_name,
        'usual' as name_kind,
        'country' as place_kind,
        area_code as place_code,
        area_name as place_name,
        area_name as country_name,
        cast(null as {{ dbt.type_string() }}) as authority_code,
        cast(null as date) as valid_from_date,
        cast(null as date) as valid_to_date
    from {{ ref('stg_areas') }}
    where area_kind = 'country'

    union all

    select
        area_name,
        case area_name when place_name then 'usual' else 'other' end as name_kind,
        'outside_england' as place_kind,
        area_code as place_code,
        place_name,
        country_name,
        cast(null as {{ dbt.type_string() }}) as authority_code,
        cast(null as date) as valid_from_date,
        cast(null as date) as valid_to_date
    from {{ ref('stg_places_outside_england') }}

)

select
    area_name,
    place_kind,
    place_name,
    name_kind,
    place_code,
    {{ dbt.listagg('authority_code', "', '", 'order by authority_code') }} as authority_codes,
    country_name,
    valid_from_date,
    valid_to_date
from names
group by area_name, place_kind, place_name, name_kind, place_code, country_name, valid_from_date, valid_to_date
