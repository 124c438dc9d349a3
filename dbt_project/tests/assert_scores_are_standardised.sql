-- Over the reference set each indicator, mission and the composite has mean 0 and standard deviation 1.
{{ config(meta={'dagster': {'ref': {'name': 'mission_index'}}}) }}
with

scores as (

    select
        authority_code,
        indicator_id as node_id,
        need_z
    from {{ ref('indicator_score') }}

    union all

    select
        authority_code,
        mission_id as node_id,
        need_z
    from {{ ref('mission_index') }}

    union all

    select
        authority_code,
        'composite' as node_id,
        need_z
    from {{ ref('composite_index') }}

)

select
    scores.node_id,
    avg(scores.need_z) as mean,
    stddev_samp(scores.need_z) as deviation,
    count(*) as authorities
from scores
inner join {{ ref('dim_authority') }} as authorities
    on scores.authority_code = authorities.authority_code
where authorities.is_in_reference_set
group by scores.node_id
having
    abs(avg(scores.need_z)) > 1e-9
    or abs(stddev_samp(scores.need_z) - 1) > 1e-9
    or count(*) != 296
