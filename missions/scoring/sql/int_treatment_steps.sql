-- The dbt model int_treatment_steps as compiled; written by `make docs`, not to be edited.
with

nodes as (

    select
        node_id,
        treatment
    from int_framework_nodes
    where is_leaf

),

reference_values as (

    select
        unit_values.node_id,
        unit_values.value
    from int_index_values as unit_values
    inner join int_index_units as units
        on unit_values.unit_id = units.unit_id
    where
        units.is_in_reference_set
        and unit_values.value is not null

),

bounds_0 as (

    select
        nodes.node_id,
        nodes.treatment,
        min(reference_values.value) as lower_bound,
        max(reference_values.value) as upper_bound
    from nodes
    inner join reference_values
        on nodes.node_id = reference_values.node_id
    group by nodes.node_id, nodes.treatment

),

places_0 as (

    select
        bounds_0.node_id,
        bounds_0.treatment,
        reference_values.value,
        bounds_0.lower_bound,
        bounds_0.upper_bound,
        (greatest(least(reference_values.value, bounds_0.upper_bound), bounds_0.lower_bound) - (bounds_0.lower_bound + bounds_0.upper_bound) / 2) / nullif(bounds_0.upper_bound - bounds_0.lower_bound, 0) as place
    from bounds_0
    inner join reference_values
        on bounds_0.node_id = reference_values.node_id

),

moments_0 as (

    select
        node_id,
        treatment,
        lower_bound,
        upper_bound,
        min(case when value > lower_bound then value end) as second_lowest,
        max(case when value < upper_bound then value end) as second_highest,
        count(place) as n,
    sum(place) / count(place) as m,
    sum(place * place) as sum_2,
    sum(place * place * place) as sum_3,
    sum(place * place * place * place) as sum_4
    from places_0
    group by node_id, treatment, lower_bound, upper_bound

),

step_0 as (

    select
        node_id,
        treatment,
        0 as step,
        lower_bound,
        upper_bound,
        second_lowest,
        second_highest,
        case
        when n > 2
            then
                sqrt(n) * (sum_3 - 3 * m * sum_2 + 2 * n * power(m, 3)) / power(sum_2 - n * power(m, 2), 1.5)
                * sqrt(cast(n as double) * (n - 1)) / (n - 2)
    end as skewness,
        case
        when n > 3
            then
                ((n + 1)
                * (n * (sum_4 - 4 * m * sum_3 + 6 * power(m, 2) * sum_2 - 3 * n * power(m, 4)) / power(sum_2 - n * power(m, 2), 2) - 3)
                + 6) * (n - 1) / ((n - 2) * (n - 3))
    end as kurtosis
    from moments_0

),

-- The highest value and its ties move to the next highest, or the lowest to the next lowest, as the skew says.
bounds_1 as (

    select
        node_id,
        treatment,
        case when skewness >= 0 then lower_bound else second_lowest end as lower_bound,
        case when skewness >= 0 then second_highest else upper_bound end as upper_bound
    from step_0
    where
        treatment like 'winsorise%'
        and (round(abs(skewness), 9) > 2 and round(kurtosis, 9) > 3.5)

),

places_1 as (

    select
        bounds_1.node_id,
        bounds_1.treatment,
        reference_values.value,
        bounds_1.lower_bound,
        bounds_1.upper_bound,
        (greatest(least(reference_values.value, bounds_1.upper_bound), bounds_1.lower_bound) - (bounds_1.lower_bound + bounds_1.upper_bound) / 2) / nullif(bounds_1.upper_bound - bounds_1.lower_bound, 0) as place
    from bounds_1
    inner join reference_values
        on bounds_1.node_id = reference_values.node_id

),

moments_1 as (

    select
        node_id,
        treatment,
        lower_bound,
        upper_bound,
        min(case when value > lower_bound then value end) as second_lowest,
        max(case when value < upper_bound then value end) as second_highest,
        count(place) as n,
    sum(place) / count(place) as m,
    sum(place * place) as sum_2,
    sum(place * place * place) as sum_3,
    sum(place * place * place * place) as sum_4
    from places_1
    group by node_id, treatment, lower_bound, upper_bound

),

step_1 as (

    select
        node_id,
        treatment,
        1 as step,
        lower_bound,
        upper_bound,
        second_lowest,
        second_highest,
        case
        when n > 2
            then
                sqrt(n) * (sum_3 - 3 * m * sum_2 + 2 * n * power(m, 3)) / power(sum_2 - n * power(m, 2), 1.5)
                * sqrt(cast(n as double) * (n - 1)) / (n - 2)
    end as skewness,
        case
        when n > 3
            then
                ((n + 1)
                * (n * (sum_4 - 4 * m * sum_3 + 6 * power(m, 2) * sum_2 - 3 * n * power(m, 4)) / power(sum_2 - n * power(m, 2), 2) - 3)
                + 6) * (n - 1) / ((n - 2) * (n - 3))
    end as kurtosis
    from moments_1

),

