-- The weighted mean of each theme in each run: the scores as published, and what the draws of the uncertain cells add to them.
with

run_leaves as (

    select
        runs.run_number,
        runs.normalisation,
        runs.treatment,
        runs.sampling_key,
        runs.cells_key,
        weights.leaf_number,
        weights.theme_number,
        weights.leaf_weight,
        -- What one standard deviation of the indicator adds to the theme.
        weights.leaf_weight * case
            when runs.normalisation = 'min_max' then 1 / nullif(yardsticks.highest_z - yardsticks.lowest_z, 0)
            else 1
        end as slope
    from {{ ref('int_draws') }} as runs
    inner join {{ ref('int_draw_weights') }} as weights
        on runs.run_number = weights.run_number
    inner join {{ ref('int_yardsticks') }} as yardsticks
        on
            weights.leaf_number = yardsticks.leaf_number
            and runs.treatment = yardsticks.treatment_option

),

run_themes as (

    select
        run_number,
        theme_number,
        normalisation,
        treatment,
        {{ array_of('leaf_weight', 'leaf_number') }} as leaf_weights
    from run_leaves
    group by run_number, theme_number, normalisation, treatment

),

leaf_scores as (

    {% for normalisation, score in [('z_score', 'z'), ('min_max', 'min_max'), ('percentile_rank', 'percentile_rank')] %}
    select
        unit_number,
        leaf_number,
        theme_number,
        treatment_option,
        '{{ normalisation }}' as normalisation,
        {{ score }} as score
    from {{ ref('int_leaf_places') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

theme_scores as (

    select
        unit_number,
        theme_number,
        treatment_option,
        normalisation,
        {{ array_of('score', 'leaf_number') }} as leaf_scores
    from leaf_scores
    group by unit_number, theme_number, treatment_option, normalisation

),

-- One random number for each source figure, and one for what the basis leaves open.
states as (

    select
        run_leaves.run_number,
        run_leaves.normalisation,
        run_leaves.slope,
        cells.*,
        {{ joint_key('run_leaves.sampling_key', 'cells.figure_key') }} as figure_state,
        {{ joint_key('run_leaves.cells_key', 'cells.cell_key') }} as cell_state
    from run_leaves
    inner join {{ ref('int_uncertain_cells') }} as cells
        on
            run_leaves.leaf_number = cells.leaf_number
            and run_leaves.treatment = cells.treatment_option
            and (
                (run_leaves.sampling_key is not null and cells.figure_key is not null)
                or (run_leaves.cells_key is not null and cells.cell_key is not null)
            )
    where run_leaves.leaf_weight > 0

),

uniforms as (

    select
        *,
        {{ uniform(scrambled('figure_state')) }} as figure_uniform,
        {{ uniform(scrambled('cell_state')) }} as cell_uniform
    from states

),

normals as (

    select
        *,
        case when figure_uniform is not null then {{ standard_normal('figure_uniform') }} end as figure_normal,
        case when cell_uniform is not null then {{ standard_normal('cell_uniform') }} end as cell_normal
    from uniforms

),

drawn_values as (

    select
        *,
        value + figure_normal * case when figure_normal < 0 then sampling_sd_below else sampling_sd_above end as drawn_value
    from normals

),

drawn_places as (

    select
        run_number,
        unit_number,
        theme_number,
        yardstick_number,
        normalisation,
        slope,
        z,
        share_below,
        case when drawn_value is null then z else {{ place('drawn_value', 'drawn_values') }} end
        + coalesce(basis_sd * cell_normal, 0) as drawn_z
    from drawn_values

),

parts as (

    select
        run_themes.run_number,
        theme_scores.unit_number,
        theme_scores.theme_number,
        {{ inner_product('run_themes.leaf_weights', 'theme_scores.leaf_scores') }} as score
    from run_themes
    inner join theme_scores
        on
            run_themes.theme_number = theme_scores.theme_number
            and run_themes.normalisation = theme_scores.normalisation
            and run_themes.treatment = theme_scores.treatment_option

    union all

    -- A percentile rank is read off the published distribution; the other scores move with the place.
    select
        drawn.run_number,
        drawn.unit_number,
        drawn.theme_number,
        drawn.slope * case
            when drawn.normalisation = 'percentile_rank'
                then ({{ share_below('distributions', 'drawn.drawn_z') }}) - drawn.share_below
            else drawn.drawn_z - drawn.z
        end as score
    from drawn_places as drawn
    left join {{ ref('int_place_distributions') }} as distributions
        on
            drawn.normalisation = 'percentile_rank'
            and {{ distribution_key('drawn.yardstick_number', 'drawn.drawn_z') }} = distributions.distribution_key

)

select
    run_number,
    unit_number,
    theme_number,
    case when {{ is_finite('sum(score)') }} then sum(score) end as score
from parts
group by run_number, unit_number, theme_number
