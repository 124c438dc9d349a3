-- The seeds that this publication was built from, each with its checksum.
with

source_files as (

    select
        source_id,
        seed,
        seed_sha256,
        snapshot_date
    from {{ ref('stg_source_files') }}

)

-- A seed made from several publishers' files has a row for each of them in dim_source.
select distinct
    source_id,
    seed as seed_path,
    seed_sha256,
    snapshot_date
from source_files
