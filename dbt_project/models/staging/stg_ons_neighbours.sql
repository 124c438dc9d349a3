select
    authority_code,
    model,
    published_rank,
    neighbour_code
from {{ source('raw', 'ons_neighbour') }}
