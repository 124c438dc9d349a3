-- What the treatment of outliers did to each indicator, over the reference set.
select
    outcomes.node_id as indicator_id,
    outcomes.treatment,
    outcomes.outcome,
    outcomes.winsorised_values,
    outcomes.lower_bound,
    outcomes.upper_bound,
    outcomes.skewness_before,
    outcomes.kurtosis_before,
    outcomes.skewness_after,
    outcomes.kurtosis_after
from {{ ref('int_treatment_outcomes') }} as outcomes
inner join {{ ref('int_authority_nodes') }} as nodes
    on outcomes.node_id = nodes.node_id
