"""Checks of a user's own index that need its scores: values that a method cannot take, no spread, means not defined.

Belongs here: finding what the models leave undefined, and the message that says why.
"""

from pathlib import Path

import duckdb

from missions.errors import FileFault
from missions.scoring.framework import OF_POSITIVE, Node
from missions.scoring.inputs import Inputs

_EXAMPLES = 3  # units named in an error
# Ranks count nine decimals: a smaller spread would make ties of different scores.
_LEAST_SPREAD = 1e-6


def check_leaves(connection: duckdb.DuckDBPyConnection, inputs: Inputs, observations: Path) -> None:
    """Check that every leaf has values in the reference set, and a score wherever it has a value."""
    found = connection.execute(
        """
        WITH treated AS (
            SELECT node_id, count(*) FILTER (WHERE isfinite(value_treated)) AS treated_values,
                min(value_treated) AS lowest
            FROM int_treated_values GROUP BY node_id
        ),
        normalised AS (
            SELECT node_id, count(*) FILTER (WHERE isfinite(score)) AS scores
            FROM int_normalised_values JOIN int_treated_values USING (unit_id, node_id) GROUP BY node_id
        ),
        observed AS (
            SELECT
                observed.node_id,
                count(*) AS units,
                count(*) FILTER (WHERE unit.is_in_reference_set) AS of_reference_set
            FROM int_index_values AS observed JOIN int_index_units AS unit USING (unit_id)
            GROUP BY observed.node_id
        )
        SELECT node_id, coalesce(units, 0), coalesce(of_reference_set, 0), treated_values, scores, lowest
        FROM leaf
        LEFT JOIN observed USING (node_id) LEFT JOIN treated USING (node_id) LEFT JOIN normalised USING (node_id)
        ORDER BY node_id
        """
    ).fetchall()
    for node_id, units, of_reference_set, treated_values, scores, lowest in found:
        node = inputs.nodes[node_id]
        if not of_reference_set:
            of = "unit in the reference set" if units else "unit"
            raise _fault(inputs, node, f"no {of} has a value for the leaf {node_id!r} in {observations}")
        if treated_values < units:
            raise _untreatable(connection, inputs, node)
        if scores < units:
            raise _no_spread(inputs, node, of_reference_set, lowest)


