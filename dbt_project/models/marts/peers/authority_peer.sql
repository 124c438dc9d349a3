-- The nearest English councils of each council under three peer models.
with

authorities as (

    select
        authority_code,
        tier
    from {{ ref('dim_authority') }}

),

published as (

    select
        authority_code,
        'ons_' || model as peer_model,
        neighbour_code as peer_code,
        published_rank,
        cast(null as {{ dbt.type_string() }}) as published_closeness
    from {{ ref('stg_ons_neighbours') }}

    union all

    select
        authority_code,
        'dfe' as peer_model,
        neighbour_code as peer_code,
        published_rank,
        closeness as published_closeness
    from {{ ref('stg_dfe_neighbours') }}

),

-- ONS compares a county with single-tier councils too; here its peers are counties. DfE's are all education authorities.
published_of_one_kind as (

    select
        published.authority_code,
        published.peer_model,
        published.peer_code,
        published.published_closeness,
        cast(published.published_rank as double) as nearness,
        published.published_rank,
        cast(null as double) as structure_distance
    from published
    inner join authorities
        on published.authority_code = authorities.authority_code
    inner join authorities as peers
        on published.peer_code = peers.authority_code
    where
        published.peer_model = 'dfe'
        or (authorities.tier = 'upper') = (peers.tier = 'upper')

),

structures as (

    select
        structure.authority_code,
        structure.variable_id,
        structure.structure_z,
        authorities.tier
    from {{ ref('authority_structure') }} as structure
    inner join authorities
        on structure.authority_code = authorities.authority_code

),

distances as (

    select
        structures.authority_code,
        peers.authority_code as peer_code,
        sqrt(avg(power(structures.structure_z - peers.structure_z, 2))) as structure_distance
    from structures
    inner join structures as peers
        on
            structures.tier = peers.tier
            and structures.variable_id = peers.variable_id
            and structures.authority_code != peers.authority_code
    group by structures.authority_code, peers.authority_code

),

candidates as (

    select * from published_of_one_kind

    union all

    select
        authority_code,
        'open' as peer_model,
        peer_code,
        cast(null as {{ dbt.type_string() }}) as published_closeness,
        round(structure_distance, 9) as nearness,
        cast(null as bigint) as published_rank,
        structure_distance
    from distances
    -- Two random councils of the reference set are the square root of 2 apart: no peer is further away than that.
    where structure_distance < sqrt(2)

),

-- Those that are left are ranked again: ONS ranks over Great Britain.
ranked as (

    select
        *,
        row_number() over (partition by authority_code, peer_model order by nearness, peer_code) as peer_rank
    from candidates

)

select
    authority_code,
    peer_model,
    peer_code,
    published_closeness,
    cast(peer_rank as bigint) as peer_rank,
    published_rank,
    structure_distance
from ranked
where peer_rank <= 10
