-- What the Indices of Deprivation say of each district and single-tier council: never an input, only to compare with.
select
    authority_code,
    domain_id,
    average_score
from {{ source('raw', 'mhclg_deprivation_domains') }}
