"""The mart publication_change: what changed since the current publication, written into the next build.

Belongs here: which two are compared, and the table in the build file with its types, keys and descriptions from dbt's
YAML. The comparison itself is in difference.py.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from missions.errors import DifferenceError
from missions.publication.comparable import Side
from missions.publication.difference import difference, no_difference
from missions.publication.folder import DATABASE, current
from missions.sql import quoted_text

PUBLICATION_CHANGE = "publication_change"

# Councils and indices whose amounts do not add up to the whole change, or are missing though both sides are known.
_UNRECONCILED = """
SELECT authority_code, index_id
FROM publication_change
GROUP BY authority_code, index_id
HAVING abs(coalesce(sum(score_change) - (any_value(new_score) - any_value(previous_score)), 0)) > 1e-9
    OR abs(coalesce(sum(value_change) - (any_value(new_value) - any_value(previous_value)), 0))
        > 1e-9 * greatest(1, any_value(abs(new_value)))
    OR sum(rank_change) <> any_value(new_rank) - any_value(previous_rank)
    OR (any_value(new_rank) IS NOT NULL AND any_value(previous_rank) IS NOT NULL AND sum(rank_change) IS NULL)
ORDER BY ALL
"""
# Every council of the build must have rows for its composite and its missions, changed or not.
_MISSING = """
SELECT authority_code, node_id
FROM after.marts.dim_authority CROSS JOIN after.marts.dim_framework_node
WHERE NOT is_leaf AND depth <= 1
EXCEPT SELECT authority_code, index_id FROM publication_change
ORDER BY ALL
"""


@dataclass(frozen=True)
class Written:
    """What was written. `unreconciled` and `missing` hold pairs of council and index, and should be empty."""

    previous: str | None
    rows: int
    rows_by_cause: dict[str, int]
    explanation: str | None
    unreconciled: list[tuple[str, str]]
    missing: list[tuple[str, str]]


def write_publication_change(warehouse: Path, published: Path, definition: Mapping[str, Any]) -> Written:
    """Compare the build with the current publication and write the table into the build's schema marts.

    `definition` is the table's entry in dbt's manifest. A publication that cannot be read or compared does not fail the
    build: every row of the table then gives the reason.
    """
    folder = current(published)
    build = Side("this build", warehouse)
    explanation = None
    with ExitStack() as stack:
        if folder is None:
            connection = stack.enter_context(
                no_difference(build, "no_earlier_publication", None, "the first publication")
            )
        else:
            try:
                connection = stack.enter_context(difference(Side(folder.name, folder / DATABASE), build))
            except DifferenceError as error:
                explanation = str(error)
                connection = stack.enter_context(no_difference(build, "not_compared", folder.name, explanation))
        unreconciled = connection.execute(_UNRECONCILED).fetchall() if folder and explanation is None else []
        missing = connection.execute(_MISSING).fetchall()
        causes = connection.execute(
            "SELECT cause, count(*) FROM publication_change GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        _write(connection, warehouse, definition)
    return Written(
        previous=folder.name if folder else None,
        rows=sum(rows for _, rows in causes),
        rows_by_cause=dict(causes),
        explanation=explanation,
        unreconciled=unreconciled,
        missing=missing,
    )


def _write(connection: duckdb.DuckDBPyConnection, warehouse: Path, definition: Mapping[str, Any]) -> None:
    """Create and fill the table in the build file, which was attached read-only until now."""
    columns: Mapping[str, Mapping[str, Any]] = definition["columns"]
    lines = [
        f"{name} {column['data_type']}" + " NOT NULL" * any(c["type"] == "not_null" for c in column["constraints"])
        for name, column in columns.items()
    ]
    lines.append(f"PRIMARY KEY ({', '.join(definition['meta']['primary_key'])})")
    table = f"build.marts.{PUBLICATION_CHANGE}"
    comments = [f"COMMENT ON TABLE {table} IS {quoted_text(definition['description'].strip())}"]
    for name, column in columns.items():
        comments.append(f"COMMENT ON COLUMN {table}.{name} IS {quoted_text(column['description'].strip())}")
    connection.execute("DETACH after")
    connection.execute(f"ATTACH {quoted_text(warehouse)} AS build")
    try:
        connection.execute(f"CREATE OR REPLACE TABLE {table} ({', '.join(lines)})")
        connection.execute(f"INSERT INTO {table} BY NAME FROM {PUBLICATION_CHANGE}")
        for comment in comments:
            connection.execute(comment)
    finally:
        connection.execute("DETACH build")
