-- No edition has a period that ended after its year, and every council and indicator has one kind of series in all editions.
{{ config(meta={'dagster': {'ref': {'name': 'int_edition_cells'}}}) }}
with

cells as (

    select * from {{ ref('int_edition_cells') }}

)

select
    authority_code,
    indicator_id,
    'one kind of series in every edition' as promise
from cells
group by authority_code, indicator_id
having
    count(*) != {{ var('trend_editions') | length }}
    or count(distinct series_basis) > 1

union all

select
    authority_code,
    indicator_id,
    'periods that had ended, at most three years before' as promise
from cells
where
    year(period_end_date) > edition
    or year(period_end_date) < edition - {{ var('window_years') }}
