-- Need of each council under the composite and each mission: scores, ranks and bands.
with

scores as (

    select
        scores.unit_id as authority_code,
        scores.node_id as index_id,
        scores.depth,
        scores.score as need_z,
        authorities.authority_type
    from {{ ref('int_node_scores') }} as scores
    inner join {{ ref('int_authorities') }} as authorities
        on scores.unit_id = authorities.authority_code
    where
        not scores.is_leaf
        and scores.depth <= 1

),

leaves as (

    select
        cells.authority_code,
        cells.value_basis,
        nodes.branch_id,
        nodes.effective_weight
    from {{ ref('int_cells') }} as cells
    inner join {{ ref('int_authority_nodes') }} as nodes
        on cells.indicator_id = nodes.node_id

),

-- The share of the weight that rests on the council's own published figures.
shares as (

    select
        authority_code,
        branch_id as index_id,
        sum(case when value_basis = 'published' then effective_weight else 0 end) / sum(effective_weight) as published_share
    from leaves
    group by authority_code, branch_id

    union all

    select
        leaves.authority_code,
        nodes.node_id as index_id,
        sum(case when leaves.value_basis = 'published' then leaves.effective_weight else 0 end)
        / sum(leaves.effective_weight) as published_share
    from leaves
    cross join {{ ref('int_authority_nodes') }} as nodes
    where nodes.depth = 0
    group by leaves.authority_code, nodes.node_id

),

ranked as (

    select
        *,
        {{ need_rank('need_z', 'index_id') }} as need_rank,
        {{ need_rank('need_z', 'index_id, authority_type') }} as rank_in_type,
        count(*) over (partition by index_id, authority_type) as units_of_type,
        count(*) over (partition by index_id) as units
    from scores

)

select
    ranked.authority_code,
    ranked.index_id,
    case {{ rank_group('ranked.need_rank', 'ranked.units', var('need_bands') | length) }}
        {% for band in var('need_bands') %}
        when {{ loop.index }} then '{{ band }}'
        {% endfor %}
    end as need_band,
    ranked.need_z,
    100 + 10 * ranked.need_z as need_score,
    ranked.need_rank,
    case when ranked.units_of_type > 1 then ranked.rank_in_type end as need_rank_in_type,
    cast({{ rank_group('ranked.need_rank', 'ranked.units', 10) }} as bigint) as need_decile,
    {{ percentile('ranked.need_rank', 'ranked.units') }} as percentile,
    shares.published_share,
    shares.published_share >= 0.5 as is_mostly_published,
    ranked.depth = 0 as is_composite
from ranked
inner join shares
    on
        ranked.authority_code = shares.authority_code
        and ranked.index_id = shares.index_id
