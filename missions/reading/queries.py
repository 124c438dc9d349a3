"""The published file: opening it, querying it, and the subqueries that several questions share.

Belongs here: what every question in this package needs. All numbers come from the marts; nothing is calculated here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import duckdb

from missions.errors import MissionsError, OtherVersionError, PublicationError

_SCORES = """
    SELECT 'composite' AS index_id, 'All missions' AS index_name, * FROM composite_index
    UNION ALL BY NAME
    SELECT mission_id AS index_id, mission_name AS index_name, mission_index.* EXCLUDE (mission_id)
    FROM mission_index JOIN dim_mission USING (mission_id)
"""
# Scores of all missions together and of each, with the 90% interval of the rank.
SCORES = f"""
    SELECT scores.*, rank_percentile_5, rank_percentile_95
    FROM ({_SCORES}) AS scores LEFT JOIN rank_uncertainty USING (authority_code, index_id)
"""
# The same of a publication that an earlier version made, without intervals.
SCORES_WITHOUT_RANGES = f"""
    SELECT *, NULL::DOUBLE AS rank_percentile_5, NULL::DOUBLE AS rank_percentile_95 FROM ({_SCORES})
"""
# Scores of each theme, in the columns of SCORES and with its mission; themes have no intervals.
THEME_SCORES = """
    SELECT theme_id AS index_id, theme_name AS index_name, mission_name, theme_index.* EXCLUDE (theme_id),
        NULL::DOUBLE AS rank_percentile_5, NULL::DOUBLE AS rank_percentile_95
    FROM theme_index JOIN dim_theme USING (theme_id, mission_id) JOIN dim_mission USING (mission_id)
"""
ALL_SCORES = f"SELECT * FROM ({SCORES}) UNION ALL BY NAME SELECT * FROM ({THEME_SCORES})"
# One row per source and file: dim_source has one per file, and a file may serve several sources.
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


# What DuckDB says of a table or column that is not there, and of a program that holds the file.
_LACKING = re.compile(r'(?<=Table with name )\w+|[Cc]olumn (?:named )?"\w+"')
_HELD = re.compile(r"\(PID (\d+)\)")


class Rows(NamedTuple):
    """The answer to a query. `types` are DuckDB's type names."""

    columns: list[str]
    values: list[tuple[Any, ...]]
    types: tuple[str, ...] = ()

    @property
    def records(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.values]


Table = TypeVar("Table")  # Rows here; pandas DataFrames in index.py


@dataclass(frozen=True, kw_only=True)
class Answer(Generic[Table]):
    """The answer to a question that takes several queries: tables and records by name.

    `notes` are sentences about names that were not taken literally, such as a former council's.
    """

    notes: tuple[str, ...] = ()

    @property
    def parts(self) -> dict[str, Any]:
        """Tables and records by name, without the notes."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "notes"}

    @property
    def records(self) -> dict[str, Any]:
        """The parts, with each table as a list of records."""
        return {name: part.records if isinstance(part, Rows) else part for name, part in self.parts.items()}


def open_database(database: Path) -> duckdb.DuckDBPyConnection:
    """Open the published file read-only, with no access to any other file whatever SQL is run.

    Raises MissionsError if there is no such file, and PublicationError if it cannot be read.
    """
    if not database.is_file():
        raise MissionsError(f"Nothing is published yet; run `make index` ({database} does not exist)")
    shut: dict[str, Any] = {
        "enable_external_access": False,
        "python_enable_replacements": False,  # our own Python variables
        "temp_directory": "",  # otherwise a large sort would write next to the publication
        "lock_configuration": True,
    }
    try:
        connection = duckdb.connect(str(database.resolve()), read_only=True, config=shut)
        connection.execute("USE marts")
    except duckdb.CatalogException as error:
        raise OtherVersionError("schema marts") from error
    except duckdb.Error as error:
        raise PublicationError(unreadable(str(database), error)) from error
    return connection


def ask(connection: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> Rows:
    """Run a query of ours. Raises PublicationError if the publication lacks what it reads, or is damaged."""
    try:
        return run(connection, query, **parameters)
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        lacking = _LACKING.search(str(error))
        raise OtherVersionError(lacking[0].replace('"', "") if lacking else "a table or column") from error
    except duckdb.Error as error:
        raise PublicationError(unreadable("The publication", error)) from error


def unreadable(what: str, error: duckdb.Error) -> str:
    """Why a publication cannot be read, and what to do: DuckDB's error in our words."""
    text = str(error)
    if held := _HELD.search(text):
        return f"{what} is open for writing in another program (process {held[1]}). Close it there and try again"
    if "Permission denied" in text:
        return f"{what} may not be read by this user. Grant read permission"
    again = "Run `make index` to publish again, or restore it from a backup"
    return f"{what} is damaged or not a valid DuckDB database file. {again}"


def run(connection: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> Rows:
    """Run any query, with DuckDB's own errors."""
    result = connection.execute(query, parameters)
    types = tuple(str(column[1]) for column in result.description)
    return Rows([column[0] for column in result.description], result.fetchall(), types)


def ask_names(connection: duckdb.DuckDBPyConnection, query: str) -> Mapping[str, str]:
    """Run a query for two columns, IDs and names, and keep its order."""
    return dict(ask(connection, query).values)
