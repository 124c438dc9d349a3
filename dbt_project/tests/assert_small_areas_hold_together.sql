-- Every small area has a score and every council its spread under each index; the variance within and between councils sums to England's.
{{ config(meta={'dagster': {'ref': {'name': 'authority_inequality'}}}) }}
with

units as (

    select
        nodes.node_id as index_id,
        (select count(*) from {{ ref('stg_small_area_residents') }}) as small_areas,
        (select count(*) from {{ ref('int_authorities') }}) as authorities
    from {{ ref('int_framework_nodes') }} as nodes
    inner join {{ ref('stg_framework_nodes') }} as stated
        on nodes.node_id = stated.node_id
    where
        stated.unit_type = 'small_area'
        and not nodes.is_leaf

),

scored as (

    select
        index_id,
        count(*) as small_areas
    from {{ ref('small_area_index') }}
    group by index_id

),

spread as (

    select
        inequality.index_id,
        count(*) as authorities,
        -- A county's people are counted in its districts.
        sum(case when authorities.tier != 'upper' then inequality.small_areas end) as small_areas,
        sum(
            case
                when authorities.tier != 'upper'
                    then inequality.within_share_of_variance + inequality.between_share_of_variance
            end
        ) as shares_of_variance
    from {{ ref('authority_inequality') }} as inequality
    inner join {{ ref('int_authorities') }} as authorities
        on inequality.authority_code = authorities.authority_code
    group by inequality.index_id

)

select
    units.index_id,
    scored.small_areas as scored_small_areas,
    spread.small_areas as summed_small_areas,
    spread.authorities,
    spread.shares_of_variance
from units
left join scored
    on units.index_id = scored.index_id
left join spread
    on units.index_id = spread.index_id
where
    scored.small_areas is null
    or spread.authorities is null
    or scored.small_areas != units.small_areas
    or spread.small_areas != units.small_areas
    or spread.authorities != units.authorities
    or abs(spread.shares_of_variance - 1) > 1e-9
