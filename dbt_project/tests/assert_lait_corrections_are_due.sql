-- The proof of four corrections of DfE's tool, from its own rows: England's first-time entrants are above every region's,
-- Dorset's are published under its former name while the new row is empty, and the zeros belong to councils with too few
-- children for a rate. A row here means that the publisher has fixed the figure: remove the correction.
{{ config(meta={'dagster': {'ref': {'name': 'stg_corrections'}}}) }}
with

entrants as (

    select *
    from {{ ref('stg_observations') }}
    where
        source_id = 'dfe_local_authority_interactive_tool'
        and measure = 'FirstYJS'
        and value is not null

),

regions as (

    select
        entrants.period_end_date,
        max(entrants.value) as highest
    from entrants
    inner join {{ ref('stg_dfe_local_authority_numbers') }} as numbers
        on
            entrants.area_code = numbers.la_number
            and numbers.area_code like 'E12%'
    group by entrants.period_end_date

),

small_councils as (

    select
        numbers.la_number,
        max(populations.aged_0_to_15) as children
    from {{ ref('stg_populations') }} as populations
    inner join {{ ref('stg_dfe_local_authority_numbers') }} as numbers
        on populations.area_code = numbers.area_code
    group by numbers.la_number

)

select
    'lait_first_entrants_england' as correction_id,
    england.period_end_date
from entrants as england
inner join regions
    on england.period_end_date = regions.period_end_date
where
    england.area_code = '970'
    and england.value <= regions.highest

union all

select
    'lait_dorset' as correction_id,
    period_end_date
from entrants
where area_code = '838'

union all

select
    corrections.correction_id,
    cast(null as date) as period_end_date
from {{ ref('stg_corrections') }} as corrections
inner join small_councils
    on corrections.area_code = small_councils.la_number
where
    corrections.action = 'set_missing'
    and corrections.published_value = 0
    and small_councils.children > 2000
