-- The published distribution of each yardstick's places, in small steps.
with

places as (

    select
        yardstick_number,
        cast(floor({{ distribution_step('z') }}) as bigint) as step
    from {{ ref('int_leaf_places') }}
    where is_in_reference_set

),

counts as (

    select
        yardstick_number,
        step,
        count(*) as units
    from places
    group by yardstick_number, step

),

steps as (

    {{ numbers(0, distribution_steps() | int - 1) }}

),

yardsticks as (

    select
        yardstick_number,
        sum(units) as units
    from counts
    group by yardstick_number

),

filled as (

    select
        yardsticks.yardstick_number,
        steps.number as step,
        yardsticks.units - 1 as others,
        coalesce(counts.units, 0) as units
    from yardsticks
    cross join steps
    left join counts
        on
            yardsticks.yardstick_number = counts.yardstick_number
            and steps.number = counts.step

)

select
    yardstick_number * {{ distribution_steps() }} + step as distribution_key,
    (sum(units) over (partition by yardstick_number order by step) - units) * 1e0 / others as share_below,
    units * 1e0 / others as share_within
from filled
