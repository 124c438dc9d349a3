-- Values after the treatment of outliers: cut, winsorised, logged or transformed.
with

treatments as (

    select * from {{ ref('int_treatments') }}

),

-- Units outside the reference set are first cut to its bounds; winsorised values are cut to theirs.
cut_values as (

    select
        unit_values.unit_id,
        unit_values.node_id,
        unit_values.value,
        treatments.treatment,
        treatments.treatment_exponent,
        treatments.outcome,
        treatments.log_sign,
        treatments.minimum,
        treatments.maximum,
        case
            when treatments.treatment in ('none', 'ln') or treatments.outcome = 'transformed' then unit_values.value
            else greatest(least(unit_values.value, treatments.upper_bound), treatments.lower_bound)
        end as cut_value
    from {{ ref('int_index_values') }} as unit_values
    inner join treatments
        on unit_values.node_id = treatments.node_id
    where unit_values.value is not null

)

select
    unit_id,
    node_id,
    value,
    case
        -- Null where the function is not defined.
        when treatment = 'ln' then ln(case when value > 0 then value end)
        when outcome = 'transformed'
            then
                power(
                    case
                        when value > 0 then value
                        when value = 0 and treatment_exponent > 0 then value
                        when value < 0 and treatment_exponent = floor(treatment_exponent) then value
                    end,
                    treatment_exponent
                )
        when outcome != 'logged' then cut_value
        when log_sign = 1 then ln(nullif(cut_value - minimum + 1e-2 * (maximum - minimum), 0))
        else -ln(nullif(maximum - cut_value + 1e-2 * (maximum - minimum), 0))
    end as value_treated
from cut_values
