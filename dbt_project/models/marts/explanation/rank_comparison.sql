-- How likely one council has more need than another, over the draws.
with

units as (

    select distinct
        places.unit_id as authority_code,
        places.unit_number,
        authorities.authority_type
    from {{ ref('int_leaf_places') }} as places
    inner join {{ ref('int_authorities') }} as authorities
        on places.unit_id = authorities.authority_code

),

neighbours as (

    select distinct
        authority_code,
        peer_code as other_authority_code
    from {{ ref('authority_peer') }}

),

same_type as (

    select
        units.authority_code,
        others.authority_code as other_authority_code
    from units
    inner join units as others
        on
            units.authority_type = others.authority_type
            and units.authority_code != others.authority_code

),

asked as (

    select * from neighbours
    union distinct
    select * from same_type

),

all_sources as (

    select
        ranks.unit_number,
        {{ list_of('ranks.need_rank', 'ranks.run_number') }} as ranks
    from {{ ref('int_draw_ranks') }} as ranks
    inner join {{ ref('int_draws') }} as draws
        on ranks.run_number = draws.run_number
    where
        draws.sample = 'all sources'
        and ranks.index_number = 0
    group by ranks.unit_number

),

sampling_error as (

    select
        unit_number,
        {{ list_of('need_rank', 'run_number') }} as ranks
    from {{ ref('int_sampling_ranks') }}
    group by unit_number

),

-- Each pair once: the reverse follows from it.
pairs as (

    select distinct
        least(units.unit_number, others.unit_number) as unit_number,
        greatest(units.unit_number, others.unit_number) as other_unit_number
    from asked
    inner join units
        on asked.authority_code = units.authority_code
    inner join units as others
        on asked.other_authority_code = others.authority_code

),

-- Shares of the draws in which the first has greater need; a shared rank counts half for each.
all_sources_lists as (

    select
        pairs.unit_number,
        pairs.other_unit_number,
        ours.ranks,
        theirs.ranks as other_ranks
    from pairs
    inner join all_sources as ours
        on pairs.unit_number = ours.unit_number
    inner join all_sources as theirs
        on pairs.other_unit_number = theirs.unit_number

),

all_sources_pairs as (

    {{ side_by_side('all_sources_lists', 'unit_number, other_unit_number', 'ranks', 'other_ranks') }}

),

all_sources_shares as (

    select
        unit_number,
        other_unit_number,
        sum(case when element_a < element_b then 2 when element_a = element_b then 1 else 0 end) / (2e0 * count(*)) as share
    from all_sources_pairs
    group by unit_number, other_unit_number

),

sampling_error_lists as (

    select
        pairs.unit_number,
        pairs.other_unit_number,
        ours.ranks,
        theirs.ranks as other_ranks
    from pairs
    inner join sampling_error as ours
        on pairs.unit_number = ours.unit_number
    inner join sampling_error as theirs
        on pairs.other_unit_number = theirs.unit_number

),

sampling_error_pairs as (

    {{ side_by_side('sampling_error_lists', 'unit_number, other_unit_number', 'ranks', 'other_ranks') }}

),

sampling_error_shares as (

    select
        unit_number,
        other_unit_number,
        sum(case when element_a < element_b then 2 when element_a = element_b then 1 else 0 end) / (2e0 * count(*)) as share
    from sampling_error_pairs
    group by unit_number, other_unit_number

),

compared as (

    select
        all_sources_shares.unit_number,
        all_sources_shares.other_unit_number,
        sampling_error_shares.share as from_sampling_error,
        all_sources_shares.share as from_all_sources
    from all_sources_shares
    inner join sampling_error_shares
        on
            all_sources_shares.unit_number = sampling_error_shares.unit_number
            and all_sources_shares.other_unit_number = sampling_error_shares.other_unit_number

),

both_ways as (

    select * from compared

    union all

    select
        other_unit_number as unit_number,
        unit_number as other_unit_number,
        1 - from_sampling_error as from_sampling_error,
        1 - from_all_sources as from_all_sources
    from compared

),

need as (

    select
        authority_code,
        index_id,
        need_rank
    from {{ ref('int_need_index') }}
    where is_composite

)

select
    asked.authority_code,
    asked.other_authority_code,
    need.index_id,
    need.need_rank,
    other_need.need_rank as other_need_rank,
    both_ways.from_sampling_error as probability_needier_sampling_error,
    both_ways.from_all_sources as probability_needier_all_sources,
    neighbours.authority_code is not null as is_neighbour,
    units.authority_type = others.authority_type as is_same_type
from asked
inner join units
    on asked.authority_code = units.authority_code
inner join units as others
    on asked.other_authority_code = others.authority_code
inner join both_ways
    on
        units.unit_number = both_ways.unit_number
        and others.unit_number = both_ways.other_unit_number
inner join need
    on asked.authority_code = need.authority_code
inner join need as other_need
    on
        asked.other_authority_code = other_need.authority_code
        and need.index_id = other_need.index_id
left join neighbours
    on
        asked.authority_code = neighbours.authority_code
        and asked.other_authority_code = neighbours.other_authority_code
