-- Publishers' files that the seeds were made from.
select
    source_id,
    path,
    seed,
    seed_sha256,
    sha256,
    bytes,
    publisher,
    dataset,
    landing_page,
    licence,
    distributor,
    distributor_path,
    distributor_commit,
    snapshot_date,
    is_refreshable,
    geography_level,
    code_vintage,
    caveat
from {{ source('raw', 'source_file') }}
