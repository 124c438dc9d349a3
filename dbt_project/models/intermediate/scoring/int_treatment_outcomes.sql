-- What the treatment of outliers did to each leaf, over the reference set.
with

treatments as (

    select * from {{ ref('int_treatments') }}

),

reference_values as (

    select
        treated_values.node_id,
        treated_values.value_treated
    from {{ ref('int_treated_values') }} as treated_values
    inner join {{ ref('int_index_units') }} as units
        on treated_values.unit_id = units.unit_id
    where units.is_in_reference_set

),

bounds as (

    select
        node_id,
        min(value_treated) as lower_bound,
        max(value_treated) as upper_bound
    from reference_values
    group by node_id

),

places as (

    select
        reference_values.node_id,
        {{ place_in_bounds('reference_values.value_treated', 'bounds.lower_bound', 'bounds.upper_bound') }} as place
    from reference_values
    inner join bounds
        on reference_values.node_id = bounds.node_id

),

moments as (

    select
        node_id,
        {{ power_sums('place') }}
    from places
    group by node_id

),

afterwards as (

    select
        node_id,
        {{ skewness_of_power_sums() }} as skewness_after,
        {{ kurtosis_of_power_sums() }} as kurtosis_after
    from moments

)

select
    treatments.node_id,
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
