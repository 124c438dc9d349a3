-- Every publisher's file that the seeds were made from, and the project's own tables.
with

source_files as (

    select
        *,
        count(*) over (partition by source_id) as files_of_source
    from {{ ref('stg_source_files') }}

),

-- A file used for several seeds is described by the source it is the largest part of.
main_rows as (

    {{ first_row_of_each('source_files', 'path', 'files_of_source, source_id') }}

),

uses as (

    select
        path,
        {{ dbt.listagg('source_id', "', '", 'order by source_id') }} as source_ids
    from source_files
    group by path

)

select
    main_rows.path,
    uses.source_ids,
    main_rows.seed as seed_path,
    main_rows.sha256,
    main_rows.publisher,
    main_rows.dataset,
    main_rows.landing_page,
    main_rows.licence,
    main_rows.distributor,
    main_rows.distributor_path,
    main_rows.distributor_commit,
    main_rows.geography_level,
    main_rows.code_vintage,
    main_rows.caveat,
    main_rows.bytes,
    main_rows.is_refreshable,
    main_rows.snapshot_date
from main_rows
inner join uses
    on main_rows.path = uses.path