-- The highest value and its ties move to the next highest, or the lowest to the next lowest, as the skew says.
bounds_2 as (

    select
        node_id,
        treatment,
        case when skewness >= 0 then lower_bound else second_lowest end as lower_bound,
        case when skewness >= 0 then second_highest else upper_bound end as upper_bound
    from step_1
    where
        treatment like 'winsorise%'
        and (round(abs(skewness), 9) > 2 and round(kurtosis, 9) > 3.5)

),

places_2 as (

    select
        bounds_2.node_id,
        bounds_2.treatment,
        reference_values.value,
        bounds_2.lower_bound,
        bounds_2.upper_bound,
        (greatest(least(reference_values.value, bounds_2.upper_bound), bounds_2.lower_bound) - (bounds_2.lower_bound + bounds_2.upper_bound) / 2) / nullif(bounds_2.upper_bound - bounds_2.lower_bound, 0) as place
    from bounds_2
    inner join reference_values
        on bounds_2.node_id = reference_values.node_id

),

moments_2 as (

    select
        node_id,
        treatment,
        lower_bound,
        upper_bound,
        min(case when value > lower_bound then value end) as second_lowest,
        max(case when value < upper_bound then value end) as second_highest,
        count(place) as n,
    sum(place) / count(place) as m,
    sum(place * place) as sum_2,
    sum(place * place * place) as sum_3,
    sum(place * place * place * place) as sum_4
    from places_2
    group by node_id, treatment, lower_bound, upper_bound

),

step_2 as (

    select
        node_id,
        treatment,
        2 as step,
        lower_bound,
        upper_bound,
        second_lowest,
        second_highest,
        case
        when n > 2
            then
                sqrt(n) * (sum_3 - 3 * m * sum_2 + 2 * n * power(m, 3)) / power(sum_2 - n * power(m, 2), 1.5)
                * sqrt(cast(n as double) * (n - 1)) / (n - 2)
    end as skewness,
        case
        when n > 3
            then
                ((n + 1)
                * (n * (sum_4 - 4 * m * sum_3 + 6 * power(m, 2) * sum_2 - 3 * n * power(m, 4)) / power(sum_2 - n * power(m, 2), 2) - 3)
                + 6) * (n - 1) / ((n - 2) * (n - 3))
    end as kurtosis
    from moments_2

),

-- The highest value and its ties move to the next highest, or the lowest to the next lowest, as the skew says.
bounds_3 as (

    select
        node_id,
        treatment,
        case when skewness >= 0 then lower_bound else second_lowest end as lower_bound,
        case when skewness >= 0 then second_highest else upper_bound end as upper_bound
    from step_2
    where
        treatment like 'winsorise%'
        and (round(abs(skewness), 9) > 2 and round(kurtosis, 9) > 3.5)

),

places_3 as (

    select
        bounds_3.node_id,
        bounds_3.treatment,
        reference_values.value,
        bounds_3.lower_bound,
        bounds_3.upper_bound,
        (greatest(least(reference_values.value, bounds_3.upper_bound), bounds_3.lower_bound) - (bounds_3.lower_bound + bounds_3.upper_bound) / 2) / nullif(bounds_3.upper_bound - bounds_3.lower_bound, 0) as place
    from bounds_3
    inner join reference_values
        on bounds_3.node_id = reference_values.node_id

),

moments_3 as (

    select
        node_id,
        treatment,
        lower_bound,
        upper_bound,
        min(case when value > lower_bound then value end) as second_lowest,
        max(case when value < upper_bound then value end) as second_highest,
        count(place) as n,
    sum(place) / count(place) as m,
    sum(place * place) as sum_2,
    sum(place * place * place) as sum_3,
    sum(place * place * place * place) as sum_4
    from places_3
    group by node_id, treatment, lower_bound, upper_bound

),

step_3 as (

    select
        node_id,
        treatment,
        3 as step,
        lower_bound,
        upper_bound,
        second_lowest,
        second_highest,
        case
        when n > 2
            then
                sqrt(n) * (sum_3 - 3 * m * sum_2 + 2 * n * power(m, 3)) / power(sum_2 - n * power(m, 2), 1.5)
                * sqrt(cast(n as double) * (n - 1)) / (n - 2)
    end as skewness,
        case
        when n > 3
            then
                ((n + 1)
                * (n * (sum_4 - 4 * m * sum_3 + 6 * power(m, 2) * sum_2 - 3 * n * power(m, 4)) / power(sum_2 - n * power(m, 2), 2) - 3)
                + 6) * (n - 1) / ((n - 2) * (n - 3))
    end as kurtosis
    from moments_3

),

-- The highest value and its ties move to the next highest, or the lowest to the next lowest, as the skew says.
bounds_4 as (

    select
        node_id,
        treatment,
        case when skewness >= 0 then lower_bound else second_lowest end as lower_bound,
        case when skewness >= 0 then second_highest else upper_bound end as upper_bound
    from step_3
    where
        treatment like 'winsorise%'
        and (round(abs(skewness), 9) > 2 and round(kurtosis, 9) > 3.5)

),

