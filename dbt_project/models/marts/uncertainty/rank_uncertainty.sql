-- The distribution of each rank over the draws of all sources of uncertainty.
with

need as (

    select * from {{ ref('int_need_index') }}

),

units as (

    select distinct
        unit_id as authority_code,
        unit_number
    from {{ ref('int_leaf_places') }}

),

branches as (

    select distinct
        branch_id as index_id,
        branch_number as index_number
    from {{ ref('int_yardsticks') }}

),

runs as (

    select run_number from {{ ref('int_draws') }}
    where sample = 'all sources'

),

drawn as (

    select
        ranks.unit_number,
        ranks.index_number,
        ranks.need_rank
    from {{ ref('int_draw_ranks') }} as ranks
    inner join runs
        on ranks.run_number = runs.run_number

),

units_ranked as (

    select count(*) as units from units

),

summaries as (

    select
        drawn.unit_number,
        drawn.index_number,
        {{ quantile('drawn.need_rank', 0.5) }} as median_rank,
        {{ quantile('drawn.need_rank', 0.05) }} as rank_percentile_5,
        {{ quantile('drawn.need_rank', 0.95) }} as rank_percentile_95,
        avg(case when 5 * drawn.need_rank <= units_ranked.units then 1e0 else 0e0 end) as probability_in_most_needy_fifth,
        avg(case when 10 * drawn.need_rank <= units_ranked.units then 1e0 else 0e0 end) as probability_in_most_needy_tenth,
        count(*) as draws
    from drawn
    cross join units_ranked
    group by drawn.unit_number, drawn.index_number

),

asked as (

    select count(*) as draws from runs

),

-- Weight that rests on cells without a stated sampling error.
leaves as (

    select
        errors.authority_code,
        errors.sampling_error,
        nodes.branch_id,
        nodes.effective_weight
    from {{ ref('int_cell_errors') }} as errors
    inner join {{ ref('int_authority_nodes') }} as nodes
        on errors.indicator_id = nodes.node_id

),

need_indices as (

    select distinct
        index_id,
        is_composite
    from need

),

shares as (

    select
        leaves.authority_code,
        need_indices.index_id,
        sum(case when leaves.sampling_error = 'not stated' then leaves.effective_weight else 0 end)
        / sum(leaves.effective_weight) as share_without_stated_error
    from leaves
    inner join need_indices
        on need_indices.is_composite or leaves.branch_id = need_indices.index_id
    group by leaves.authority_code, need_indices.index_id

)

select
    need.authority_code,
    need.index_id,
    need.need_rank,
    summaries.median_rank,
    summaries.rank_percentile_5,
    summaries.rank_percentile_95,
    summaries.probability_in_most_needy_fifth,
    summaries.probability_in_most_needy_tenth,
    shares.share_without_stated_error,
    summaries.draws,
    asked.draws - summaries.draws as failed_draws,
    cast({{ var('uncertainty_seed') }} as bigint) as seed
from need
inner join units
    on need.authority_code = units.authority_code
left join branches
    on need.index_id = branches.index_id
inner join summaries
    on
        units.unit_number = summaries.unit_number
        and case when need.is_composite then 0 else branches.index_number end = summaries.index_number
inner join shares
    on
        need.authority_code = shares.authority_code
        and need.index_id = shares.index_id
cross join asked
