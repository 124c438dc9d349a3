-- Councils proposed or ordered for the coming years, with the councils of today that go into them.
with

parts as (

    select * from {{ ref('stg_coming_councils') }}

),

authorities as (

    select * from {{ ref('int_authorities') }}

),

-- A coming council is complete where every district of its county is placed, and it takes none of them in part.
counties as (

    select
        authorities.county_name,
        count(distinct authorities.authority_code) as districts,
        count(distinct parts.authority_code) as districts_placed
    from authorities
    left join parts
        on authorities.authority_code = parts.authority_code
    where authorities.county_name is not null
    group by authorities.county_name

),

councils as (

    select
        council_name,
        sum(case when extent = 'whole' then 0 else 1 end) as parts_split
    from parts
    group by council_name

)

select
    parts.council_name as coming_council_name,
    parts.authority_code,
    authorities.authority_name,
    parts.county_name,
    'proposed or ordered; check the order' as status,
    parts.extent = 'whole' as is_whole,
    councils.parts_split = 0 and counties.districts_placed = counties.districts as is_complete,
    parts.vesting_date
from parts
inner join authorities
    on parts.authority_code = authorities.authority_code
inner join councils
    on parts.council_name = councils.council_name
inner join counties
    on parts.county_name = counties.county_name
