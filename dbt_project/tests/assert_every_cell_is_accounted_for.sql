-- Each of the 317 councils has a cell for each indicator, with a value, a basis and a matching reason.
{{ config(meta={'dagster': {'ref': {'name': 'indicator_score'}}}) }}
select
    authority_code,
    indicator_id,
    value_basis,
    value_basis_reason,
    value
from {{ ref('indicator_score') }}
where
    not coalesce({{ is_finite('value') }}, false)
    or not coalesce({{ is_finite('need_z') }}, false)
    -- A mean over years says how many there are, whatever the basis of the last.
    or (value_basis_reason like '% of % years' and value_basis not in ('published', 'combined_area', 'predecessor'))
    or (
        value_basis_reason not like '% of % years'
        and (
            (value_basis = 'published') != (value_basis_reason in ('published', 'rate of published counts'))
            or (value_basis = 'combined_area') != (value_basis_reason = 'published for a joint area')
            or (value_basis = 'predecessor') != (value_basis_reason = 'boundary change')
        )
    )
    or (value_basis = 'modelled') != (value_basis_reason = 'spread from bodies that serve it')
    or (source_id is null) != (value_basis = 'estimated')

union all

select
    cast(count(*) as {{ dbt.type_string() }}) as authority_code,
    'cells in all' as indicator_id,
    null as value_basis,
    null as value_basis_reason,
    null as value
from {{ ref('indicator_score') }}
having count(*) != 317 * (select count(*) from {{ ref('stg_indicator_definitions') }})
