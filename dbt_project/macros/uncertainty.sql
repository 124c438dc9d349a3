{# Draws of the index: how a drawn value is placed, and how draws become ranks. #}

{#
    Where a value stands, in standard deviations of the reference set, by the parameters of one yardstick: cut, logged or not,
    and scaled; higher is greater need.
#}
{% macro place(value, yardstick) -%}
    {%- set cut -%}
    greatest(least({{ value }}, {{ yardstick }}.upper_bound), {{ yardstick }}.lower_bound)
    {%- endset -%}
    case
        when {{ yardstick }}.log_sign = 0 then {{ cut }}
        else ln({{ yardstick }}.log_offset + {{ yardstick }}.log_sign * {{ cut }})
    end * {{ yardstick }}.gain - {{ yardstick }}.centre
{%- endmacro %}

{# What varies between draws, in order: the choices of method first. #}
{% macro draw_factors() -%}
    {{ return(['normalisation', 'treatment', 'aggregation', 'indicators', 'weights', 'unpublished_cells', 'sampling_error']) }}
{%- endmacro %}

{# The published distribution is kept in steps of 1/64 standard deviation from -16 to 16. #}
{% macro distribution_steps() %}{{ return(2048) }}{% endmacro %}
{% macro distribution_step(z) %}least(greatest(({{ z }} + 16) * 64, 0), 2047.999e0){% endmacro %}

{#
    Ranks of every unit in the runs of some samples, by index number: 0 the composite, then the branches. Runs in which a
    score is missing or not finite are left out. Where `composite_only`, the branches are not ranked.
#}
{% macro draw_ranks(samples, composite_only=false) -%}
with

runs as (

    select * from {{ ref('int_draws') }}
    where sample in ('{{ samples | join("', '") }}')

),

places as (

    select * from {{ ref('int_leaf_places') }}

),

yardsticks as (

    select * from {{ ref('int_yardsticks') }}

),

units as (

    select distinct
        unit_number,
        is_in_reference_set
    from places

),

run_leaves as (

    select
        runs.run_number,
        runs.normalisation,
        runs.treatment,
        runs.sampling_key,
        runs.cells_key,
        weights.leaf_number,
        weights.branch_number,
        weights.leaf_weight,
        weights.branch_weight,
        -- What one standard deviation of the indicator adds to the branch.
        weights.leaf_weight * case
            when runs.normalisation = 'min_max' then 1 / nullif(yardsticks.highest_z - yardsticks.lowest_z, 0)
            else 1
        end as slope
    from runs
    inner join {{ ref('int_draw_weights') }} as weights
        on runs.run_number = weights.run_number
    inner join yardsticks
        on
            weights.leaf_number = yardsticks.leaf_number
            and runs.treatment = yardsticks.treatment_option

),

run_branches as (

    select
        run_number,
        branch_number,
        normalisation,
        treatment,
        max(branch_weight) as branch_weight,
        {{ array_of('leaf_weight', 'leaf_number') }} as leaf_weights
    from run_leaves
    group by run_number, branch_number, normalisation, treatment

),

leaf_scores as (

    select
        unit_number,
        leaf_number,
        branch_number,
        treatment_option,
        'z_score' as normalisation,
        z as score
    from places

    union all

    select
        unit_number,
        leaf_number,
        branch_number,
        treatment_option,
        'min_max' as normalisation,
        min_max as score
    from places

    union all

    select
        unit_number,
        leaf_number,
        branch_number,
        treatment_option,
        'percentile_rank' as normalisation,
        percentile_rank as score
    from places

),

score_arrays as (

    select
        unit_number,
        branch_number,
        treatment_option,
        normalisation,
        {{ array_of('score', 'leaf_number') }} as leaf_scores
    from leaf_scores
    group by unit_number, branch_number, treatment_option, normalisation

),

cells as (

    select * from {{ ref('int_cell_errors') }}
    where greatest(sampling_sd_below, sampling_sd_above, basis_sd) > 0

),

figure_keys as (

    {{ with_random_key('cells', 'cell_number, figure_number', ['1', 'figure_number'], 'figure_key') | indent(4) }}

),

cell_keys as (

    {{ with_random_key('cells', 'cell_number', ['2', 'cell_number'], 'cell_key') | indent(4) }}

),

-- Cells that are not known exactly, under each treatment.
uncertain_cells as (

    select
        places.unit_number,
        places.leaf_number,
        places.branch_number,
        places.treatment_option,
        places.yardstick_number,
        places.z,
        distributions.share_below
        + distributions.share_within * ({{ distribution_step('places.z') }} - floor({{ distribution_step('places.z') }})) as share_below,
        yardsticks.log_sign,
        yardsticks.lower_bound,
        yardsticks.upper_bound,
        yardsticks.log_offset,
        yardsticks.gain,
        yardsticks.centre,
        cells.value,
        cells.sampling_sd_below,
        cells.sampling_sd_above,
        cells.basis_sd,
        case when greatest(cells.sampling_sd_below, cells.sampling_sd_above) > 0 then figure_keys.figure_key end as figure_key,
        case when cells.basis_sd > 0 then cell_keys.cell_key end as cell_key
    from cells
    inner join figure_keys
        on cells.cell_number = figure_keys.cell_number
    inner join cell_keys
        on cells.cell_number = cell_keys.cell_number
    inner join places
        on
            cells.authority_code = places.unit_id
            and cells.indicator_id = places.node_id
    inner join yardsticks
        on places.yardstick_number = yardsticks.yardstick_number
    inner join {{ ref('int_place_distributions') }} as distributions
        on
            places.yardstick_number * {{ distribution_steps() }} + cast(floor({{ distribution_step('places.z') }}) as bigint)
            = distributions.distribution_key

),

{% for scale in ['linear', 'percentile_rank'] %}
-- One random number for each source figure, which councils that share it share, and one for what the basis leaves open.
{{ scale }}_states as (

    select
        run_leaves.run_number,
        run_leaves.slope,
        cells.*,
        {{ joint_key('run_leaves.sampling_key', 'cells.figure_key') }} as figure_state,
        {{ joint_key('run_leaves.cells_key', 'cells.cell_key') }} as cell_state
    from run_leaves
    inner join uncertain_cells as cells
        on
            run_leaves.leaf_number = cells.leaf_number
            and run_leaves.treatment = cells.treatment_option
            and (
                (run_leaves.sampling_key is not null and cells.figure_key is not null)
                or (run_leaves.cells_key is not null and cells.cell_key is not null)
            )
    where
        run_leaves.leaf_weight > 0
        and run_leaves.normalisation {{ '=' if scale == 'percentile_rank' else '!=' }} 'percentile_rank'

),

{{ scale }}_uniforms as (

    select
        *,
        {{ uniform(scrambled('figure_state')) }} as figure_uniform,
        {{ uniform(scrambled('cell_state')) }} as cell_uniform
    from {{ scale }}_states

),

{{ scale }}_normals as (

    select
        *,
        case when figure_uniform is not null then {{ standard_normal('figure_uniform') }} end as figure_normal,
        case when cell_uniform is not null then {{ standard_normal('cell_uniform') }} end as cell_normal
    from {{ scale }}_uniforms

),

{{ scale }}_values as (

    select
        *,
        value + figure_normal * case when figure_normal < 0 then sampling_sd_below else sampling_sd_above end as drawn_value
    from {{ scale }}_normals

),

{{ scale }}_places as (

    select
        run_number,
        unit_number,
        branch_number,
        yardstick_number,
        slope,
        z,
        share_below,
        case when drawn_value is null then z else {{ place('drawn_value', scale ~ '_values') }} end
        + coalesce(basis_sd * cell_normal, 0) as drawn_z
    from {{ scale }}_values

),
{% endfor %}

-- A percentile rank is read off the published distribution, with straight lines between its steps.
drawn_percentiles as (

    select
        drawn.run_number,
        drawn.unit_number,
        drawn.branch_number,
        drawn.slope * (
            distributions.share_below - drawn.share_below
            + distributions.share_within
            * ({{ distribution_step('drawn.drawn_z') }} - floor({{ distribution_step('drawn.drawn_z') }}))
        ) as score
    from percentile_rank_places as drawn
    inner join {{ ref('int_place_distributions') }} as distributions
        on
            drawn.yardstick_number * {{ distribution_steps() }} + cast(floor({{ distribution_step('drawn.drawn_z') }}) as bigint)
            = distributions.distribution_key

),

branch_means as (

    select
        run_number,
        unit_number,
        branch_number,
        case when {{ is_finite('sum(score)') }} then sum(score) end as score
    from (
        select
            run_branches.run_number,
            arrays.unit_number,
            arrays.branch_number,
            {{ inner_product('run_branches.leaf_weights', 'arrays.leaf_scores') }} as score
        from run_branches
        inner join score_arrays as arrays
            on
                run_branches.branch_number = arrays.branch_number
                and run_branches.normalisation = arrays.normalisation
                and run_branches.treatment = arrays.treatment_option

        union all

        -- What the draws of the cells add to the scores as published.
        select
            run_number,
            unit_number,
            branch_number,
            slope * (drawn_z - z) as score
        from linear_places

        union all

        select * from drawn_percentiles
    ) as parts
    group by run_number, unit_number, branch_number

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

run_branch_scales as (

    select
        run_branches.run_number,
        run_branches.branch_number,
        run_branches.branch_weight,
        runs.aggregation,
        scales.mean,
        scales.deviation,
        scales.lowest,
        scales.highest
    from run_branches
    inner join runs
        on run_branches.run_number = runs.run_number
    inner join branch_scales as scales
        on
            run_branches.run_number = scales.run_number
            and run_branches.branch_number = scales.branch_number

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
    inner join run_branch_scales as scales
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

),

-- Runs that failed drop out by the join with their scales.
scores as (

    select
        means.run_number,
        means.unit_number,
        0 as index_number,
        (means.score - scales.mean) / scales.deviation as score
    from composite_means as means
    inner join composite_scales as scales
        on means.run_number = scales.run_number
    {% if not composite_only %}

    union all

    select
        branch_scores.run_number,
        branch_scores.unit_number,
        branch_scores.branch_number as index_number,
        branch_scores.score
    from branch_scores
    inner join composite_scales as scales
        on branch_scores.run_number = scales.run_number
    {% endif %}

)

select
    run_number,
    cast(index_number as smallint) as index_number,
    cast(unit_number as smallint) as unit_number,
    cast({{ need_rank('score', 'run_number, index_number') }} as smallint) as need_rank
from scores
{%- endmacro %}
