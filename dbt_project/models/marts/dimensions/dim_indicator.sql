-- The indicators, with unit, direction, weight, publisher and caveat.
with

nodes as (

    select * from {{ ref('int_authority_nodes') }}

),

indicators as (

    select * from {{ ref('stg_indicators') }}

),

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

)

select
    indicators.indicator_id,
    nodes.branch_id as mission_id,
    nodes.parent_id as theme_id,
    main_measures.source_id,
    nodes.label as indicator_title,
    missions.label as mission_name,
    themes.label as theme_name,
    definitions.definition,
    definitions.numerator,
    definitions.denominator,
    definitions.why_here,
    definitions.short_low,
    definitions.short_high,
    indicators.unit,
    case nodes.direction when 1 then 'more_need' else 'less_need' end as higher_means,
    indicators.weighting_population,
    treatments.outcome as treatment_outcome,
    main_files.publisher,
    main_files.dataset,
    main_files.landing_page,
    main_files.licence,
    definitions.publisher_page,
    definitions.caveat,
    main_files.caveat as source_caveat,
    definitions.date_precision,
    cast(definitions.decimals as bigint) as decimals,
    cast(indicators.pooled_years as bigint) as pooled_years,
    nodes.weight,
    nodes.effective_weight,
    windows.latest_period_end_date,
    definitions.release_date,
    definitions.next_release_date
from indicators
inner join nodes
    on indicators.indicator_id = nodes.node_id
inner join nodes as missions
    on nodes.branch_id = missions.node_id
inner join nodes as themes
    on nodes.parent_id = themes.node_id
inner join {{ ref('stg_indicator_definitions') }} as definitions
    on indicators.indicator_id = definitions.indicator_id
inner join main_measures
    on indicators.indicator_id = main_measures.indicator_id
inner join main_files
    on main_measures.source_id = main_files.source_id
inner join {{ ref('int_indicator_windows') }} as windows
    on indicators.indicator_id = windows.indicator_id
inner join {{ ref('int_treatments') }} as treatments
    on indicators.indicator_id = treatments.node_id
