-- The weighted mean of each branch in each run, of its themes' scores standardised over the reference set.
with

theme_means as (

    select * from {{ ref('int_theme_draws') }}

),

units as (

    select distinct
        unit_number,
        is_in_reference_set
    from {{ ref('int_leaf_places') }}

),

theme_weights as (

    select
        run_number,
        theme_number,
        branch_number,
        max(theme_weight) as theme_weight
    from {{ ref('int_draw_weights') }}
    group by run_number, theme_number, branch_number

),

theme_scales as (

    select
        means.run_number,
        means.theme_number,
        avg(means.score) as mean,
        stddev_samp(means.score) as deviation
    from theme_means as means
    inner join units
        on means.unit_number = units.unit_number
    where units.is_in_reference_set
    group by means.run_number, means.theme_number

),

-- A theme whose leaves are all left out of a run has no weight and no say in it.
run_themes as (

    select
        scales.run_number,
        scales.theme_number,
        weights.branch_number,
        scales.mean,
        weights.theme_weight / nullif(scales.deviation, 0) as slope,
        weights.theme_weight
    from theme_scales as scales
    inner join theme_weights as weights
        on
            scales.run_number = weights.run_number
            and scales.theme_number = weights.theme_number
    where weights.theme_weight is null or weights.theme_weight > 0

)

select
    means.run_number,
    means.unit_number,
    themes.branch_number,
    case
        when sum(case when {{ is_finite('themes.slope * (means.score - themes.mean)') }} then 1 else 0 end) = count(*)
            then sum(themes.slope * (means.score - themes.mean)) / nullif(sum(themes.theme_weight), 0)
    end as score
from theme_means as means
inner join run_themes as themes
    on
        means.run_number = themes.run_number
        and means.theme_number = themes.theme_number
group by means.run_number, means.unit_number, themes.branch_number
