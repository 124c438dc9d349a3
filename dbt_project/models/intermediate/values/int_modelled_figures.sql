-- Figures spread from bodies that serve several councils by the published shares of their patients.
with

authorities as (

    select * from {{ ref('int_authorities') }}

),

-- Catchments are on districts of their day, each of which is one council now or part of one.
links as (

    select
        area_code,
        authority_code
    from {{ ref('int_area_links') }}
    where
        link = 'published'
        or (link = 'predecessor' and code_rank = 1)

),

catchments as (

    select
        catchments.service_code,
        links.authority_code,
        catchments.share
    from {{ ref('stg_catchments') }} as catchments
    inner join links
        on catchments.area_code = links.area_code

),

parts as (

    {{ with_counties('catchments', 'authorities') | indent(4) }}

)

select
    figures.indicator_id,
    figures.source_id,
    parts.whole_code as authority_code,
    sum(parts.share * figures.service_weight * figures.published_value) / sum(parts.share * figures.service_weight) as value,
    sum(parts.share * figures.service_weight) as part_weight,
    min(figures.period_start_date) as period_start_date,
    figures.period_end_date
from parts
inner join {{ ref('int_indicator_figures') }} as figures
    on parts.service_code = figures.area_code
where
    figures.published_value is not null
    and figures.service_weight > 0
group by figures.indicator_id, figures.source_id, parts.whole_code, figures.period_end_date
having sum(parts.share * figures.service_weight) > 0
