-- Each council's statistical neighbours under DfE's model.
select
    authority_code,
    published_rank,
    neighbour_code,
    closeness
from {{ source('raw', 'dfe_neighbour') }}
