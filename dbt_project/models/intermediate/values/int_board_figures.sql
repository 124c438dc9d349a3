-- Figures of Integrated Care Boards on councils: rates weighted by the share of a council's small areas in each board.
with

authorities as (

    select * from {{ ref('int_authorities') }}

),

boards as (

    select * from {{ ref('stg_integrated_care_boards') }}

),

rates as (

    select
        figures.indicator_id,
        figures.source_id,
        coalesce(changes.new_code, figures.area_code) as board_code,
        indicators.rate_multiplier * figures.numerator / nullif(figures.denominator, 0) as value,
        figures.period_start_date,
        figures.period_end_date
    from {{ ref('int_indicator_figures') }} as figures
    inner join {{ ref('stg_indicators') }} as indicators
        on
            figures.indicator_id = indicators.indicator_id
            and indicators.rate_denominator = 'measure'
    left join {{ ref('stg_care_board_changes') }} as changes
        on figures.area_code = changes.old_code

),

-- Only councils all of whose boards have a figure.
districts as (

    select
        rates.indicator_id,
        rates.source_id,
        boards.authority_code,
        case when count(*) = 1 then max(rates.board_code) end as source_area_code,
        sum(boards.share_of_small_areas * rates.value) / sum(boards.share_of_small_areas) as value,
        rates.period_start_date,
        rates.period_end_date
    from rates
    inner join boards
        on rates.board_code = boards.integrated_care_board_code
    group by rates.indicator_id, rates.source_id, boards.authority_code, rates.period_start_date, rates.period_end_date
    having sum(case when rates.value is not null then boards.share_of_small_areas end) > 0.999

),

populations as (

    select
        districts.*,
        authorities.county_code,
        people.people as weighting_people
    from districts
    inner join authorities
        on districts.authority_code = authorities.authority_code
    inner join {{ ref('stg_indicators') }} as indicators
        on districts.indicator_id = indicators.indicator_id
    left join {{ ref('int_weighting_populations') }} as people
        on
            districts.authority_code = people.area_code
            and indicators.weighting_population = people.population_id
            and people.year = least(year(districts.period_end_date), {{ var('latest_population_year') }})

)

select
    indicator_id,
    source_id,
    authority_code,
    source_area_code,
    value,
    weighting_people,
    period_start_date,
    period_end_date
from populations

union all

-- A county is in the boards of its districts.
select
    indicator_id,
    source_id,
    county_code as authority_code,
    case when count(distinct source_area_code) = 1 and count(source_area_code) = count(*) then max(source_area_code) end
        as source_area_code,
    sum(weighting_people * value) / sum(weighting_people) as value,
    sum(weighting_people) as weighting_people,
    period_start_date,
    period_end_date
from populations
where county_code is not null
group by indicator_id, source_id, county_code, period_start_date, period_end_date
