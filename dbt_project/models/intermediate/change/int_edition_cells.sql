-- The figure of each council and indicator in each edition of the index over time.
with

editions as (

    {% for edition in var('trend_editions') -%}
    select
        cast({{ edition }} as integer) as edition,
        cast('{{ edition }}-12-31' as date) as edition_date
    {%- if not loop.last %}

    union all

    {% endif -%}
    {%- endfor %}

),

figures as (

    select
        comparable.area_code as authority_code,
        comparable.indicator_id,
        comparable.series_basis,
        comparable.series_rank,
        comparable.value,
        comparable.period_end_date,
        editions.edition
    from {{ ref('int_comparable_figures') }} as comparable
    inner join {{ ref('int_authorities') }} as authorities
        on comparable.area_code = authorities.authority_code
    inner join editions
        on
            comparable.period_end_date <= editions.edition_date
            and comparable.period_end_date >= {{ years_before('editions.edition_date', var('window_years')) }}

),

newest as (

    {{ first_row_of_each('figures', 'authority_code, indicator_id, series_rank, edition', 'period_end_date desc') }}

),

-- A council's own figures come first, but one kind serves all editions: a change of kind would look like a move.
complete as (

    select
        authority_code,
        indicator_id,
        series_rank,
        row_number() over (partition by authority_code, indicator_id order by series_rank) as place
    from newest
    group by authority_code, indicator_id, series_rank
    having count(*) = {{ var('trend_editions') | length }}

)

select
    newest.authority_code,
    newest.indicator_id,
    newest.edition,
    newest.series_basis,
    newest.value,
    newest.period_end_date
from newest
inner join complete
    on
        newest.authority_code = complete.authority_code
        and newest.indicator_id = complete.indicator_id
        and newest.series_rank = complete.series_rank
where complete.place = 1
