"""The published file: how it is opened, how it is asked, and the subqueries that several questions build on.

Belongs here: what every question of this package needs. Every number is in the marts already: nothing is worked out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import duckdb

from missions.errors import MissionsError

SCORES = """
    SELECT 'composite' AS index_id, 'All missions' AS index_name, * FROM composite_index
    UNION ALL BY NAME
    SELECT mission_id AS index_id, mission_name AS index_name, mission_index.* EXCLUDE (mission_id)
    FROM mission_index JOIN dim_mission USING (mission_id)
"""
# One row a source and file: dim_source has one a file, which may serve several sources.
SOURCE_FILES = "SELECT unnest(string_split(source_ids, ', ')) AS source_id, * FROM dim_source"
SOURCES = f"""
    SELECT
        source_id,
        string_agg(DISTINCT publisher, '; ' ORDER BY publisher) AS publisher,
        string_agg(DISTINCT dataset, '; ' ORDER BY dataset) AS dataset,
        string_agg(DISTINCT licence, '; ' ORDER BY licence) AS licence,
        max(snapshot_date) AS snapshot_date,
        bool_and(is_refreshable) AS is_refreshable
    FROM ({SOURCE_FILES})
    GROUP BY source_id
    ORDER BY source_id
"""


class Rows(NamedTuple):
    """The answer to a query; `types` are DuckDB's."""

    columns: list[str]
    values: list[tuple[Any, ...]]
    types: tuple[str, ...] = ()

    @property
    def records(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.values]


Table = TypeVar("Table")  # Rows here; pandas DataFrames in index.py


@dataclass(frozen=True, kw_only=True)
class Answer(Generic[Table]):
    """The answer to a question of several queries: tables and records by name.

    `notes` say in sentences what names were taken for, where that is not plain.
    """

    notes: tuple[str, ...] = ()

    @property
    def parts(self) -> dict[str, Any]:
        """Tables and records by name, without the notes."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "notes"}

    @property
    def records(self) -> dict[str, Any]:
        """The same with each table as a list of records."""
        return {name: part.records if isinstance(part, Rows) else part for name, part in self.parts.items()}


def open_database(database: Path) -> duckdb.DuckDBPyConnection:
    """The published file, read-only and shut off from every other file, whatever SQL is run.

    Raises MissionsError where there is none.
    """
    if not database.is_file():
        raise MissionsError(f"nothing is published yet; run `make index` (there is no {database})")
    shut: dict[str, Any] = {
        "enable_external_access": False,
        "python_enable_replacements": False,  # the program's own variables
        "temp_directory": "",  # or a large sort would write beside the publication
        "lock_configuration": True,
    }
    connection = duckdb.connect(str(database), read_only=True, config=shut)
    connection.execute("USE marts")
    return connection


def ask(connection: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> Rows:
    result = connection.execute(query, parameters)
    types = tuple(str(column[1]) for column in result.description)
    return Rows([column[0] for column in result.description], result.fetchall(), types)


def ask_names(connection: duckdb.DuckDBPyConnection, query: str) -> Mapping[str, str]:
    """The answer to a query of two columns, ids and their names, in its order."""
    return dict(ask(connection, query).values)
