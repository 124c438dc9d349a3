-- A rank is one more than the number of councils with a greater score, so that ties share the lower number.
{{ config(meta={'dagster': {'ref': {'name': 'mission_index'}}}) }}
with

indexes as (

    select
        authority_code,
        'composite' as index_id,
        need_z,
        need_rank,
        need_decile,
        need_band,
        percentile
    from {{ ref('composite_index') }}

    union all

    select
        authority_code,
        mission_id as index_id,
        need_z,
        need_rank,
        need_decile,
        need_band,
        percentile
    from {{ ref('mission_index') }}

)

select
    indexes.index_id,
    indexes.authority_code,
    indexes.need_rank,
    count(others.authority_code) + 1 as expected_rank
from indexes
left join indexes as others
    on
        indexes.index_id = others.index_id
        and round(others.need_z, 9) > round(indexes.need_z, 9)
group by
    indexes.index_id,
    indexes.authority_code,
    indexes.need_rank,
    indexes.need_decile,
    indexes.need_band,
    indexes.percentile
having
    indexes.need_rank != count(others.authority_code) + 1
    or indexes.need_decile != ceil(10e0 * indexes.need_rank / 317)
    or indexes.percentile != 1e2 * (317 - indexes.need_rank) / 316
    or indexes.need_band
    != case ceil(5e0 * indexes.need_rank / 317)
        when 1 then 'very high' when 2 then 'high' when 3 then 'medium' when 4 then 'low' else 'very low'
    end
