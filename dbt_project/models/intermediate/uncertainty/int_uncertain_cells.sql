-- Cells that are not known exactly, under each treatment: their place, their yardstick, and what their random numbers hang on.
with

cells as (

    select * from {{ ref('int_cell_errors') }}
    where greatest(sampling_sd_below, sampling_sd_above, basis_sd) > 0

),

-- Councils that share a source figure share its random number.
figure_keys as (

    {{ with_random_key('cells', 'cell_number, figure_number', ['1', 'figure_number'], 'figure_key') | indent(4) }}

),

cell_keys as (

    {{ with_random_key('cells', 'cell_number', ['2', 'cell_number'], 'cell_key') | indent(4) }}

)

select
    places.unit_number,
    places.leaf_number,
    places.theme_number,
    places.treatment_option,
    places.yardstick_number,
    places.z,
    {{ share_below('distributions', 'places.z') }} as share_below,
    yardsticks.log_sign,
    yardsticks.lower_bound,
    yardsticks.upper_bound,
    yardsticks.log_offset,
    yardsticks.gain,
    yardsticks.centre,
    cells.value,
    cells.sampling_sd_below,
    cells.sampling_sd_above,
    cells.basis_sd,
    case when greatest(cells.sampling_sd_below, cells.sampling_sd_above) > 0 then figure_keys.figure_key end as figure_key,
    case when cells.basis_sd > 0 then cell_keys.cell_key end as cell_key
from cells
inner join figure_keys
    on cells.cell_number = figure_keys.cell_number
inner join cell_keys
    on cells.cell_number = cell_keys.cell_number
inner join {{ ref('int_leaf_places') }} as places
    on
        cells.authority_code = places.unit_id
        and cells.indicator_id = places.node_id
inner join {{ ref('int_yardsticks') }} as yardsticks
    on places.yardstick_number = yardsticks.yardstick_number
inner join {{ ref('int_place_distributions') }} as distributions
    on {{ distribution_key('places.yardstick_number', 'places.z') }} = distributions.distribution_key
