"""Score a user's own index: three files in, four files out, or one error and nothing written.

Belongs here: the order of the steps, checks that need scores, and the result files. Reading the files is in inputs.py;
the method is in the chain.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb

from missions.errors import FileFault, ScoreError
from missions.scoring.chain import run_chain, run_model
from missions.scoring.framework import OF_POSITIVE, Node
from missions.scoring.inputs import Inputs, load_inputs
from missions.sql import quoted_text

_EXAMPLES = 3  # units named in an error

_RESULTS = {
    # Every unit at every aggregate, with empty cells where there is too little to score.
    "scores.csv": """
        SELECT unit.unit_id, nodes.node_id, scores.score,
            CASE
                WHEN scores.score IS NOT NULL
                    THEN rank() OVER (PARTITION BY nodes.node_id ORDER BY round(scores.score, 9) DESC NULLS LAST)
            END AS rank
        FROM int_framework_nodes AS nodes
        CROSS JOIN unit
        LEFT JOIN int_node_scores AS scores
            ON scores.unit_id = unit.unit_number AND scores.node_id = nodes.node_id
        WHERE NOT nodes.is_leaf
        ORDER BY nodes.depth, nodes.node_id, unit.unit_number
    """,
    "treated.csv": """
        SELECT unit.unit_id, leaf.node_id, treated.value_treated AS value
        FROM int_treated_values AS treated
        JOIN unit ON treated.unit_id = unit.unit_number
        JOIN leaf USING (node_id)
        ORDER BY leaf.node_number, unit.unit_number
    """,
    "normalised.csv": """
        SELECT unit.unit_id, leaf.node_id, normalised.score AS value
        FROM int_normalised_values AS normalised
        JOIN unit ON normalised.unit_id = unit.unit_number
        JOIN leaf USING (node_id)
        ORDER BY leaf.node_number, unit.unit_number
    """,
    "treatment.csv": """
        SELECT node_id, winsorised_values AS winsorised_steps, outcome = 'logged' AS is_logged,
            skewness_before, kurtosis_before, skewness_after, kurtosis_after
        FROM int_treatment_outcomes
        ORDER BY node_id
    """,
}


@dataclass(frozen=True)
class Scored:
    """The numbers of units, leaves and aggregates scored, and notes for the user."""

    units: int
    leaves: int
    aggregates: int
    notes: tuple[str, ...]


def score_files(units: Path, observations: Path, framework: Path, out: Path) -> Scored:
    """Score the units and write the results to the folder `out`, all of them or none.

    Raises ScoreError if the files do not make an index or the results cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise ScoreError(str(out), "not a folder; --out must be a folder for the results")
    with duckdb.connect() as connection:
        inputs = load_inputs(connection, units, observations, framework)
        # Sums depend on the order of their terms: one thread makes equal inputs give results equal to the last digit.
        [(threads,)] = connection.execute("SELECT current_setting('threads')").fetchall()
        connection.execute("SET threads = 1")
        try:
            run_chain(connection)
            run_model(connection, "int_treatment_outcomes")
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            problem = f"the values cannot be scored ({reason}); check for very large values"
            raise ScoreError(str(observations), problem) from error
        _check_leaves(connection, inputs, observations)
        _check_aggregates(connection, inputs)
        connection.execute(f"SET threads = {threads}")
        try:
            _write(connection, out)
        except (OSError, duckdb.Error) as error:
            reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
            raise ScoreError(str(out), f"the results cannot be written here ({reason})") from error
    leaves = sum(node.aggregation is None for node in inputs.nodes.values())
    return Scored(inputs.units, leaves, len(inputs.nodes) - leaves, inputs.notes)


def _check_leaves(connection: duckdb.DuckDBPyConnection, inputs: Inputs, observations: Path) -> None:
    """Check that every leaf has values in the reference set, and a score wherever it has a value."""
    found = connection.execute(
        """
        WITH treated AS (
            SELECT node_id, count(value_treated) AS treated_values, min(value_treated) AS lowest
            FROM int_treated_values GROUP BY node_id
        ),
        normalised AS (
            SELECT node_id, count(*) FILTER (WHERE isfinite(score)) AS scores
            FROM int_normalised_values GROUP BY node_id
        ),
        observed AS (
            SELECT
                observed.node_id,
                count(*) AS units,
                count(*) FILTER (WHERE unit.is_in_reference_set) AS of_reference_set
            FROM int_index_values AS observed JOIN unit ON observed.unit_id = unit.unit_number
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
            problem = f"all values of {node_id!r} are equal, so a log is not possible; set its treatment to none"
            raise _fault(inputs, node, problem, column="treatment")
        if scores < units:
            raise _no_spread(inputs, node, of_reference_set, lowest)


def _check_aggregates(connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
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
            count(scores.weighted_mean) FILTER (WHERE unit.is_in_reference_set), min(scores.weighted_mean)
        FROM int_framework_nodes AS nodes
        LEFT JOIN int_node_scores AS scores USING (node_id)
        LEFT JOIN unit ON scores.unit_id = unit.unit_number
        WHERE NOT nodes.is_leaf
        GROUP BY nodes.node_id, nodes.depth
        ORDER BY nodes.depth DESC, nodes.node_id
        """
    ).fetchall()
    for node_id, means, scores, of_reference_set, lowest in found:
        node = inputs.nodes[node_id]
        if node_id in not_positive:
            raise _not_positive(connection, inputs, node, not_positive[node_id])
        if not means:
            raise _fault(inputs, node, f"no unit has enough children of {node_id!r} to be scored", column="least_share")
        if scores < means:
            raise _no_spread(inputs, node, of_reference_set, lowest)


def _no_spread(inputs: Inputs, node: Node, of_reference_set: int, lowest: float) -> FileFault:
    if of_reference_set < 2:
        problem = f"{node.normalisation} needs two units with a value in the reference set, found {of_reference_set}"
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


def _write(connection: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Write the results to a folder beside `out`, and move them into place when all are complete."""
    out = out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        for name, query in _RESULTS.items():
            connection.execute(f"COPY ({query}) TO {quoted_text(folder / name)} (FORMAT csv, HEADER)")
        out.mkdir(exist_ok=True)
        for name in _RESULTS:
            (folder / name).replace(out / name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
