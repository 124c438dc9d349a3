-- The register has England's 317 principal councils: the right number of each type, and the 296 that cover England.
with

expected as (

    select
        'county' as authority_type,
        21 as authorities
    union all
    select
        'district' as authority_type,
        164 as authorities
    union all
    select
        'unitary' as authority_type,
        62 as authorities
    union all
    select
        'metropolitan_district' as authority_type,
        36 as authorities
    union all
    select
        'london_borough' as authority_type,
        32 as authorities
    union all
    select
        'city_of_london' as authority_type,
        1 as authorities
    union all
    select
        'isles_of_scilly' as authority_type,
        1 as authorities

),

found as (

    select
        authority_type,
        count(*) as authorities,
        sum(case when is_in_reference_set then 1 else 0 end) as in_reference_set
    from {{ ref('dim_authority') }}
    group by authority_type

)

select
    expected.authority_type,
    expected.authorities as expected_authorities,
    found.authorities as found_authorities,
    found.in_reference_set
from expected
full outer join found
    on expected.authority_type = found.authority_type
where
    expected.authorities is distinct from found.authorities
    or found.in_reference_set != case expected.authority_type when 'county' then 0 else expected.authorities end
