-- What winsorising does to each indicator, step by step, over the reference set.
with

nodes as (

    select
        node_id,
        treatment,
        treatment_exponent,
        treatment_lowest,
        treatment_highest,
        treatment_lower_percentile,
        treatment_upper_percentile
    from {{ ref('int_framework_nodes') }}
    where is_leaf

),

reference_values as (

    select
        unit_values.node_id,
        unit_values.value
    from {{ ref('int_index_values') }} as unit_values
    inner join {{ ref('int_index_units') }} as units
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

-- For bounds that the framework states: the place of each value from either end, ties once, and in the order of all.
stated_places as (

    select
        nodes.node_id,
        nodes.treatment,
        nodes.treatment_lowest,
        nodes.treatment_highest,
        nodes.treatment_lower_percentile,
        nodes.treatment_upper_percentile,
        reference_values.value,
        dense_rank() over (partition by nodes.node_id order by reference_values.value) as from_lowest,
        dense_rank() over (partition by nodes.node_id order by reference_values.value desc) as from_highest,
        row_number() over (partition by nodes.node_id order by reference_values.value) - 1 as place,
        count(*) over (partition by nodes.node_id) - 1 as last_place
    from nodes
    inner join reference_values
        on nodes.node_id = reference_values.node_id
    where nodes.treatment in ('winsorise', 'cap')

),

-- The next value beyond those winsorised, or a percentile on the straight line between its two neighbours.
stated_bounds as (

    select
        node_id,
        treatment,
        case
            when treatment = 'winsorise' then min(case when from_lowest > coalesce(treatment_lowest, 0) then value end)
            else
                sum(
                    value * greatest(0, 1 - abs(place - last_place * coalesce(treatment_lower_percentile, 0) / 1e2))
                )
        end as lower_bound,
        case
            when treatment = 'winsorise' then max(case when from_highest > coalesce(treatment_highest, 0) then value end)
            else
                sum(
                    value * greatest(0, 1 - abs(place - last_place * coalesce(treatment_upper_percentile, 100) / 1e2))
                )
        end as upper_bound
    from stated_places
    group by node_id, treatment

),

{% for step in range(0, var('winsorise_steps') + 1) %}
{% set bounds = 'bounds_' ~ step %}
{% if step > 0 %}
{% set last = 'step_' ~ (step - 1) %}
-- The highest value and its ties move to the next highest, or the lowest to the next lowest, in the direction of the skew.
{{ bounds }} as (

    select
        node_id,
        treatment,
        case when skewness >= 0 then lower_bound else second_lowest end as lower_bound,
        case when skewness >= 0 then second_highest else upper_bound end as upper_bound
    from {{ last }}
    where
        treatment like 'winsorise_then%'
        and {{ is_skewed('skewness', 'kurtosis') }}
    {% if step == 1 %}

    union all

    select * from stated_bounds
    {% endif %}

),

{% endif %}
{# Places in the bounds, from -1/2 to 1/2: the powers stay small, and skewness and kurtosis are the same. #}
places_{{ step }} as (

    select
        {{ bounds }}.node_id,
        {{ bounds }}.treatment,
        reference_values.value,
        {{ bounds }}.lower_bound,
        {{ bounds }}.upper_bound,
        {{ place_in_bounds('reference_values.value', bounds ~ '.lower_bound', bounds ~ '.upper_bound') }} as place
    from {{ bounds }}
    inner join reference_values
        on {{ bounds }}.node_id = reference_values.node_id

),

moments_{{ step }} as (

    select
        node_id,
        treatment,
        lower_bound,
        upper_bound,
        min(case when value > lower_bound then value end) as second_lowest,
        max(case when value < upper_bound then value end) as second_highest,
        {{ power_sums('place') }}
    from places_{{ step }}
    group by node_id, treatment, lower_bound, upper_bound

),

{# Each step reads the one before it in one place: an engine that copies a CTE to where it is read would double it each time. #}
step_{{ step }} as (

    select
        node_id,
        treatment,
        {{ step }} as step,
        lower_bound,
        upper_bound,
        second_lowest,
        second_highest,
        {{ skewness_of_power_sums() }} as skewness,
        {{ kurtosis_of_power_sums() }} as kurtosis
    from moments_{{ step }}

),
{% endfor %}

steps as (

    {% for step in range(0, var('winsorise_steps') + 1) %}
    select * from step_{{ step }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select
    steps.node_id,
    steps.treatment,
    steps.step,
    steps.lower_bound,
    steps.upper_bound,
    steps.skewness,
    steps.kurtosis,
    nodes.treatment_exponent,
    -- Winsorising that leaves no spread has not passed the test: the values are logged instead.
    coalesce({{ is_skewed('steps.skewness', 'steps.kurtosis') }}, steps.step > 0) as is_skewed
from steps
inner join nodes
    on steps.node_id = nodes.node_id
