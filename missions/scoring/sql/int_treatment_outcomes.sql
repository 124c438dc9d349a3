-- The dbt model int_treatment_outcomes as compiled; written by `make docs`, not to be edited.
with

treatments as (

    select * from int_treatments

),

reference_values as (

    select
        treated_values.node_id,
        treated_values.value_treated
    from int_treated_values as treated_values
    inner join int_index_units as units
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
        (greatest(least(reference_values.value_treated, bounds.upper_bound), bounds.lower_bound) - (bounds.lower_bound + bounds.upper_bound) / 2) / nullif(bounds.upper_bound - bounds.lower_bound, 0) as place
    from reference_values
    inner join bounds
        on reference_values.node_id = bounds.node_id

),

moments as (

    select
        node_id,
        count(place) as n,
    sum(place) / count(place) as m,
    sum(place * place) as sum_2,
    sum(place * place * place) as sum_3,
    sum(place * place * place * place) as sum_4
    from places
    group by node_id

),

afterwards as (

    select
        node_id,
        case
        when n > 2
            then
                sqrt(n) * (sum_3 - 3 * m * sum_2 + 2 * n * power(m, 3)) / power(sum_2 - n * power(m, 2), 1.5)
                * sqrt(cast(n as double) * (n - 1)) / (n - 2)
    end as skewness_after,
        case
        when n > 3
            then
                ((n + 1)
                * (n * (sum_4 - 4 * m * sum_3 + 6 * power(m, 2) * sum_2 - 3 * n * power(m, 4)) / power(sum_2 - n * power(m, 2), 2) - 3)
                + 6) * (n - 1) / ((n - 2) * (n - 3))
    end as kurtosis_after
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
