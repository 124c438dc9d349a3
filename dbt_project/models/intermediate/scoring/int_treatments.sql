-- How each indicator is treated and why: untouched, winsorised or logged.
with

steps as (

    select * from {{ ref('int_treatment_steps') }}

),

before as (

    select * from steps
    where step = 0

),

-- The first step at which the values pass the test.
passed as (

    select
        node_id,
        min(step) as steps
    from steps
    where not is_skewed
    group by node_id

),

outcomes as (

    select
        before.node_id,
        before.treatment,
        case
            when before.treatment = 'none' then 'none'
            when before.treatment in ('log', 'ln') then 'logged'
            when before.treatment in ('winsorise', 'cap') then 'winsorised'
            when before.treatment in ('square', 'cube', 'square_root', 'reciprocal', 'power') then 'transformed'
            when passed.steps = 0 then 'none'
            when passed.steps > 0 then 'winsorised'
            else 'logged'
        end as outcome,
        before.lower_bound as minimum,
        before.upper_bound as maximum,
        before.skewness as skewness_before,
        before.kurtosis as kurtosis_before,
        -- Bounds that the framework states are the first step and the last.
        case when before.treatment in ('winsorise', 'cap') then 1 else passed.steps end as steps,
        before.treatment_exponent
    from before
    left join passed
        on before.node_id = passed.node_id

)

select
    outcomes.node_id,
    outcomes.treatment,
    outcomes.outcome,
    case when outcomes.outcome = 'winsorised' then outcomes.steps else 0 end as winsorised_values,
    outcomes.minimum,
    outcomes.maximum,
    coalesce(chosen.lower_bound, outcomes.minimum) as lower_bound,
    coalesce(chosen.upper_bound, outcomes.maximum) as upper_bound,
    -- Only the signed log is mirrored for values whose tail is on the left.
    case
        when outcomes.outcome != 'logged' then null
        when outcomes.treatment = 'winsorise_then_signed_log' and outcomes.skewness_before < 0 then -1
        else 1
    end as log_sign,
    outcomes.skewness_before,
    outcomes.kurtosis_before,
    outcomes.treatment_exponent
from outcomes
left join steps as chosen
    on
        outcomes.node_id = chosen.node_id
        and outcomes.steps = chosen.step
        and outcomes.outcome = 'winsorised'
