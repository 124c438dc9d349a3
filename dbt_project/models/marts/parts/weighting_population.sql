-- The residents and households of each council by which rates are weighted when councils are put together.
select
    authorities.authority_code,
    populations.population_id,
    cast(populations.year as bigint) as year,
    populations.people
from {{ ref('int_weighting_populations') }} as populations
inner join {{ ref('int_authorities') }} as authorities
    on populations.area_code = authorities.authority_code
where populations.people is not null
