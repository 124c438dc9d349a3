-- The boards' residents are those of the reference set, each council counts in at most one board, and its shares sum to 1.
{{ config(meta={'dagster': {'ref': {'name': 'integrated_care_board_summary'}}}) }}
with

england as (

    select
        sum(case when is_in_reference_set then population end) as residents,
        count(*) as authorities
    from {{ ref('dim_authority') }}

),

boards as (

    select
        index_id,
        sum(residents) as residents,
        sum(authorities) as authorities
    from {{ ref('integrated_care_board_summary') }}
    group by index_id

)

select
    boards.index_id as what,
    boards.residents as found,
    england.residents as expected
from boards
cross join england
where
    abs(boards.residents - england.residents) > 1
    or boards.authorities > england.authorities

union all

select
    authorities.authority_code as what,
    sum(shares.share_of_residents) as found,
    1 as expected
from {{ ref('dim_authority') }} as authorities
left join {{ ref('int_care_board_shares') }} as shares
    on authorities.authority_code = shares.authority_code
group by authorities.authority_code
having coalesce(abs(sum(shares.share_of_residents) - 1), 1) > 1e-9
