-- The first principal component of each node's children, by power iteration on their correlation matrix.
{# The matrix is squared this many times: its power 2^10. #}
{% set squarings = 10 %}
with

nodes as (

    select
        node_id,
        parent_id
    from {{ ref('int_authority_nodes') }}
    where parent_id is not null

),

correlations as (

    {{ in_both_orders(ref('int_audit_correlations')) }}

),

-- The correlation matrix of the children of each node, one element per row.
elements as (

    select
        nodes.parent_id,
        nodes.node_id,
        others.node_id as other_node_id,
        case when nodes.node_id = others.node_id then 1 else coalesce(correlations.correlation, 0) end as correlation
    from nodes
    inner join nodes as others
        on nodes.parent_id = others.parent_id
    left join correlations
        on
            nodes.node_id = correlations.node_id
            and others.node_id = correlations.other_node_id

),

matrix_rows as (

    select
        parent_id,
        node_id,
        {{ list_of('correlation', 'other_node_id') }} as numbers,
        row_number() over (partition by parent_id order by node_id) as position
    from elements
    group by parent_id, node_id

),

correlation_matrices as (

    select
        parent_id,
        {{ list_of('numbers', 'position') }} as matrix
    from matrix_rows
    group by parent_id

),

-- Repeatedly squared and scaled, the matrix converges to that of its first component.
powers as (

    {{ scaled_power('correlation_matrices', 'parent_id', 'matrix', squarings) }}

),

-- Power iteration from a vector of ones, multiplied by that power. The mean of the result cannot be negative.
directions as (

    select
        matrix_rows.parent_id,
        matrix_rows.node_id,
        {{ list_element('powers.row_sums', 'matrix_rows.position') }} as direction
    from matrix_rows
    inner join (
        select
            parent_id,
            {{ matrix_row_sums('matrix') }} as row_sums
        from powers
    ) as powers
        on matrix_rows.parent_id = powers.parent_id

),

unit_directions as (

    select
        parent_id,
        node_id,
        direction / sqrt(sum(direction * direction) over (partition by parent_id)) as direction
    from directions

),

-- The matrix times the direction gives the direction times the variance, if the squarings were enough.
products as (

    select
        elements.parent_id,
        elements.node_id,
        max(own.direction) as direction,
        sum(elements.correlation * others.direction) as product
    from elements
    inner join unit_directions as own
        on elements.node_id = own.node_id
    inner join unit_directions as others
        on elements.other_node_id = others.node_id
    group by elements.parent_id, elements.node_id

),

variances as (

    select
        *,
        sum(direction * product) over (partition by parent_id) as component_variance,
        count(*) over (partition by parent_id) as children
    from products

)

select
    node_id,
    parent_id,
    direction * sqrt(component_variance) as loading,
    component_variance,
    component_variance / children as component_share,
    abs(product - component_variance * direction) as residual
from variances
