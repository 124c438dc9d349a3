-- The share of the variance of ranks that each source of uncertainty explains.
with

draws as (

    select * from {{ ref('int_draws') }}
    where sample = 'sensitivity'

),

ranks as (

    select
        draws.base_draw,
        draws.exchanged,
        ranks.index_number,
        ranks.unit_number,
        cast(ranks.need_rank as double) as need_rank
    from {{ ref('int_sensitivity_ranks') }} as ranks
    inner join draws
        on ranks.run_number = draws.run_number

),

asked as (

    select
        count(*) as runs,
        count(distinct base_draw) as base_draws,
        count(distinct exchanged) as runs_of_base_draw
    from draws

),

-- A base draw with a failed run is left out entirely.
run_counts as (

    select
        base_draw,
        count(distinct exchanged) as runs
    from ranks
    group by base_draw

),

complete as (

    select
        run_counts.base_draw,
        row_number() over (order by run_counts.base_draw) - 1 as place
    from run_counts
    inner join asked
        on run_counts.runs = asked.runs_of_base_draw

),

terms as (

    select
        complete.place,
        run_a.index_number,
        exchanged.exchanged as factor,
        sum({{ variance_term('run_a.need_rank', 'run_b.need_rank') }}) as variance,
        sum({{ first_order_term('run_a.need_rank', 'run_b.need_rank', 'exchanged.need_rank') }}) as first_order,
        sum({{ total_order_term('run_a.need_rank', 'exchanged.need_rank') }}) as total_order
    from complete
    inner join ranks as run_a
        on
            complete.base_draw = run_a.base_draw
            and run_a.exchanged = 'A'
    inner join ranks as run_b
        on
            run_a.base_draw = run_b.base_draw
            and run_a.index_number = run_b.index_number
            and run_a.unit_number = run_b.unit_number
            and run_b.exchanged = 'B'
    inner join ranks as exchanged
        on
            run_a.base_draw = exchanged.base_draw
            and run_a.index_number = exchanged.index_number
            and run_a.unit_number = exchanged.unit_number
            and exchanged.exchanged not in ('A', 'B')
    group by complete.place, run_a.index_number, exchanged.exchanged

),

estimates as (

    select
        index_number,
        factor,
        sum(first_order) / nullif(sum(variance), 0) as first_order_share,
        sum(total_order) / nullif(sum(variance), 0) as total_order_share,
        count(*) as base_draws
    from terms
    group by index_number, factor

),

replicates as (

    {{ numbers(1, 200) }}

),

sizes as (

    select count(*) as base_draws from complete

),

replicate_places as (

    select
        replicates.number as replicate,
        complete.place,
        sizes.base_draws
    from replicates
    cross join complete
    cross join sizes

),

keyed as (

    {{ with_random_key('replicate_places', 'replicate, place, base_draws', ['3', 'replicate', 'place'], 'random_number') }}

),

resampled as (

    select
        replicate,
        cast(floor({{ uniform('random_number') }} * base_draws) as bigint) as place
    from keyed

),

replicate_shares as (

    select
        resampled.replicate,
        terms.index_number,
        terms.factor,
        sum(terms.first_order) / nullif(sum(terms.variance), 0) as first_order_share,
        sum(terms.total_order) / nullif(sum(terms.variance), 0) as total_order_share
    from resampled
    inner join terms
        on resampled.place = terms.place
    group by resampled.replicate, terms.index_number, terms.factor

),

errors as (

    select
        index_number,
        factor,
        stddev_samp(first_order_share) as first_order_error,
        stddev_samp(total_order_share) as total_order_error
    from replicate_shares
    group by index_number, factor

),

indices as (

    select distinct
        branch_id as index_id,
        branch_number as index_number
    from {{ ref('int_yardsticks') }}

    union all

    select
        node_id as index_id,
        0 as index_number
    from {{ ref('int_authority_nodes') }}
    where depth = 0

)

select
    indices.index_id,
    estimates.factor,
    estimates.first_order_share,
    errors.first_order_error as first_order_standard_error,
    estimates.total_order_share,
    errors.total_order_error as total_order_standard_error,
    estimates.base_draws,
    asked.base_draws - estimates.base_draws as failed_base_draws,
    asked.runs,
    cast({{ var('uncertainty_seed') }} as bigint) as seed
from estimates
inner join errors
    on
        estimates.index_number = errors.index_number
        and estimates.factor = errors.factor
inner join indices
    on estimates.index_number = indices.index_number
cross join asked
