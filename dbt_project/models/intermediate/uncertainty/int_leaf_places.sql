-- Each council's published value on each scale under each treatment.
with

units as (

    select
        authority_code as unit_id,
        is_in_reference_set,
        row_number() over (order by authority_code) as unit_number
    from {{ ref('int_authorities') }}

),

yardsticks as (

    select * from {{ ref('int_yardsticks') }}

),

placed as (

    select
        units.unit_id,
        units.unit_number,
        units.is_in_reference_set,
        yardsticks.node_id,
        yardsticks.leaf_number,
        yardsticks.theme_number,
        yardsticks.treatment_option,
        yardsticks.yardstick_number,
        yardsticks.lowest_z,
        yardsticks.highest_z,
        {{ place('unit_values.value', 'yardsticks') }} as z
    from {{ ref('int_index_values') }} as unit_values
    inner join units
        on unit_values.unit_id = units.unit_id
    inner join yardsticks
        on unit_values.node_id = yardsticks.node_id

),

-- Councils of the reference set with less need: those up to here without the ties. To nine decimals, as scores are ranked: a
-- figure that is a sum differs from one that was published by its rounding error.
counted as (

    select
        *,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by yardstick_number order by round(z, 9))
        - sum(case when is_in_reference_set then 1 else 0 end) over (partition by yardstick_number, round(z, 9)) as below,
        sum(case when is_in_reference_set then 1 else 0 end) over (partition by yardstick_number) as reference_units
    from placed

)

select
    unit_id,
    node_id,
    treatment_option,
    unit_number,
    leaf_number,
    theme_number,
    yardstick_number,
    z,
    (z - lowest_z) / nullif(highest_z - lowest_z, 0) as min_max,
    -- Divided by the others that are ranked: a unit outside the reference set is ranked as if it were added.
    below * 1e0 / (reference_units - case when is_in_reference_set then 1 else 0 end) as percentile_rank,
    is_in_reference_set
from counted
