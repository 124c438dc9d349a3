with

nodes as (

    select
        node_id,
        treatment
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

step_0 as (

    select
        nodes.node_id,
        nodes.treatment,
        0 as step,
        min(reference_values.value) as lower_bound,
        max(reference_values.value) as upper_bound,
        {{ sample_skewness('reference_values.value') }} as skewness,
        {{ sample_excess_kurtosis('reference_values.value') }} as kurtosis
    from nodes
    inner join reference_values
        on nodes.node_id = reference_values.node_id
    group by nodes.node_id, nodes.treatment

),

{% for step in range(1, var('winsorise_steps') + 1) %}
{% set last = 'step_' ~ (step - 1) %}
-- The highest value and its ties move to the next highest, or the lowest to the next lowest, as the skew says.
bounds_{{ step }} as (

    select
        {{ last }}.node_id,
        {{ last }}.treatment,
        case
            when {{ last }}.skewness >= 0 then {{ last }}.lower_bound
            else min(case when reference_values.value > {{ last }}.lower_bound then reference_values.value end)
        end as lower_bound,
        case
            when {{ last }}.skewness >= 0
                then max(case when reference_values.value < {{ last }}.upper_bound then reference_values.value end)
            else {{ last }}.upper_bound
        end as upper_bound
    from {{ last }}
    inner join reference_values
        on {{ last }}.node_id = reference_values.node_id
    where
        {{ last }}.treatment like 'winsorise%'
        and {{ is_skewed(last ~ '.skewness', last ~ '.kurtosis') }}
    group by {{ last }}.node_id, {{ last }}.treatment, {{ last }}.skewness, {{ last }}.lower_bound, {{ last }}.upper_bound

),

step_{{ step }} as (

    {% set clipped %}greatest(least(reference_values.value, bounds_{{ step }}.upper_bound), bounds_{{ step }}.lower_bound){% endset %}
    select
        bounds_{{ step }}.node_id,
        bounds_{{ step }}.treatment,
        {{ step }} as step,
        bounds_{{ step }}.lower_bound,
        bounds_{{ step }}.upper_bound,
        {{ sample_skewness(clipped) }} as skewness,
        {{ sample_excess_kurtosis(clipped) }} as kurtosis
    from bounds_{{ step }}
    inner join reference_values
        on bounds_{{ step }}.node_id = reference_values.node_id
    group by bounds_{{ step }}.node_id, bounds_{{ step }}.treatment, bounds_{{ step }}.lower_bound, bounds_{{ step }}.upper_bound

),
{% endfor %}

steps as (

    {% for step in range(0, var('winsorise_steps') + 1) %}
    select * from step_{{ step }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

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
    coalesce({{ is_skewed('skewness', 'kurtosis') }}, step > 0) as is_skewed
from steps
