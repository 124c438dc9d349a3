-- The run without draws gives the index's own ranks, at most 1% of the draws fail, and every basis except published has an error.
{{ config(meta={'dagster': {'ref': {'name': 'rank_uncertainty'}}}) }}
with

units as (

    select distinct
        unit_id,
        unit_number
    from {{ ref('int_leaf_places') }}

),

branches as (

    select distinct
        branch_id,
        branch_number
    from {{ ref('int_yardsticks') }}

)

select
    'rank of the run without draws' as fault,
    need.authority_code || ' ' || need.index_id as place
from {{ ref('int_need_index') }} as need
inner join units
    on need.authority_code = units.unit_id
left join branches
    on need.index_id = branches.branch_id
left join {{ ref('int_draws') }} as draws
    on draws.sample = 'official'
left join {{ ref('int_draw_ranks') }} as ranks
    on
        draws.run_number = ranks.run_number
        and units.unit_number = ranks.unit_number
        and coalesce(branches.branch_number, 0) = ranks.index_number
where ranks.need_rank is null or ranks.need_rank != need.need_rank

union all

select
    'more than 1% of the draws failed' as fault,
    authority_code || ' ' || index_id as place
from {{ ref('rank_uncertainty') }}
where 99 * failed_draws > draws

union all

select
    'probability or percentiles' as fault,
    authority_code || ' ' || index_id as place
from {{ ref('rank_uncertainty') }}
where
    rank_percentile_5 > median_rank
    or median_rank > rank_percentile_95
    or probability_in_most_needy_tenth > probability_in_most_needy_fifth
    or probability_in_most_needy_fifth > 1
    or share_without_stated_error > 1

union all

select
    'no error for the basis' as fault,
    authority_code || ' ' || indicator_id as place
from {{ ref('int_cell_errors') }}
where (value_basis = 'published') = coalesce(basis_sd > 0, false)
