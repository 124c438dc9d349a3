-- In every year, the councils that cover England add up to the published total, and so do the regions.
{{ config(meta={'dagster': {'ref': {'name': 'int_authorities'}}}) }}
with

populations as (

    select * from {{ ref('stg_populations') }}

),

england as (

    select
        year,
        population
    from populations
    where area_code = 'E92000001'

),

sums as (

    select
        populations.year,
        case when authorities.authority_code is not null then 'reference set' else 'regions' end as tiling,
        sum(populations.population) as population
    from populations
    left join {{ ref('int_authorities') }} as authorities
        on
            populations.area_code = authorities.authority_code
            and authorities.is_in_reference_set
    where
        authorities.authority_code is not null
        or populations.area_code like 'E12%'
    group by 1, 2

)

select
    england.year,
    sums.tiling,
    sums.population as summed,
    england.population as published
from england
left join sums
    on england.year = sums.year
where england.population is distinct from sums.population
