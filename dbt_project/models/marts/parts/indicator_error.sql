-- What is not known exactly of the figure that counts for each council and indicator.
select
    errors.authority_code,
    errors.indicator_id,
    errors.sampling_error,
    errors.sampling_sd_below,
    errors.sampling_sd_above,
    errors.basis_sd,
    cast(errors.figure_number as bigint) as figure_number,
    cast(errors.cell_number as bigint) as cell_number
from {{ ref('int_cell_errors') }} as errors
inner join {{ ref('int_authority_nodes') }} as nodes
    on errors.indicator_id = nodes.node_id
