-- The weight of each leaf, theme and branch in each run.
with

draws as (

    select * from {{ ref('int_draws') }}

),

nodes as (

    select
        *,
        row_number() over (order by node_id) as node_number
    from {{ ref('int_authority_nodes') }}

),

keyed_nodes as (

    {{ with_random_key(
        'nodes', 'node_id, node_number, parent_id, branch_id, effective_weight, is_leaf', ['0', 'node_number'], 'node_key'
    ) }}

),

leaves as (

    select distinct
        node_id,
        leaf_number,
        theme_number,
        branch_number
    from {{ ref('int_yardsticks') }}

),

-- Leaves for which no lower-tier council has a figure of its own.
upper_tier_only as (

    select cells.indicator_id
    from {{ ref('int_cells') }} as cells
    inner join {{ ref('int_authorities') }} as authorities
        on cells.authority_code = authorities.authority_code
    where authorities.tier = 'lower'
    group by cells.indicator_id
    having count(*) = sum(case when cells.value_basis = 'inherited' then 1 else 0 end)

),

-- The branch whose option leaves those leaves out.
left_out as (

    select
        keyed_nodes.node_id,
        choices.option
    from {{ ref('stg_method_choices') }} as choices
    inner join keyed_nodes
        on choices.node_id is null or choices.node_id = keyed_nodes.branch_id
    inner join upper_tier_only
        on keyed_nodes.node_id = upper_tier_only.indicator_id
    where
        choices.factor = 'indicators'
        and not choices.is_official

),

node_draws as (

    select
        draws.run_number,
        draws.weights_key,
        keyed_nodes.node_id,
        keyed_nodes.parent_id,
        keyed_nodes.branch_id,
        case
            when draws.left_out_leaf = leaves.leaf_number or left_out.node_id is not null then 0
            else keyed_nodes.effective_weight
        end as effective_weight,
        {{ joint_key('draws.weights_key', 'keyed_nodes.node_key') }} as random_state
    from draws
    cross join keyed_nodes
    left join leaves
        on keyed_nodes.node_id = leaves.node_id
    left join left_out
        on
            keyed_nodes.node_id = left_out.node_id
            and draws.indicators = left_out.option
    where keyed_nodes.parent_id is not null

),

drawn as (

    select
        *,
        effective_weight * case
            when weights_key is null then 1
            else 1 + {{ var('weight_spread') }} * (2 * {{ uniform(scrambled('random_state')) }} - 1)
        end as drawn_weight
    from node_draws

),

leaf_weights as (

    select
        drawn.run_number,
        leaves.leaf_number,
        leaves.theme_number,
        leaves.branch_number,
        drawn.parent_id,
        drawn.branch_id,
        drawn.drawn_weight,
        sum(drawn.drawn_weight) over (partition by drawn.run_number, drawn.parent_id) as weight_of_siblings
    from drawn
    inner join leaves
        on drawn.node_id = leaves.node_id

)

select
    leaf_weights.run_number,
    leaf_weights.leaf_number,
    leaf_weights.theme_number,
    leaf_weights.branch_number,
    leaf_weights.drawn_weight / nullif(leaf_weights.weight_of_siblings, 0) as leaf_weight,
    case when leaf_weights.weight_of_siblings = 0 then 0 else themes.drawn_weight end as theme_weight,
    branches.drawn_weight as branch_weight
from leaf_weights
inner join drawn as themes
    on
        leaf_weights.run_number = themes.run_number
        and leaf_weights.parent_id = themes.node_id
inner join drawn as branches
    on
        leaf_weights.run_number = branches.run_number
        and leaf_weights.branch_id = branches.node_id
-- Runs together: the draws of one run are added up while they are at hand.
order by leaf_weights.run_number, leaf_weights.leaf_number
