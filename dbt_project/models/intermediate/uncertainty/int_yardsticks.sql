-- How a value of a leaf is placed under each treatment: bounds, logarithm and scale.
with

nodes as (

    select
        node_id,
        parent_id,
        branch_id,
        treatment,
        direction,
        row_number() over (order by branch_id, parent_id, node_id) as leaf_number,
        dense_rank() over (order by branch_id, parent_id) as theme_number,
        dense_rank() over (order by branch_id) as branch_number
    from {{ ref('int_authority_nodes') }}
    where is_leaf

),

options as (

    select option as treatment_option
    from {{ ref('stg_method_choices') }}
    where factor = 'treatment'

),

treatments as (

    select * from {{ ref('int_treatments') }}

),

-- The framework's own treatment; untreated values; or the logarithm where the framework winsorises.
cuts as (

    select
        nodes.node_id,
        nodes.parent_id,
        nodes.branch_id,
        options.treatment_option,
        nodes.leaf_number,
        nodes.theme_number,
        nodes.branch_number,
        nodes.direction,
        treatments.minimum,
        treatments.maximum,
        case
            when options.treatment_option = 'none' then 0
            when options.treatment_option = 'log' and treatments.outcome = 'winsorised'
                then case when treatments.skewness_before < 0 then -1 else 1 end
            else coalesce(treatments.log_sign, 0)
        end as log_sign,
        case
            when options.treatment_option = 'none' or nodes.treatment = 'none' then -1e300
            when options.treatment_option = 'log' then treatments.minimum
            else treatments.lower_bound
        end as lower_bound,
        case
            when options.treatment_option = 'none' or nodes.treatment = 'none' then 1e300
            when options.treatment_option = 'log' then treatments.maximum
            else treatments.upper_bound
        end as upper_bound
    from nodes
    inner join treatments
        on nodes.node_id = treatments.node_id
    cross join options

),

-- A logarithm is that of log_offset + log_sign x value: x - min + 0.01 (max - min), or max - x + the same margin where the tail is low.
unscaled as (

    select
        *,
        1e-2 * (maximum - minimum) + case when log_sign < 0 then maximum else -minimum end as log_offset,
        direction * case when log_sign < 0 then -1 else 1 end as gain,
        0 as centre
    from cuts

),

reference_places as (

    select
        unscaled.node_id,
        unscaled.treatment_option,
        {{ place('unit_values.value', 'unscaled') }} as place
    from {{ ref('int_index_values') }} as unit_values
    inner join {{ ref('int_index_units') }} as units
        on unit_values.unit_id = units.unit_id
    inner join unscaled
        on unit_values.node_id = unscaled.node_id
    where units.is_in_reference_set

),

scales as (

    select
        node_id,
        treatment_option,
        avg(place) as mean,
        stddev_samp(place) as deviation,
        min(place) as lowest,
        max(place) as highest
    from reference_places
    group by node_id, treatment_option

)

select
    unscaled.node_id,
    unscaled.parent_id as theme_id,
    unscaled.branch_id,
    unscaled.treatment_option,
    unscaled.leaf_number,
    unscaled.theme_number,
    unscaled.branch_number,
    row_number() over (order by unscaled.leaf_number, unscaled.treatment_option) as yardstick_number,
    unscaled.log_sign,
    unscaled.lower_bound,
    unscaled.upper_bound,
    unscaled.log_offset,
    unscaled.gain / nullif(scales.deviation, 0) as gain,
    scales.mean / nullif(scales.deviation, 0) as centre,
    (scales.lowest - scales.mean) / nullif(scales.deviation, 0) as lowest_z,
    (scales.highest - scales.mean) / nullif(scales.deviation, 0) as highest_z
from unscaled
inner join scales
    on
        unscaled.node_id = scales.node_id
        and unscaled.treatment_option = scales.treatment_option
