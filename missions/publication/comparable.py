"""What a publication must hold to be compared with another.

Belongs here: the tables and columns that a comparison reads, and a connection on which both sides have them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from missions.errors import DifferenceError
from missions.sql import quoted_text

# The columns of a node that determine how it is scored; the others are names or follow from these and the tree.
METHOD = (
    *("weight", "direction", "treatment", "normalisation", "normalisation_parameters", "aggregation"),
    "least_share",
)
# What a comparison reads. An older publication may lack some of it; the error lists what.
_NEEDED: dict[str, tuple[str, ...]] = {
    "dim_authority": ("authority_code", "current_code", "authority_name", "is_in_reference_set"),
    "dim_area_code": ("area_code", "authority_code", "relation"),
    "dim_framework_node": ("node_id", "parent_id", "label", *METHOD, "depth", "is_leaf"),
    "dim_indicator": ("indicator_id", "unit"),
    "indicator_score": (
        *("authority_code", "indicator_id", "value", "value_basis", "source_area_code", "need_rank"),
        *("period_start_date", "period_end_date"),
    ),
    "mission_index": ("authority_code", "mission_id", "need_score", "need_rank"),
    "composite_index": ("authority_code", "need_score", "need_rank"),
}
COMPARED = tuple(_NEEDED)


@dataclass(frozen=True)
class Side:
    """One side of a comparison, a publication or a build about to become one: its name for people, and its database."""

    name: str
    database: Path


@contextmanager
def attached(**sides: Side) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with each side's database attached, read-only, under the name of its argument.

    Raises DifferenceError if one of them cannot be read, or lacks a table or column that a comparison reads.
    """
    # Sums depend on the order of their terms: with one thread, equal inputs give equal results.
    with duckdb.connect(config={"threads": 1}) as connection:
        for name, side in sides.items():
            if not side.database.is_file():
                raise DifferenceError(f"{side.name} has no database {side.database.name}")
            try:
                connection.execute(f"ATTACH {quoted_text(side.database)} AS {name} (READ_ONLY)")
                missing = _missing(connection, name)
            except duckdb.Error as error:
                # The message is published in the mart, so DuckDB's, with paths of this machine, is left out.
                reason = "it is damaged, not a DuckDB database, or open for writing in another program"
                raise DifferenceError(f"{side.name} cannot be read: {reason}") from error
            if missing:
                raise DifferenceError(
                    f"{side.name} has an older schema and cannot be compared: it lacks {', '.join(missing)}"
                )
        yield connection


def _missing(connection: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """The tables that a side lacks, and the columns lacking in the tables it has."""
    columns = dict(
        connection.execute(
            "SELECT table_name, list(column_name) FROM duckdb_columns() "
            "WHERE database_name = ? AND schema_name = 'marts' GROUP BY ALL",
            [name],
        ).fetchall()
    )
    return [
        table if table not in columns else f"{table}.{column}"
        for table, needed in _NEEDED.items()
        for column in (needed if table in columns else needed[:1])
        if column not in columns.get(table, ())
    ]
