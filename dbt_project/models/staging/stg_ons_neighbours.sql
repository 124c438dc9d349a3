-- Each English council's statistical neighbours under the ONS model.
select
    authority_code,
    model,
    published_rank,
    neighbour_code
from {{ source('raw', 'ons_neighbour') }}
