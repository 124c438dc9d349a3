-- Which indicators are in every edition of the index over time, and why the others are not.
with

nodes as (

    select * from {{ ref('int_authority_nodes') }}

),

reference_set as (

    select authority_code
    from {{ ref('int_authorities') }}
    where is_in_reference_set

),

money as (

    select distinct indicator_id
    from {{ ref('stg_series_breaks') }}
    where kind = 'money_of_the_day'

),

cells as (

    select cells.*
    from {{ ref('int_edition_cells') }} as cells
    inner join reference_set
        on cells.authority_code = reference_set.authority_code

),

places as (

    select
        indicator_id,
        count(distinct authority_code) as authorities,
        count(distinct period_end_date) as periods,
        -- Interpolated linearly between the two values next to a percentile, as Excel and NumPy do.
        {{ quantile("case when edition = " ~ var('trend_editions')[0] ~ " then value end", 0.05) }} as lower_goalpost,
        {{ quantile("case when edition = " ~ var('trend_editions')[0] ~ " then value end", 0.95) }} as upper_goalpost,
        {{ quantile("case when edition = " ~ var('trend_editions')[0] ~ " then value end", 0.5) }} as median_first,
        {{ quantile("case when edition = " ~ var('trend_editions')[-1] ~ " then value end", 0.5) }} as median_last,
        max(case when edition = {{ var('trend_editions')[0] }} then period_end_date end) as first_period_end_date,
        max(period_end_date) as last_period_end_date
    from cells
    group by indicator_id

),

judged as (

    select
        nodes.node_id as indicator_id,
        nodes.branch_id,
        nodes.direction,
        nodes.effective_weight,
        coalesce(places.authorities, 0) / cast((select count(*) from reference_set) as double) as covered_share,
        places.lower_goalpost,
        places.upper_goalpost,
        places.median_first,
        places.median_last,
        coalesce(places.periods, 0) as periods,
        places.first_period_end_date,
        places.last_period_end_date,
        case
            when money.indicator_id is not null then 'money of the day'
            when coalesce(places.authorities, 0) < {{ var('least_basket_share') }} * (select count(*) from reference_set)
                then 'no figures in every edition'
            when places.upper_goalpost <= places.lower_goalpost then 'no spread'
            when places.first_period_end_date = places.last_period_end_date then 'one period only'
        end as reason
    from nodes
    left join places
        on nodes.node_id = places.indicator_id
    left join money
        on nodes.node_id = money.indicator_id
    where nodes.is_leaf

),

counted as (

    select
        *,
        sum(case when reason is null then 1 else 0 end) over (partition by branch_id) as branch_indicators
    from judged

)

select
    indicator_id,
    branch_id as mission_id,
    case
        when reason is not null then reason
        when branch_indicators < {{ var('least_trend_indicators') }} then 'too few in the mission'
        else 'in the basket'
    end as basket_reason,
    covered_share,
    case
        when reason is null and branch_indicators >= {{ var('least_trend_indicators') }}
            then effective_weight / sum(
                case when reason is null and branch_indicators >= {{ var('least_trend_indicators') }} then effective_weight end
            ) over (partition by branch_id)
    end as weight_in_mission,
    cast(direction as bigint) as direction,
    lower_goalpost,
    upper_goalpost,
    median_first,
    median_last,
    periods,
    reason is null and branch_indicators >= {{ var('least_trend_indicators') }} as is_in_basket,
    first_period_end_date,
    last_period_end_date
from counted
