-- Need of each council at every node above the indicators: scores, ranks and bands.
with recursive

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
        and scores.node_id in (select nodes.node_id from {{ ref('int_authority_nodes') }} as nodes)

),

nodes as (

    select * from {{ ref('int_authority_nodes') }}

),

-- Each leaf under every node above it.
lines as (

    select
        node_id as leaf_id,
        parent_id as node_id,
        effective_weight
    from nodes
    where is_leaf

    union all

    select
        lines.leaf_id,
        nodes.parent_id as node_id,
        lines.effective_weight
    from lines
    inner join nodes
        on lines.node_id = nodes.node_id
    where nodes.parent_id is not null

),

-- The share of the weight that rests on the council's own published figures, and that of the figures that are stand-ins.
shares as (

    select
        cells.authority_code,
        lines.node_id as index_id,
        sum(case when cells.value_basis = 'published' then lines.effective_weight else 0 end)
        / sum(lines.effective_weight) as published_share,
        avg(case when cells.value_basis in ('stale', 'estimated') then 1e0 else 0e0 end) as stand_in_share
    from {{ ref('int_cells') }} as cells
    inner join lines
        on cells.indicator_id = lines.leaf_id
    group by cells.authority_code, lines.node_id

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
    shares.stand_in_share,
    shares.published_share >= 0.5 as is_mostly_published,
    ranked.depth
from ranked
inner join shares
    on
        ranked.authority_code = shares.authority_code
        and ranked.index_id = shares.index_id
