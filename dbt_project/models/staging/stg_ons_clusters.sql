-- ONS clusters of similar councils.
select
    authority_code,
    global_cluster,
    economic_cluster,
    demographic_cluster
from {{ source('raw', 'ons_cluster') }}
