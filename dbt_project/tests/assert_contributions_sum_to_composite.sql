-- The contributions of a council's indicators add up to its composite score.
{{ config(meta={'dagster': {'ref': {'name': 'composite_index'}}}) }}
select
    composite.authority_code,
    composite.need_z,
    sum(scores.contribution) as contributions
from {{ ref('composite_index') }} as composite
inner join {{ ref('indicator_score') }} as scores
    on composite.authority_code = scores.authority_code
group by composite.authority_code, composite.need_z
having abs(sum(scores.contribution) - composite.need_z) > 1e-9
