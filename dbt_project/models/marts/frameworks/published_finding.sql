-- What the 2024 index was reported to show of regions, and whether it holds in this one.
{% set councils = "(select count(*) from " ~ ref("dim_authority") ~ ")" %}
with

findings as (

    select * from {{ ref('stg_published_findings') }}

),

authorities as (

    select * from {{ ref('dim_authority') }}

),

indices as (

    select distinct
        branch_id as index_id,
        branch_number as index_number
    from {{ ref('int_yardsticks') }}

    union all

    select
        node_id as index_id,
        0 as index_number
    from {{ ref('int_authority_nodes') }}
    where parent_id is null

),

units as (

    select distinct
        unit_id as authority_code,
        unit_number
    from {{ ref('int_leaf_places') }}

),

-- The index as published is run 0, beside every draw.
places as (

    select
        0 as run_number,
        authority_code,
        index_id,
        need_rank,
        need_z as score
    from {{ ref('int_need_index') }}

    union all

    select
        scores.run_number,
        units.authority_code,
        indices.index_id,
        ranks.need_rank,
        scores.score
    from {{ ref('int_draw_scores') }} as scores
    inner join {{ ref('int_draw_ranks') }} as ranks
        on
            scores.run_number = ranks.run_number
            and scores.index_number = ranks.index_number
            and scores.unit_number = ranks.unit_number
    inner join units
        on scores.unit_number = units.unit_number
    inner join indices
        on scores.index_number = indices.index_number
    where scores.sample = 'all sources'

),

regions as (

    select
        places.run_number,
        places.index_id,
        authorities.region_name,
        sum(case when 5 * places.need_rank <= {{ councils }} then 1 else 0 end) as in_fifth,
        sum(case when 5 * places.need_rank <= 2 * {{ councils }} then 1 else 0 end) as in_two_fifths,
        count(*) as authorities,
        sum(case when authorities.is_in_reference_set then authorities.population * places.score end) as weighted_scores,
        sum(case when authorities.is_in_reference_set then authorities.population end) as residents
    from places
    inner join authorities
        on places.authority_code = authorities.authority_code
    group by places.run_number, places.index_id, authorities.region_name

),

-- Every side of a comparison: the regions of the finding, the region it is compared with, and England.
sides as (

    select
        finding_id,
        index_id,
        'own' as side,
        '|' || region_name || '|' as region_names
    from findings

    union all

    select
        finding_id,
        index_id,
        'other' as side,
        '|' || comparison_region_name || '|' as region_names
    from findings
    where comparison_region_name is not null

    union all

    select
        finding_id,
        index_id,
        'england' as side,
        cast(null as {{ dbt.type_string() }}) as region_names
    from findings

),

summed as (

    select
        sides.finding_id,
        sides.side,
        regions.run_number,
        sum(regions.in_fifth) as in_fifth,
        sum(regions.in_two_fifths) as in_two_fifths,
        sum(regions.authorities) as authorities,
        100 + 10 * sum(regions.weighted_scores) / sum(regions.residents) as score
    from sides
    inner join regions
        on
            sides.index_id = regions.index_id
            and (sides.region_names is null or sides.region_names like '%|' || regions.region_name || '|%')
    group by sides.finding_id, sides.side, regions.run_number

),

figures as (

    select
        summed.finding_id,
        summed.side,
        summed.run_number,
        case findings.statistic
            when 'authorities_in_most_needy_fifth' then summed.in_fifth
            when 'authorities_in_most_needy_two_fifths' then summed.in_two_fifths
            when 'share_in_most_needy_fifth' then summed.in_fifth / cast(summed.authorities as double)
            when 'share_in_most_needy_two_fifths' then summed.in_two_fifths / cast(summed.authorities as double)
            when 'share_of_most_needy_fifth' then summed.in_fifth / cast(england.in_fifth as double)
            when 'population_weighted_need_score' then summed.score
        end as figure
    from summed
    inner join summed as england
        on
            summed.finding_id = england.finding_id
            and summed.run_number = england.run_number
            and england.side = 'england'
    inner join findings
        on summed.finding_id = findings.finding_id

),

-- A council that the finding names must be in the fifth as well.
judged as (

    select
        own.finding_id,
        own.run_number,
        own.figure,
        case findings.comparison when 'within' then other.figure when 'less_than_england' then england.figure end as compared_figure,
        case findings.comparison
            when 'at_least' then own.figure >= findings.threshold - 1e-9
            when 'more_than' then own.figure > findings.threshold + 1e-9
            when 'equal_to' then abs(own.figure - findings.threshold) < 1e-9
            when 'within' then abs(own.figure - other.figure) <= findings.threshold + 1e-9
            when 'less_than_england' then own.figure < england.figure
        end and (findings.named_authority_code is null or 5 * named.need_rank <= {{ councils }}) as holds
    from figures as own
    inner join findings
        on own.finding_id = findings.finding_id
    inner join figures as england
        on
            own.finding_id = england.finding_id
            and own.run_number = england.run_number
            and england.side = 'england'
    left join figures as other
        on
            own.finding_id = other.finding_id
            and own.run_number = other.run_number
            and other.side = 'other'
    left join places as named
        on
            findings.named_authority_code = named.authority_code
            and findings.index_id = named.index_id
            and own.run_number = named.run_number
    where own.side = 'own'

),

drawn as (

    select
        finding_id,
        avg(case when holds then 1e0 else 0e0 end) as share_of_draws,
        count(*) as draws
    from judged
    where run_number > 0
    group by finding_id

)

select
    findings.finding_id,
    findings.index_id,
    findings.finding,
    findings.region_name,
    findings.statistic,
    findings.holds_if,
    findings.published_figure,
    findings.source_title,
    findings.published_month,
    findings.source_page,
    cast(judged.figure as double) as figure,
    cast(judged.compared_figure as double) as compared_figure,
    drawn.share_of_draws,
    cast(drawn.draws as bigint) as draws,
    judged.holds
from findings
inner join judged
    on
        findings.finding_id = judged.finding_id
        and judged.run_number = 0
inner join drawn
    on findings.finding_id = drawn.finding_id
