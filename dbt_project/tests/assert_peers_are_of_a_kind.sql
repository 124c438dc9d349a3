-- Peers are ranked 1 to at most 10 without a gap, never the council itself, counties with counties; the open model stays within
-- the tier, ranks by distance and has every variable for every council.
{{ config(meta={'dagster': {'ref': {'name': 'authority_peer'}}}) }}
with

peers as (

    select
        peers.authority_code,
        peers.peer_model,
        peers.peer_code,
        peers.peer_rank,
        peers.structure_distance,
        authorities.tier,
        others.tier as peer_tier,
        lag(peers.structure_distance) over (
            partition by peers.authority_code, peers.peer_model order by peers.peer_rank
        ) as nearer_distance,
        row_number() over (partition by peers.authority_code, peers.peer_model order by peers.peer_rank) as place
    from {{ ref('authority_peer') }} as peers
    inner join {{ ref('dim_authority') }} as authorities
        on peers.authority_code = authorities.authority_code
    inner join {{ ref('dim_authority') }} as others
        on peers.peer_code = others.authority_code

)

select
    authority_code,
    peer_model || ': ' || peer_code as peer,
    'not a peer, or in the wrong place' as problem
from peers
where
    peer_rank != place
    or peer_rank > 10
    or peer_code = authority_code
    or (peer_model != 'dfe' and (tier = 'upper') != (peer_tier = 'upper'))
    or (peer_model = 'open' and tier != peer_tier)
    or (peer_model = 'open' and coalesce(structure_distance >= sqrt(2), true))
    or (peer_model != 'open' and structure_distance is not null)
    or structure_distance < nearer_distance - 1e-9

union all

select
    authorities.authority_code,
    variables.variable_id as peer,
    'has no figure for this variable' as problem
from {{ ref('dim_authority') }} as authorities
cross join {{ ref('stg_peer_variables') }} as variables
left join {{ ref('authority_structure') }} as structure
    on
        authorities.authority_code = structure.authority_code
        and variables.variable_id = structure.variable_id
where structure.value is null
