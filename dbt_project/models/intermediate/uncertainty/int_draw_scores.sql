-- Scores of every council in every run, by index number: 0 the composite, then the branches. Runs in which a score is missing or
-- not finite are left out.
with

runs as (

    select
        run_number,
        sample,
        aggregation
    from {{ ref('int_draws') }}

),

units as (

    select distinct
        unit_number,
        is_in_reference_set
    from {{ ref('int_leaf_places') }}

),

branch_means as (

    select * from {{ ref('int_branch_draws') }}

),

branch_weights as (

    select
        run_number,
        branch_number,
        max(branch_weight) as branch_weight
    from {{ ref('int_draw_weights') }}
    group by run_number, branch_number

),

branch_scales as (

    select
        branch_means.run_number,
        branch_means.branch_number,
        avg(branch_means.score) as mean,
        stddev_samp(branch_means.score) as deviation,
        min(branch_means.score) as lowest,
        max(branch_means.score) as highest
    from branch_means
    inner join units
        on branch_means.unit_number = units.unit_number
    where units.is_in_reference_set
    group by branch_means.run_number, branch_means.branch_number

),

run_branches as (

    select
        scales.*,
        weights.branch_weight,
        runs.aggregation
    from branch_scales as scales
    inner join branch_weights as weights
        on
            scales.run_number = weights.run_number
            and scales.branch_number = weights.branch_number
    inner join runs
        on scales.run_number = runs.run_number

),

branch_scores as (

    select
        means.run_number,
        means.unit_number,
        means.branch_number,
        scales.branch_weight,
        scales.aggregation,
        (means.score - scales.mean) / nullif(scales.deviation, 0) as score,
        -- For a geometric mean: 1 for the lowest of the reference set, 100 for its highest.
        1 + 99 * least(greatest((means.score - scales.lowest) / nullif(scales.highest - scales.lowest, 0), 0), 1) as positive_score
    from branch_means as means
    inner join run_branches as scales
        on
            means.run_number = scales.run_number
            and means.branch_number = scales.branch_number

),

composite_means as (

    select
        run_number,
        unit_number,
        case
            when sum(case when {{ is_finite('score') }} then 1 else 0 end) < count(*) then null
            when max(aggregation) = 'geometric' then exp(sum(branch_weight * ln(positive_score)) / nullif(sum(branch_weight), 0))
            else sum(branch_weight * score) / nullif(sum(branch_weight), 0)
        end as score
    from branch_scores
    group by run_number, unit_number

),

composite_scales as (

    select
        means.run_number,
        avg(case when units.is_in_reference_set then means.score end) as mean,
        stddev_samp(case when units.is_in_reference_set then means.score end) as deviation
    from composite_means as means
    inner join units
        on means.unit_number = units.unit_number
    group by means.run_number
    having
        count(*) = sum(case when {{ is_finite('means.score') }} then 1 else 0 end)
        and stddev_samp(case when units.is_in_reference_set then means.score end) > 0

)

-- Runs that failed have no scales, so the join drops them.
select
    means.run_number,
    runs.sample,
    0 as index_number,
    means.unit_number,
    (means.score - scales.mean) / scales.deviation as score
from composite_means as means
inner join composite_scales as scales
    on means.run_number = scales.run_number
inner join runs
    on means.run_number = runs.run_number

union all

select
    branch_scores.run_number,
    runs.sample,
    branch_scores.branch_number as index_number,
    branch_scores.unit_number,
    branch_scores.score
from branch_scores
inner join composite_scales as scales
    on branch_scores.run_number = scales.run_number
inner join runs
    on branch_scores.run_number = runs.run_number
-- Where only the sampling errors vary, nothing but the composite is needed.
where runs.sample != 'sampling error'