def check_aggregates(connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
    """Check that every mean is defined and has spread, from the deepest nodes up, as the others follow from them."""
    not_positive = dict(
        connection.execute(
            """
            SELECT parents.node_id, list(DISTINCT children.node_id ORDER BY children.node_id)
            FROM int_node_scores AS scores
            JOIN int_framework_nodes AS children USING (node_id)
            JOIN int_framework_nodes AS parents ON children.parent_id = parents.node_id
            WHERE
                scores.score <= 0
                AND children.weight_in_parent > 0
                AND list_contains($of_positive, parents.aggregation)
            GROUP BY parents.node_id
            """,
            {"of_positive": OF_POSITIVE},
        ).fetchall()
    )
    found = connection.execute(
        """
        SELECT nodes.node_id, count(scores.weighted_mean), count(*) FILTER (WHERE isfinite(scores.score)),
            count(scores.weighted_mean) FILTER (WHERE unit.is_in_reference_set), min(scores.weighted_mean),
            max(scores.score) - min(scores.score)
        FROM int_framework_nodes AS nodes
        LEFT JOIN int_node_scores AS scores USING (node_id)
        LEFT JOIN unit ON scores.unit_id = unit.unit_number
        WHERE NOT nodes.is_leaf
        GROUP BY nodes.node_id, nodes.depth
        ORDER BY nodes.depth DESC, nodes.node_id
        """
    ).fetchall()
    for node_id, means, scores, of_reference_set, lowest, spread in found:
        node = inputs.nodes[node_id]
        if node_id in not_positive:
            raise _not_positive(connection, inputs, node, not_positive[node_id])
        if not means:
            raise _fault(inputs, node, f"no unit has enough children of {node_id!r} to be scored", column="least_share")
        if scores < means:
            raise _no_spread(inputs, node, of_reference_set, lowest)
        if spread and spread < _LEAST_SPREAD:
            problem = (
                f"the scores of {node_id!r} differ by {spread:.2g} at most, too little for ranks at nine decimals; "
                "normalise its children, or use a smaller unit"
            )
            raise _fault(inputs, node, problem, column="normalisation")


# The values that a treatment is defined for.
_DOMAINS = {
    "ln": "values above 0",
    "square_root": "values of 0 or more",
    "reciprocal": "values other than 0",
    "power": "values above 0, or a whole exponent",
}


def _untreatable(connection: duckdb.DuckDBPyConnection, inputs: Inputs, node: Node) -> FileFault:
    """The error for a leaf with values that its treatment cannot take."""
    if node.treatment in ("winsorise", "cap"):
        problem = f"{node.treatment} leaves no spread in the values of {node.node_id!r}; cut less, or set it to none"
    elif node.treatment not in _DOMAINS:
        problem = f"all values of {node.node_id!r} are equal, so a log is not possible; set its treatment to none"
    else:
        [(unit, value)] = connection.execute(
            """
            SELECT unit.unit_id, treated.value
            FROM int_treated_values AS treated JOIN unit ON treated.unit_id = unit.unit_number
            WHERE treated.node_id = $node_id AND NOT coalesce(isfinite(treated.value_treated), false)
            ORDER BY unit.unit_number LIMIT 1
            """,
            {"node_id": node.node_id},
        ).fetchall()
        needs = _DOMAINS[node.treatment]
        problem = f"{node.treatment} of {node.node_id!r} needs {needs}, found {value!r} for unit {unit!r}"
    return _fault(inputs, node, problem, column="treatment")


def _no_spread(inputs: Inputs, node: Node, of_reference_set: int, lowest: float) -> FileFault:
    if of_reference_set < 2:
        problem = f"{node.normalisation} needs two units with a value in the reference set, found {of_reference_set}"
    elif node.parameter("weighted"):
        problem = (
            f"{node.node_id!r} has no weighted deviation: its values are equal, or one unit has nearly all the weight"
        )
    elif node.normalisation in ("z_score", "min_max"):
        problem = (
            f"{node.node_id!r} is {lowest!r} throughout the reference set, so {node.normalisation} would divide by "
            "zero; choose another normalisation, or leave the cell empty"
        )
    else:
        problem = f"the scores of {node.node_id!r} are too large for a number"
    return _fault(inputs, node, problem, column="normalisation")


def _not_positive(connection: duckdb.DuckDBPyConnection, inputs: Inputs, node: Node, children: list[str]) -> FileFault:
    cells = connection.execute(
        """
        SELECT unit.unit_id, scores.node_id, scores.score, count(*) OVER ()
        FROM int_node_scores AS scores JOIN unit ON scores.unit_id = unit.unit_number
        WHERE scores.score <= 0 AND list_contains($children, scores.node_id)
        ORDER BY scores.node_id, scores.unit_id
        LIMIT $examples
        """,
        {"children": children, "examples": _EXAMPLES},
    ).fetchall()
    named = ", ".join(f"{value!r} for unit {unit!r} at {child!r}" for unit, child, value, _ in cells)
    count = cells[0][3]
    more = f", and {count - len(cells):,} more" if count > len(cells) else ""
    return _fault(
        inputs,
        node,
        f"the {node.aggregation} mean of {node.node_id!r} needs scores above zero, found {named}{more}; normalise the "
        'children to a scale above zero, such as min_max with {"lower": 1, "upper": 100}',
        column="aggregation",
    )


def _fault(inputs: Inputs, node: Node, problem: str, column: str | None = None) -> FileFault:
    return inputs.framework.fault(problem, node.line, column)
