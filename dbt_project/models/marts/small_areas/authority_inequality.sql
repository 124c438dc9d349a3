-- How need is spread inside each council, from its small areas.
{# A small area counts in full up to this percentile of need, and less with each further one, down to nothing. #}
{% set full_percentile, last_percentile = 10, 30 %}
{% set concentrated_share = 0.1 %}
with

authorities as (

    select
        authority_code,
        county_code
    from {{ ref('int_authorities') }}

),

-- Ranks are reversed, as in the Indices of Deprivation: the highest has the greatest need.
small_areas as (

    select
        small_area_code,
        index_id,
        authority_code,
        need_z,
        need_rank,
        need_decile,
        count(*) over (partition by index_id) + 1 - need_rank as turned_rank,
        {{ rank_group('need_rank', 'count(*) over (partition by index_id)', 100) }} as need_percentile,
        cast(residents as double) as residents
    from {{ ref('small_area_index') }}

),

-- A county has the small areas of its districts.
parts as (

    {{ with_counties('small_areas', 'authorities') | indent(4) }}

),

england as (

    select
        index_id,
        sum(residents) as residents,
        sum(residents * need_z) / sum(residents) as mean
    from small_areas
    group by index_id

),

england_spread as (

    select
        small_areas.index_id,
        england.mean,
        sum(small_areas.residents * power(small_areas.need_z - england.mean, 2)) as sum_of_squares
    from small_areas
    inner join england
        on small_areas.index_id = england.index_id
    group by small_areas.index_id, england.mean

),

-- The small areas with the highest need first, up to a tenth of the residents; the last counts in part.
queued as (

    select
        *,
        sum(residents) over (partition by whole_code, index_id) as whole_residents,
        sum(residents * need_z) over (partition by whole_code, index_id)
        / sum(residents) over (partition by whole_code, index_id) as whole_mean,
        sum(residents) over (
            partition by whole_code, index_id
            order by need_rank, small_area_code
            rows between unbounded preceding and current row
        ) - residents as residents_before
    from parts

),

counted as (

    select
        *,
        greatest(0e0, least(residents, {{ concentrated_share }}e0 * whole_residents - residents_before)) as concentrated_residents,
        case
            when need_percentile <= {{ full_percentile }} then 1e0
            when need_percentile <= {{ last_percentile }}
                then
                    0.95e0 - 0.9e0 * (need_percentile - {{ full_percentile + 1 }}) / {{ last_percentile - full_percentile - 1 }}
            else 0e0
        end as extent_weight
    from queued

),

summed as (

    select
        whole_code,
        index_id,
        whole_residents,
        whole_mean,
        count(*) as small_areas,
        count(case when need_decile = 1 then 1 end) * 1e0 / count(*) as share_in_most_needy_tenth,
        count(case when need_decile <= 2 then 1 end) * 1e0 / count(*) as share_in_most_needy_fifth,
        sum(residents * turned_rank) / sum(residents) as average_rank,
        sum(residents * extent_weight) / sum(residents) as extent,
        sum(concentrated_residents * turned_rank) / sum(concentrated_residents) as local_concentration,
        sum(residents * power(need_z - whole_mean, 2)) as sum_of_squares
    from counted
    group by whole_code, index_id, whole_residents, whole_mean

)

select
    summed.whole_code as authority_code,
    summed.index_id,
    summed.small_areas,
    cast(summed.whole_residents as bigint) as residents,
    summed.share_in_most_needy_tenth,
    summed.share_in_most_needy_fifth,
    summed.average_rank,
    summed.whole_mean as average_need_z,
    summed.extent,
    summed.local_concentration,
    sqrt(summed.sum_of_squares / summed.whole_residents) as need_deviation,
    summed.sum_of_squares / england_spread.sum_of_squares as within_share_of_variance,
    summed.whole_residents * power(summed.whole_mean - england_spread.mean, 2)
    / england_spread.sum_of_squares as between_share_of_variance
from summed
inner join england_spread
    on summed.index_id = england_spread.index_id
