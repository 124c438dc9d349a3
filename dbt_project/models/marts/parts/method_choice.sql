-- The choices of method that the draws vary, with their probabilities.
select
    factor,
    option,
    label as option_label,
    node_id,
    probability,
    is_official
from {{ ref('stg_method_choices') }}
