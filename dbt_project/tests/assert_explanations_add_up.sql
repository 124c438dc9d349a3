-- At each level, what a council's parts add, and what separates them from other councils' parts, sums to its composite row.
{{ config(meta={'dagster': {'ref': {'name': 'rank_explanation'}}}) }}
with

levels as (

    select
        authority_code,
        level,
        sum(contribution) as contribution,
        sum(contribution_points) as contribution_points,
        sum(points_above_england) as points_above_england,
        sum(points_above_region) as points_above_region,
        sum(points_above_type) as points_above_type,
        sum(points_above_neighbours) as points_above_neighbours
    from {{ ref('rank_explanation') }}
    group by authority_code, level

)

select levels.*
from levels
inner join levels as whole
    on
        levels.authority_code = whole.authority_code
        and whole.level = 'composite'
inner join {{ ref('composite_index') }} as composite
    on levels.authority_code = composite.authority_code
where
    abs(levels.contribution - composite.need_z) > 1e-9
    or abs(levels.contribution_points - (composite.need_score - 100)) > 1e-9
    or abs(levels.points_above_england - whole.points_above_england) > 1e-9
    or abs(levels.points_above_region - whole.points_above_region) > 1e-9
    or abs(levels.points_above_type - whole.points_above_type) > 1e-9
    or abs(levels.points_above_neighbours - whole.points_above_neighbours) > 1e-9
