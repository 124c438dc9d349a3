-- How far a value of each basis but published tends to be from the council's own.
with

authorities as (

    select * from {{ ref('int_authorities') }}

),

cells as (

    select * from {{ ref('int_cells') }}

),

own_cells as (

    select
        cells.*,
        authorities.donor_type,
        authorities.region_code
    from cells
    inner join authorities
        on cells.authority_code = authorities.authority_code
    where cells.value_basis = 'published'

),

candidates as (

    select * from {{ ref('int_figure_candidates') }}

),

yardsticks as (

    select yardsticks.*
    from {{ ref('int_yardsticks') }} as yardsticks
    inner join {{ ref('stg_method_choices') }} as choices
        on
            yardsticks.treatment_option = choices.option
            and choices.factor = 'treatment'
            and choices.is_official

),

stale_indicators as (

    select distinct indicator_id
    from cells
    where value_basis = 'stale'

),

-- A council's own figure beside the one it would get from its county, its parts or the councils it replaced.
stand_ins as (

    select
        candidates.value_basis,
        candidates.indicator_id,
        own.value as own_value,
        candidates.value as other_value
    from candidates
    inner join candidates as own
        on
            candidates.indicator_id = own.indicator_id
            and candidates.authority_code = own.authority_code
            and candidates.period_end_date = own.period_end_date
            and own.value_basis = 'published'
    where candidates.value_basis in ('inherited', 'aggregated', 'predecessor')

),

-- The newest own figure beside the one that would be used if no newer had come within the window: only for indicators with
-- such cells, since others move at other speeds.
older as (

    select
        'stale' as value_basis,
        own_cells.indicator_id,
        own_cells.authority_code,
        own_cells.value as own_value,
        candidates.value as other_value,
        candidates.period_end_date
    from own_cells
    inner join candidates
        on
            own_cells.indicator_id = candidates.indicator_id
            and own_cells.authority_code = candidates.authority_code
            and candidates.value_basis = 'published'
            and candidates.period_end_date < {{ years_before('own_cells.period_end_date', var('window_years')) }}
    inner join stale_indicators
        on own_cells.indicator_id = stale_indicators.indicator_id

),

newest_older as (

    {{ first_row_of_each('older', 'indicator_id, authority_code', 'period_end_date desc') }}

),

-- The median of the other councils of its type in its region, as for an estimate.
medians as (

    select
        own_cells.indicator_id,
        own_cells.authority_code,
        max(own_cells.value) as own_value,
        median(others.value) as other_value
    from own_cells
    inner join own_cells as others
        on
            own_cells.indicator_id = others.indicator_id
            and own_cells.donor_type = others.donor_type
            and own_cells.region_code = others.region_code
            and own_cells.period_end_date = others.period_end_date
            and own_cells.authority_code != others.authority_code
    group by own_cells.indicator_id, own_cells.authority_code
    having count(*) >= {{ var('least_donors') }}

),

joint_members as (

    select distinct
        source_area_code,
        authority_code
    from cells
    where value_basis = 'combined_area'

),

-- No joint area also publishes its members' figures, so take the members' figures on other indicators around their mean.
joint_areas as (

    select
        own_cells.indicator_id,
        joint_members.source_area_code,
        avg(own_cells.value) as other_value
    from joint_members
    inner join own_cells
        on joint_members.authority_code = own_cells.authority_code
    group by own_cells.indicator_id, joint_members.source_area_code
    having count(*) > 1

),

pairs as (

    select
        value_basis,
        indicator_id,
        own_value,
        other_value
    from stand_ins

    union all

    select
        value_basis,
        indicator_id,
        own_value,
        other_value
    from newest_older

    union all

    select
        'estimated' as value_basis,
        indicator_id,
        own_value,
        other_value
    from medians

    union all

    select
        'combined_area' as value_basis,
        joint_areas.indicator_id,
        own_cells.value as own_value,
        joint_areas.other_value
    from joint_areas
    inner join joint_members
        on joint_areas.source_area_code = joint_members.source_area_code
    inner join own_cells
        on
            joint_members.authority_code = own_cells.authority_code
            and joint_areas.indicator_id = own_cells.indicator_id

),

errors as (

    select
        pairs.value_basis,
        sqrt(avg(power(({{ place('pairs.own_value', 'yardsticks') }}) - ({{ place('pairs.other_value', 'yardsticks') }}), 2))) as error_sd,
        count(*) as pairs,
        count(distinct pairs.indicator_id) as indicators
    from pairs
    inner join yardsticks
        on pairs.indicator_id = yardsticks.node_id
    group by pairs.value_basis

)

select * from errors

union all

-- Nobody publishes what councils that share hospitals have for themselves: taken to be as far apart as those of a joint area.
select
    'modelled' as value_basis,
    error_sd,
    pairs,
    indicators
from errors
where value_basis = 'combined_area'
