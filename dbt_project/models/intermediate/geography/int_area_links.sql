-- Which council a published area code stands for, and how: its own code, a joint area or a predecessor.
with

authorities as (

    select * from {{ ref('int_authorities') }}

),

district_vintages as (

    select * from {{ ref('stg_district_vintages') }}

),

district_changes as (

    select * from {{ ref('stg_district_changes') }}

),

county_changes as (

    select * from {{ ref('stg_county_changes') }}

),

partnerships as (

    select
        *,
        count(*) over (partition by partnership_code) as members
    from {{ ref('stg_partnerships') }}

),

-- A figure on any of these codes is the council's own. The newest code wins where two have a figure.
own as (

    select
        current_code as area_code,
        authority_code,
        1 as code_rank
    from authorities

    union all

    select
        authority_code as area_code,
        authority_code,
        2 as code_rank
    from authorities
    where authority_code != current_code

    union all

    select
        district_vintages.area_code,
        district_vintages.authority_code,
        3 as code_rank
    from district_vintages
    inner join authorities
        on district_vintages.authority_code = authorities.authority_code
    where
        district_vintages.relation = 'code_change'
        and district_vintages.area_code not in (authorities.current_code, authorities.authority_code)

    union all

    select
        old_code as area_code,
        new_code as authority_code,
        4 as code_rank
    from county_changes
    where kind = 'whole'

),

linked as (

    select
        area_code,
        authority_code,
        'published' as link,
        code_rank,
        1.0 as weight
    from own

    union all

    select
        joint_area_code as area_code,
        authority_code,
        'combined_area' as link,
        1 as code_rank,
        1.0 as weight
    from {{ ref('stg_joint_areas') }}

    union all

    select
        partnership_code as area_code,
        authority_code,
        'combined_area' as link,
        1 as code_rank,
        1.0 as weight
    from partnerships
    where members > 1

    union all

    -- Former districts come before former counties, which say less about one of several successors.
    select
        old_code as area_code,
        new_code as authority_code,
        'predecessor' as link,
        1 as code_rank,
        weight_in_new as weight
    from district_changes
    where
        kind = 'merger'
        and weight_in_new is not null

    union all

    select
        old_code as area_code,
        new_code as authority_code,
        'predecessor' as link,
        2 as code_rank,
        1.0 as weight
    from county_changes
    where
        kind = 'split'
        and share_of_old_county is not null

)

select
    area_code,
    authority_code,
    link,
    code_rank,
    weight
from linked

union all

select
    dfe.la_number as area_code,
    linked.authority_code,
    linked.link,
    linked.code_rank,
    linked.weight
from {{ ref('stg_dfe_local_authority_numbers') }} as dfe
inner join linked
    on dfe.area_code = linked.area_code
