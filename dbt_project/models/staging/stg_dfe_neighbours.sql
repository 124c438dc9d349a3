select
    authority_code,
    published_rank,
    neighbour_code,
    closeness
from {{ source('raw', 'dfe_neighbour') }}
