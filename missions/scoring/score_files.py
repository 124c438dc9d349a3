"""Score a user's own index: three files in, four files out, or one error and nothing written.

Belongs here: the order of the steps and the result files. Reading the files is in inputs.py, checks of the scores in
score_checks.py; the method is in the chain.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from missions.errors import ScoreError
from missions.scoring.chain import run_chain, run_model
from missions.scoring.inputs import Inputs, load_inputs, select_periods
from missions.scoring.results import check_folder, write_results
from missions.scoring.score_checks import check_aggregates, check_leaves

# A row is of a unit in a period; the column of the period is left out where there is none.
_RESULTS = {
    # Every unit at every aggregate, with empty cells where there is too little to score.
    "scores": """
        SELECT unit.unit_id, unit.period, nodes.node_id, scores.score,
            CASE
                WHEN scores.score IS NOT NULL
                    THEN rank() OVER (
                        PARTITION BY nodes.node_id, unit.period
                        ORDER BY round(scores.score, coalesce(
                            CAST(json_extract_string(nodes.normalisation_parameters, '$.decimals') AS INTEGER), 9
                        )) DESC NULLS LAST
                    )
            END AS rank,
            scores.score IS NOT NULL AND scores.weighted_mean IS NULL AS is_filled
        FROM int_framework_nodes AS nodes
        CROSS JOIN (FROM unit WHERE period IN (FROM run_period)) AS unit
        LEFT JOIN int_node_scores AS scores
            ON scores.unit_id = unit.unit_number AND scores.node_id = nodes.node_id
        WHERE NOT nodes.is_leaf
        ORDER BY unit.period, nodes.depth, nodes.node_id, unit.unit_number
    """,
    "treated": """
        SELECT unit.unit_id, unit.period, leaf.node_id, treated.value_treated AS value
        FROM int_treated_values AS treated
        JOIN unit ON treated.unit_id = unit.unit_number
        JOIN leaf USING (node_id)
        ORDER BY unit.period, leaf.node_number, unit.unit_number
    """,
    "normalised": """
        SELECT unit.unit_id, unit.period, leaf.node_id, normalised.score AS value, treated.unit_id IS NULL AS is_filled
        FROM int_normalised_values AS normalised
        JOIN unit ON normalised.unit_id = unit.unit_number
        JOIN leaf USING (node_id)
        LEFT JOIN int_treated_values AS treated
            ON normalised.unit_id = treated.unit_id AND normalised.node_id = treated.node_id
        WHERE normalised.score IS NOT NULL
        ORDER BY unit.period, leaf.node_number, unit.unit_number
    """,
    # Periods that share a yardstick share a treatment.
    "treatment": """
        SELECT (SELECT string_agg(period, ' ' ORDER BY period) FROM run_period) AS period,
            node_id, winsorised_values AS winsorised_steps, outcome = 'logged' AS is_logged,
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


def score_files(units: Path, observations: Path, framework: Path, out: Path, base_period: str | None = None) -> Scored:
    """Score the units and write the results to the folder `out`, all of them or none.

    With a base period, values of all periods are scored against it (or against all, with 'all'); without, each period
    against itself. Raises ScoreError if the files do not make an index or the results cannot be written.
    """
    check_folder(out)
    with duckdb.connect() as connection:
        inputs = load_inputs(connection, units, observations, framework, base_period)
        # Sums depend on the order of their terms: one thread makes equal inputs give results equal to the last digit.
        [(threads,)] = connection.execute("SELECT current_setting('threads')").fetchall()
        connection.execute("SET threads = 1")
        for periods in inputs.runs:
            select_periods(connection, periods)
            _score_run(connection, inputs, observations)
        connection.execute(f"SET threads = {threads}")
        filled = _filled(connection)
        write_results(connection, out, {name: _columns(connection, name, inputs.unused_columns) for name in _RESULTS})
    leaves = sum(node.aggregation is None for node in inputs.nodes.values())
    return Scored(inputs.units, leaves, len(inputs.nodes) - leaves, (*inputs.notes, *filled))


def _score_run(connection: duckdb.DuckDBPyConnection, inputs: Inputs, observations: Path) -> None:
    """Score the periods selected and add them to the tables of results."""
    try:
        run_chain(connection)
        run_model(connection, "int_treatment_outcomes")
    except duckdb.Error as error:
        problem = "the values cannot be scored: with these methods they leave the range of numbers; use a larger unit"
        raise ScoreError(str(observations), problem) from error
    check_leaves(connection, inputs, observations)
    check_aggregates(connection, inputs)
    for name, query in _RESULTS.items():
        connection.execute(f"CREATE TABLE IF NOT EXISTS result_{name} AS FROM ({query}) LIMIT 0")
        connection.execute(f"INSERT INTO result_{name} {query}")


def _filled(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """A note for each node whose gaps were filled, with their number."""
    found = connection.execute(
        """
        SELECT node_id, count(*), any_value(json_extract_string(normalisation_parameters, '$.fill'))
        FROM (
            SELECT node_id FROM result_scores WHERE is_filled
            UNION ALL SELECT node_id FROM result_normalised WHERE is_filled
        ) JOIN stg_framework_nodes USING (node_id)
        GROUP BY node_id ORDER BY node_id
        """
    ).fetchall()
    return [
        f"{node_id}: {count:,} {'score' if count == 1 else 'scores'} filled by {fill} (see is_filled in the results)"
        for node_id, count, fill in found
    ]


def _columns(connection: duckdb.DuckDBPyConnection, name: str, unused: set[str]) -> str:
    """The query for a result without unused columns."""
    columns = [column for column, *_ in connection.execute(f"DESCRIBE result_{name}").fetchall()]
    return f"SELECT {', '.join(column for column in columns if column not in unused)} FROM result_{name}"
