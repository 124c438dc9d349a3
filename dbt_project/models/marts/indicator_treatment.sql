with

treatments as (

    select * from {{ ref('int_treatments') }}

),

afterwards as (

    select
        treated_values.node_id,
        {{ sample_skewness('treated_values.value_treated') }} as skewness_after,
        {{ sample_excess_kurtosis('treated_values.value_treated') }} as kurtosis_after
    from {{ ref('int_treated_values') }} as treated_values
    inner join {{ ref('int_index_units') }} as units
        on treated_values.unit_id = units.unit_id
    where units.is_in_reference_set
    group by treated_values.node_id

)

select
    treatments.node_id as indicator_id,
    treatments.treatment,
    treatments.outcome,
    cast(treatments.winsorised_values as bigint) as winsorised_values,
    treatments.lower_bound,
    treatments.upper_bound,
    treatments.skewness_before,
    treatments.kurtosis_before,
    afterwards.skewness_after,
    afterwards.kurtosis_after
from treatments
inner join afterwards
    on treatments.node_id = afterwards.node_id
