with

neighbours as (

    select
        authority_code,
        'ons_' || model as peer_model,
        neighbour_code,
        published_rank
    from {{ ref('stg_ons_neighbours') }}

    union all

    select
        authority_code,
        'dfe' as peer_model,
        neighbour_code,
        published_rank
    from {{ ref('stg_dfe_neighbours') }}

),

-- Ranks are made anew among English councils: ONS's run over Great Britain.
reranked as (

    select
        neighbours.*,
        row_number() over (
            partition by neighbours.authority_code, neighbours.peer_model
            order by neighbours.published_rank, neighbours.neighbour_code
        ) as peer_rank
    from neighbours

)

select
    authority_code,
    peer_model,
    neighbour_code as peer_code,
    peer_rank,
    published_rank
from reranked
where peer_rank <= 10