places_4 as (

    select
        bounds_4.node_id,
        bounds_4.treatment,
        reference_values.value,
        bounds_4.lower_bound,
        bounds_4.upper_bound,
        (greatest(least(reference_values.value, bounds_4.upper_bound), bounds_4.lower_bound) - (bounds_4.lower_bound + bounds_4.upper_bound) / 2) / nullif(bounds_4.upper_bound - bounds_4.lower_bound, 0) as place
    from bounds_4
    inner join reference_values
        on bounds_4.node_id = reference_values.node_id

),

moments_4 as (

    select
        node_id,
        treatment,
        lower_bound,
        upper_bound,
        min(case when value > lower_bound then value end) as second_lowest,
        max(case when value < upper_bound then value end) as second_highest,
        count(place) as n,
    sum(place) / count(place) as m,
    sum(place * place) as sum_2,
    sum(place * place * place) as sum_3,
    sum(place * place * place * place) as sum_4
    from places_4
    group by node_id, treatment, lower_bound, upper_bound

),

step_4 as (

    select
        node_id,
        treatment,
        4 as step,
        lower_bound,
        upper_bound,
        second_lowest,
        second_highest,
        case
        when n > 2
            then
                sqrt(n) * (sum_3 - 3 * m * sum_2 + 2 * n * power(m, 3)) / power(sum_2 - n * power(m, 2), 1.5)
                * sqrt(cast(n as double) * (n - 1)) / (n - 2)
    end as skewness,
        case
        when n > 3
            then
                ((n + 1)
                * (n * (sum_4 - 4 * m * sum_3 + 6 * power(m, 2) * sum_2 - 3 * n * power(m, 4)) / power(sum_2 - n * power(m, 2), 2) - 3)
                + 6) * (n - 1) / ((n - 2) * (n - 3))
    end as kurtosis
    from moments_4

),

-- The highest value and its ties move to the next highest, or the lowest to the next lowest, as the skew says.
bounds_5 as (

    select
        node_id,
        treatment,
        case when skewness >= 0 then lower_bound else second_lowest end as lower_bound,
        case when skewness >= 0 then second_highest else upper_bound end as upper_bound
    from step_4
    where
        treatment like 'winsorise%'
        and (round(abs(skewness), 9) > 2 and round(kurtosis, 9) > 3.5)

),

places_5 as (

    select
        bounds_5.node_id,
        bounds_5.treatment,
        reference_values.value,
        bounds_5.lower_bound,
        bounds_5.upper_bound,
        (greatest(least(reference_values.value, bounds_5.upper_bound), bounds_5.lower_bound) - (bounds_5.lower_bound + bounds_5.upper_bound) / 2) / nullif(bounds_5.upper_bound - bounds_5.lower_bound, 0) as place
    from bounds_5
    inner join reference_values
        on bounds_5.node_id = reference_values.node_id

),

moments_5 as (

    select
        node_id,
        treatment,
        lower_bound,
        upper_bound,
        min(case when value > lower_bound then value end) as second_lowest,
        max(case when value < upper_bound then value end) as second_highest,
        count(place) as n,
    sum(place) / count(place) as m,
    sum(place * place) as sum_2,
    sum(place * place * place) as sum_3,
    sum(place * place * place * place) as sum_4
    from places_5
    group by node_id, treatment, lower_bound, upper_bound

),

step_5 as (

    select
        node_id,
        treatment,
        5 as step,
        lower_bound,
        upper_bound,
        second_lowest,
        second_highest,
        case
        when n > 2
            then
                sqrt(n) * (sum_3 - 3 * m * sum_2 + 2 * n * power(m, 3)) / power(sum_2 - n * power(m, 2), 1.5)
                * sqrt(cast(n as double) * (n - 1)) / (n - 2)
    end as skewness,
        case
        when n > 3
            then
                ((n + 1)
                * (n * (sum_4 - 4 * m * sum_3 + 6 * power(m, 2) * sum_2 - 3 * n * power(m, 4)) / power(sum_2 - n * power(m, 2), 2) - 3)
                + 6) * (n - 1) / ((n - 2) * (n - 3))
    end as kurtosis
    from moments_5

),

steps as (

    select * from step_0
    union all

    select * from step_1
    union all

    select * from step_2
    union all

    select * from step_3
    union all

    select * from step_4
    union all

    select * from step_5

)

select
    node_id,
    treatment,
    step,
    lower_bound,
    upper_bound,
    skewness,
    kurtosis,
    -- Winsorising that leaves no spread has not passed the test: the values are logged instead.
    coalesce((round(abs(skewness), 9) > 2 and round(kurtosis, 9) > 3.5), step > 0) as is_skewed
from steps
