"""What BI tools show, read from dbt_project/models/semantics.yml and completed from a publication.

Belongs here: data sets, columns and metrics. Types and descriptions of columns are those of the published tables.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from missions.paths import DBT_PROJECT
from missions.publication.folder import DATABASE


@dataclass(frozen=True)
class Column:
    """A column of a data set: its DuckDB type, a name for people, and the description of the mart it comes from."""

    name: str
    title: str
    type: str
    description: str | None


@dataclass(frozen=True)
class Metric:
    """A metric: a SQL aggregate over its data set, and the d3 format of its values."""

    name: str
    title: str
    expression: str
    format: str
    description: str


@dataclass(frozen=True)
class Dataset:
    """A data set: a query over the marts, with its columns and metrics."""

    name: str
    title: str
    description: str
    sql: str
    columns: tuple[Column, ...]
    metrics: tuple[Metric, ...]


def datasets(published: Path) -> list[Dataset]:
    """The data sets, in the order of the file.

    Raises KeyError for a column without a label, and duckdb.Error for a query that this publication cannot answer.
    """
    [exposure] = yaml.safe_load((DBT_PROJECT / "models/semantics.yml").read_text(encoding="utf-8"))["exposures"]
    meta = exposure["config"]["meta"]
    with duckdb.connect(str(published / DATABASE), read_only=True) as connection:
        return [_dataset(connection, entry, meta["labels"]) for entry in meta["datasets"]]


def _dataset(connection: duckdb.DuckDBPyConnection, entry: dict[str, Any], labels: dict[str, str]) -> Dataset:
    comments: dict[str, str] = {}
    for table in reversed(entry["tables"]):  # the first table that has the column describes it
        comments |= dict(
            connection.execute(
                "SELECT column_name, comment FROM duckdb_columns() WHERE schema_name = 'marts' AND table_name = ?",
                [table],
            ).fetchall()
        )
    described = connection.execute(f"DESCRIBE {entry['sql']}").fetchall()
    missions = dict(connection.execute("SELECT mission_id, mission_name FROM marts.dim_mission").fetchall())
    columns = tuple(
        Column(name, _label(name, labels, missions), kind, comments.get(name)) for name, kind, *_ in described
    )
    metrics = tuple(Metric(**metric) for metric in entry["metrics"])
    return Dataset(entry["name"], entry["title"], entry["description"], entry["sql"], columns, metrics)


def _label(column: str, labels: dict[str, str], missions: dict[str, str]) -> str:
    """The name of a column for people; one column per mission takes the name of the mission."""
    mission, _, rest = column.partition("_")
    if mission in missions:
        return f"{missions[mission]}: {labels[rest]}"
    return labels[column]
