-- Every run of the index: the official one, other choices of method, and random draws.
{% set factors = var('method_choices') + var('other_uncertainties') %}
with

choices as (

    select
        factor,
        option,
        is_official,
        (sum(probability) over (partition by factor order by option) - probability)
        / sum(probability) over (partition by factor) as from_share,
        sum(probability) over (partition by factor order by option)
        / sum(probability) over (partition by factor) as to_share
    from {{ ref('stg_method_choices') }}

),

-- What varies between draws: each factor has random numbers of its own.
factors as (

    {% for factor in factors %}
    select
        cast({{ loop.index }} as bigint) as factor_number,
        '{{ factor }}' as factor
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

-- The runs of the sensitivity design of Saltelli and Jansen: A, B, and A with one factor after another taken from B.
exchanges as (

    {% for exchanged in ['A', 'B'] + factors %}
    select
        cast({{ loop.index }} as bigint) as exchange_number,
        '{{ exchanged }}' as exchanged
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

draws as (

    {{ numbers(1, var('uncertainty_draws')) }}

),

base_draws as (

    {{ numbers(1, var('sensitivity_base_draws')) }}

),

leaves as (

    select distinct leaf_number
    from {{ ref('int_yardsticks') }}

),

-- A factor takes its random numbers from draw own_draw, the exchanged one from other_draw. Without a draw it is as in the index.
runs as (

    select
        1 as sample_number,
        'official' as sample,
        1 as place_in_sample,
        cast(null as bigint) as base_draw,
        cast(null as {{ dbt.type_string() }}) as exchanged,
        cast(null as bigint) as own_draw,
        cast(null as bigint) as other_draw,
        cast(null as {{ dbt.type_string() }}) as set_factor,
        cast(null as {{ dbt.type_string() }}) as set_option,
        cast(null as bigint) as left_out_leaf

    union all

    select
        2 as sample_number,
        'method choice' as sample,
        row_number() over (order by factor, option) as place_in_sample,
        null as base_draw,
        null as exchanged,
        null as own_draw,
        null as other_draw,
        factor as set_factor,
        option as set_option,
        null as left_out_leaf
    from choices
    where not is_official

    union all

    select
        3 as sample_number,
        'leave one out' as sample,
        leaf_number as place_in_sample,
        null as base_draw,
        null as exchanged,
        null as own_draw,
        null as other_draw,
        null as set_factor,
        null as set_option,
        leaf_number as left_out_leaf
    from leaves

    union all

    select
        4 as sample_number,
        'all sources' as sample,
        number as place_in_sample,
        null as base_draw,
        null as exchanged,
        number as own_draw,
        null as other_draw,
        null as set_factor,
        null as set_option,
        null as left_out_leaf
    from draws

    union all

    -- The same draws of the figures, and nothing else.
    select
        5 as sample_number,
        'sampling error' as sample,
        number as place_in_sample,
        null as base_draw,
        'sampling_error' as exchanged,
        null as own_draw,
        number as other_draw,
        null as set_factor,
        null as set_option,
        null as left_out_leaf
    from draws

    union all

    select
        6 as sample_number,
        'sensitivity' as sample,
        base_draws.number * 100 + exchanges.exchange_number as place_in_sample,
        base_draws.number as base_draw,
        exchanges.exchanged,
        {{ var('uncertainty_draws') }} + base_draws.number
        + case when exchanges.exchanged = 'B' then {{ var('sensitivity_base_draws') }} else 0 end as own_draw,
        {{ var('uncertainty_draws') }} + {{ var('sensitivity_base_draws') }} + base_draws.number as other_draw,
        null as set_factor,
        null as set_option,
        null as left_out_leaf
    from base_draws
    cross join exchanges

),

numbered as (

    select
        *,
        row_number() over (order by sample_number, place_in_sample) as run_number
    from runs

),

draw_numbers as (

    {{ numbers(1, var('uncertainty_draws') + 2 * var('sensitivity_base_draws')) }}

),

factor_draws as (

    select
        factors.factor,
        factors.factor_number,
        draw_numbers.number as draw_number
    from factors
    cross join draw_numbers

),

keyed as (

    {{ with_random_key('factor_draws', 'factor, factor_number, draw_number', ['factor_number', 'draw_number'], 'random_number') }}

),

-- A factor that is a choice takes one of its options.
drawn as (

    select
        keyed.factor,
        keyed.draw_number,
        keyed.random_number,
        choices.option
    from keyed
    left join choices
        on
            keyed.factor = choices.factor
            and {{ uniform('keyed.random_number') }} >= choices.from_share
            and {{ uniform('keyed.random_number') }} < choices.to_share

),

taken as (

    select
        numbered.run_number,
        factors.factor,
        case
            when numbered.set_factor = factors.factor then numbered.set_option
            else coalesce(drawn.option, official.option)
        end as option,
        drawn.random_number
    from numbered
    cross join factors
    left join choices as official
        on
            factors.factor = official.factor
            and official.is_official
    left join drawn
        on
            factors.factor = drawn.factor
            and case when numbered.exchanged = factors.factor then numbered.other_draw else numbered.own_draw end
            = drawn.draw_number

),

options as (

    select
        run_number,
        max(case when factor = 'normalisation' then option end) as normalisation,
        max(case when factor = 'treatment' then option end) as treatment,
        max(case when factor = 'aggregation' then option end) as aggregation,
        max(case when factor = 'indicators' then option end) as indicators,
        max(case when factor = 'weights' then random_number end) as weights_key,
        max(case when factor = 'unpublished_cells' then random_number end) as cells_key,
        max(case when factor = 'sampling_error' then random_number end) as sampling_key
    from taken
    group by run_number

)

select
    numbered.run_number,
    numbered.sample,
    numbered.base_draw,
    numbered.exchanged,
    numbered.set_factor,
    numbered.set_option,
    numbered.left_out_leaf,
    options.normalisation,
    options.treatment,
    options.aggregation,
    options.indicators,
    options.weights_key,
    options.cells_key,
    options.sampling_key
from numbered
inner join options
    on numbered.run_number = options.run_number
