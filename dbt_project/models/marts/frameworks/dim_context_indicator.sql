-- Indicators that are shown beside the index and are no part of it.
with

measures as (

    select * from {{ ref('stg_indicator_measures') }}

),

main_measures as (

    {{ first_row_of_each('measures', 'indicator_id', 'priority, source_id') }}

),

source_files as (

    select * from {{ ref('stg_source_files') }}

),

main_files as (

    {{ first_row_of_each('source_files', 'source_id', 'path desc') }}

),

stated as (

    select
        stated_node_id as indicator_id,
        framework_id,
        direction
    from {{ ref('stg_framework_nodes') }}
    where unit_type = 'authority'

),

-- Its direction is that of the framework that had it.
directions as (

    {{ first_row_of_each('stated', 'indicator_id', 'framework_id') }}

)

select
    indicators.indicator_id,
    main_measures.source_id,
    context.indicator_title,
    indicators.unit,
    case directions.direction when 1 then 'more_need' else 'less_need' end as higher_means,
    context.definition,
    context.numerator,
    context.denominator,
    context.why_left,
    context.short_low,
    context.short_high,
    context.publisher_page,
    main_files.publisher,
    main_files.dataset,
    main_files.landing_page,
    main_files.licence,
    context.caveat,
    main_files.caveat as source_caveat,
    context.date_precision,
    cast(context.decimals as bigint) as decimals,
    windows.latest_period_end_date,
    context.release_date,
    context.next_release_date
from {{ ref('stg_context_indicators') }} as context
inner join {{ ref('stg_indicators') }} as indicators
    on context.indicator_id = indicators.indicator_id
inner join main_measures
    on context.indicator_id = main_measures.indicator_id
inner join main_files
    on main_measures.source_id = main_files.source_id
inner join {{ ref('int_indicator_windows') }} as windows
    on context.indicator_id = windows.indicator_id
inner join directions
    on context.indicator_id = directions.indicator_id
