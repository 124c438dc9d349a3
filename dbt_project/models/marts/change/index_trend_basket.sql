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
        nodes.parent_id,
        nodes.branch_id,
        nodes.direction,
        nodes.weight_in_parent,
        themes.weight_in_parent as theme_weight,
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
    inner join nodes as themes
        on nodes.parent_id = themes.node_id
    left join places
        on nodes.node_id = places.indicator_id
    left join money
        on nodes.node_id = money.indicator_id
    where nodes.is_leaf

),

counted as (

    select
        *,
        sum(case when reason is null then 1 else 0 end) over (partition by branch_id) as branch_indicators,
        sum(case when reason is null then weight_in_parent end) over (partition by parent_id) as weight_in_basket,
        row_number() over (partition by parent_id, reason is null order by indicator_id) as place_in_theme
    from judged

),

weighted as (

    select
        *,
        reason is null and branch_indicators >= {{ var('least_trend_indicators') }} as is_in_basket,
        -- Themes keep their weights among those with an indicator in the basket, however many these are.
        theme_weight * weight_in_parent / weight_in_basket
        / sum(case when reason is null and place_in_theme = 1 then theme_weight end) over (partition by branch_id) as weight_in_mission
    from counted

)

select
    indicator_id,
    branch_id as mission_id,
    case
        when reason is not null then reason
        when not is_in_basket then 'too few in the mission'
        else 'in the basket'
    end as basket_reason,
    covered_share,
    case when is_in_basket then weight_in_mission end as weight_in_mission,
    cast(direction as bigint) as direction,
    lower_goalpost,
    upper_goalpost,
    median_first,
    median_last,
    periods,
    is_in_basket,
    first_period_end_date,
    last_period_end_date
from weighted
