-- Every correction finds the figure it was written for, and no two corrections affect the same row.
{{ config(meta={'dagster': {'ref': {'name': 'int_observations'}}}) }}
with

corrections as (

    select * from {{ ref('stg_corrections') }}

),

applied as (

    select
        correction_id,
        count(*) as observations
    from {{ ref('int_observations') }}
    where correction_id is not null
    group by correction_id

),

regions as (

    select
        corrections.correction_id,
        count(*) as observations
    from corrections
    inner join {{ ref('stg_authorities') }} as authorities
        on
            corrections.area_code = authorities.authority_code
            and corrections.corrected_code != authorities.region_code
    where corrections.action = 'recode_region'
    group by corrections.correction_id

)

select
    corrections.correction_id,
    'finds nothing to correct: remove it if the publisher has fixed the figure' as problem
from corrections
left join (
    select * from applied
    union all
    select * from regions
) as found
    on corrections.correction_id = found.correction_id
where found.correction_id is null

union all

select
    min(correction_id) as correction_id,
    'a figure occurs twice after correction: ' || source_id || ', ' || measure || ', ' || area_code as problem
from {{ ref('int_observations') }}
where value is not null
group by source_id, measure, area_code, period_start_date, period_end_date
having count(*) > 1
