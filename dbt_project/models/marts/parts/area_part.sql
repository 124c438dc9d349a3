-- The figures that areas made of several councils are worked out from, with what each of them weighs.
with

nodes as (

    select node_id from {{ ref('int_authority_nodes') }}

),

windows as (

    select * from {{ ref('int_indicator_windows') }}

),

authorities as (

    select * from {{ ref('int_authorities') }}

),

figures as (

    select
        figures.authority_code,
        figures.indicator_id,
        figures.value_basis,
        figures.basis_rank,
        figures.source_id,
        figures.value,
        figures.part_weight,
        figures.weighting_people,
        figures.period_start_date,
        figures.last_period_end_date,
        figures.period_end_date
    from {{ ref('int_authority_figures') }} as figures
    where figures.value is not null

),

best_figures as (

    {{ first_row_of_each('figures', 'indicator_id, authority_code, period_end_date', 'basis_rank') }}

),

-- A council's figure from its small areas weighs its residents, so that the small areas of several councils add up.
from_small_areas as (

    select
        wholes.authority_code,
        wholes.indicator_id,
        'aggregated' as value_basis,
        4 as basis_rank,
        wholes.source_id,
        wholes.value,
        wholes.part_weight,
        wholes.part_share * people.people as weighting_people,
        wholes.period_start_date,
        wholes.period_end_date as last_period_end_date,
        wholes.period_end_date
    from {{ ref('int_aggregated_figures') }} as wholes
    inner join authorities
        on
            wholes.authority_code = authorities.authority_code
            and authorities.tier != 'upper'
    inner join {{ ref('stg_indicators') }} as indicators
        on wholes.indicator_id = indicators.indicator_id
    inner join {{ ref('int_weighting_populations') }} as people
        on
            wholes.authority_code = people.area_code
            and indicators.weighting_population = people.population_id
            and people.year = least(year(wholes.period_end_date), {{ var('latest_population_year') }})

),

-- A modelled figure weighs the patients it stands for.
modelled as (

    select
        figures.authority_code,
        figures.indicator_id,
        'modelled' as value_basis,
        5 as basis_rank,
        figures.source_id,
        figures.value,
        figures.part_weight,
        people.people as weighting_people,
        figures.period_start_date,
        figures.period_end_date as last_period_end_date,
        figures.period_end_date
    from {{ ref('int_modelled_figures') }} as figures
    inner join {{ ref('stg_indicators') }} as indicators
        on figures.indicator_id = indicators.indicator_id
    inner join {{ ref('int_weighting_populations') }} as people
        on
            figures.authority_code = people.area_code
            and indicators.weighting_population = people.population_id
            and people.year = least(year(figures.period_end_date), {{ var('latest_population_year') }})

),

parts as (

    select * from best_figures
    union all
    select * from from_small_areas
    union all
    select * from modelled

)

select
    parts.authority_code,
    parts.indicator_id,
    parts.value_basis,
    parts.source_id,
    cast(parts.basis_rank as bigint) as basis_rank,
    parts.value,
    parts.part_weight,
    parts.weighting_people,
    parts.period_start_date,
    parts.last_period_end_date,
    parts.period_end_date
from parts
inner join nodes
    on parts.indicator_id = nodes.node_id
inner join windows
    on
        parts.indicator_id = windows.indicator_id
        and parts.period_end_date >= windows.oldest_period_end_date
