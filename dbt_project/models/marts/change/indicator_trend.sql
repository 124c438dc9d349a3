-- How each indicator of each council has moved between its first and last comparable figures.
with

authorities as (

    select authority_code
    from {{ ref('int_authorities') }}

),

nodes as (

    select
        node_id,
        direction
    from {{ ref('int_authority_nodes') }}
    where is_leaf

),

money as (

    select distinct indicator_id
    from {{ ref('stg_series_breaks') }}
    where kind = 'money_of_the_day'

),

figures as (

    select comparable.*
    from {{ ref('int_comparable_figures') }} as comparable
    inner join authorities
        on comparable.area_code = authorities.authority_code
    where comparable.is_own_series

),

counted as (

    select
        area_code,
        indicator_id,
        count(*) as periods,
        sum(case when is_separate_period then 1 else 0 end) as separate_periods,
        {{ months_between('min(period_end_date)', 'max(period_end_date)') }} / 12e0 + max(period_years) as years_spanned
    from figures
    group by area_code, indicator_id

),

separate as (

    select * from figures
    where is_separate_period

),

firsts as (

    {{ first_row_of_each('separate', 'area_code, indicator_id', 'period_end_date') }}

),

lasts as (

    {{ first_row_of_each('separate', 'area_code, indicator_id', 'period_end_date desc') }}

),

-- Mann-Kendall: the number of pairs of periods that rise, minus those that fall.
orders as (

    select
        earlier.area_code,
        earlier.indicator_id,
        sum(sign(later.value - earlier.value)) as rises_less_falls
    from separate as earlier
    inner join separate as later
        on
            earlier.area_code = later.area_code
            and earlier.indicator_id = later.indicator_id
            and earlier.period_end_date < later.period_end_date
    group by earlier.area_code, earlier.indicator_id

),

changes as (

    select
        lasts.area_code,
        lasts.indicator_id,
        lasts.series_basis,
        nodes.direction,
        counted.periods,
        counted.separate_periods,
        counted.years_spanned,
        firsts.value as first_value,
        firsts.lower_95 as first_value_lower_95,
        firsts.upper_95 as first_value_upper_95,
        lasts.value as last_value,
        lasts.lower_95 as last_value_lower_95,
        lasts.upper_95 as last_value_upper_95,
        case when counted.separate_periods > 1 then lasts.value - firsts.value end as change,
        {{ months_between('firsts.period_end_date', 'lasts.period_end_date') }} / 12e0 as years_between,
        -- Half-widths on the facing sides of the two intervals.
        case
            when lasts.value >= firsts.value
                then sqrt(power(lasts.value - lasts.lower_95, 2) + power(firsts.upper_95 - firsts.value, 2))
            else sqrt(power(lasts.upper_95 - lasts.value, 2) + power(firsts.value - firsts.lower_95, 2))
        end as margin,
        abs(orders.rises_less_falls) - 1 as order_excess,
        sqrt(counted.separate_periods * (counted.separate_periods - 1) * (2 * counted.separate_periods + 5) / 18e0) as order_spread,
        sign(orders.rises_less_falls) as order_sign,
        money.indicator_id is not null as is_money_of_the_day,
        firsts.period_start_date as first_period_start_date,
        firsts.period_end_date as first_period_end_date,
        lasts.period_start_date as last_period_start_date,
        lasts.period_end_date as last_period_end_date
    from lasts
    inner join firsts
        on
            lasts.area_code = firsts.area_code
            and lasts.indicator_id = firsts.indicator_id
    inner join counted
        on
            lasts.area_code = counted.area_code
            and lasts.indicator_id = counted.indicator_id
    inner join nodes
        on lasts.indicator_id = nodes.node_id
    left join orders
        on
            lasts.area_code = orders.area_code
            and lasts.indicator_id = orders.indicator_id
    left join money
        on lasts.indicator_id = money.indicator_id

),

tested as (

    select
        *,
        periods < {{ var('short_history_periods') }} or years_spanned < {{ var('short_history_years') }} as is_short_history,
        abs(change) > margin as is_change_beyond_limits,
        case
            when is_money_of_the_day then 'none: money of the day'
            when periods < {{ var('short_history_periods') }} or years_spanned < {{ var('short_history_years') }}
                then 'none: short history'
            when margin is not null then 'published limits'
            when separate_periods >= 5 then 'order of periods'
            else 'none: few separate periods'
        end as direction_test
    from changes

)

select
    area_code as authority_code,
    indicator_id,
    series_basis,
    case
        when direction_test like 'none:%' then 'not judged'
        when direction_test = 'published limits' and not is_change_beyond_limits then 'no clear change'
        when direction_test = 'published limits' and change * direction > 0 then 'rising need'
        when direction_test = 'published limits' then 'falling need'
        when order_excess < 1.96e0 * order_spread or order_sign * change <= 0 then 'no clear change'
        when order_sign * direction > 0 then 'rising need'
        else 'falling need'
    end as direction,
    direction_test,
    first_value,
    first_value_lower_95,
    first_value_upper_95,
    last_value,
    last_value_lower_95,
    last_value_upper_95,
    change,
    case when years_between > 0 then change / years_between end as change_per_year,
    case when first_value > 0 then 100 * (change / first_value) end as change_percent,
    periods,
    cast(separate_periods as bigint) as separate_periods,
    years_spanned,
    is_change_beyond_limits,
    is_short_history,
    is_money_of_the_day,
    first_period_start_date,
    first_period_end_date,
    last_period_start_date,
    last_period_end_date
from tested
