"""The marts of a build, as DuckDB's catalogue describes them, and the database they are published in.

Belongs here: what a mart needs to be published, and the DuckDB file. The other files are made from that file.
"""

import re
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from missions.errors import PublicationError
from missions.sql import quoted_name, quoted_text

KEYED_ROWS = 150_000  # above this a key's index takes several times the space of the rows; the build checks the key


@dataclass(frozen=True)
class Column:
    """A column of a mart."""

    name: str
    field_type: str  # in the terms of the Data Package standard: string, integer, number, boolean, date, datetime
    description: str | None
    is_required: bool
    is_text: bool  # a list is not, though files hold it as text: that text begins with a bracket


@dataclass(frozen=True)
class Mart:
    """A table to publish; `ddl` creates it in the schema `marts` of any database."""

    name: str
    ddl: str
    description: str | None
    columns: list[Column]
    key: list[str]
    references: set[str]
    rows: int

    @property
    def published(self) -> str:
        """The published table's name in SQL."""
        return f"publication.marts.{quoted_name(self.name)}"

    @property
    def in_order(self) -> str:
        """What follows `SELECT …` to read the published table in the order of its primary key."""
        return f"FROM {self.published} ORDER BY {', '.join(map(quoted_name, self.key))}"


def read_marts(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> list[Mart]:
    """Attach the build file as `build` and describe its marts, sorted by name.

    Raises PublicationError if the build file is missing or cannot be opened, or if a mart is a view, is empty, has no
    primary key, or has an empty text in a NOT NULL column.
    """
    _attach(connection, warehouse)
    tables = connection.execute(
        """
        -- Folded texts in YAML end with a line break.
        SELECT table_name, table_type, trim(table_comment, chr(10) || ' ')
        FROM information_schema.tables
        WHERE table_catalog = 'build' AND table_schema = 'marts'
        ORDER BY table_name
        """
    ).fetchall()
    if not tables:
        raise PublicationError(f"{warehouse} has no tables in the schema marts. Run the whole build before publishing.")
    for name, table_type, _ in tables:
        if table_type != "BASE TABLE":
            raise PublicationError(
                f"{warehouse}: marts.{name} is a view, which cannot be published. Materialise it as a table."
            )
    ddl = _by_table(connection, "SELECT table_name, sql FROM duckdb_tables()")
    columns = _by_table(
        connection,
        "SELECT table_name, column_name, data_type, trim(comment, chr(10) || ' '), NOT is_nullable "
        "FROM duckdb_columns()",
        "ORDER BY column_index",
    )
    constraints = _by_table(
        connection,
        "SELECT table_name, constraint_type, constraint_column_names, referenced_table FROM duckdb_constraints()",
    )
    marts = []
    for name, _, comment in tables:
        where = f"{warehouse}: marts.{name}"
        keys = [names for kind, names, _ in constraints.get(name, []) if kind == "PRIMARY KEY"]
        if not keys:
            raise PublicationError(f"{where} has no primary key, so its rows have no order. Add one to its contract.")
        fields = [
            Column(column, _field_type(of), text, must, of == "VARCHAR") for column, of, text, must in columns[name]
        ]
        marts.append(
            Mart(
                name=name,
                ddl=ddl[name][0][0],
                description=comment,
                columns=fields,
                key=keys[0],
                references={to for kind, _, to in constraints[name] if kind == "FOREIGN KEY"},
                rows=_counted(connection, where, name, fields),
            )
        )
    return marts


def _attach(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    if not warehouse.is_file():
        raise PublicationError(f"There is no build file {warehouse} to publish from. Run `missions build` first.")
    try:
        connection.execute(f"ATTACH {quoted_text(warehouse)} AS build (READ_ONLY)")
    except duckdb.Error as error:
        raise PublicationError(
            f"Cannot open the build file {warehouse}. If a run has it open, wait for it to finish; if not, it is "
            "damaged: build it again."
        ) from error


def _by_table(connection: duckdb.DuckDBPyConnection, select: str, order: str = "") -> dict[str, list[tuple[Any, ...]]]:
    """Rows of one of DuckDB's catalogue functions by mart, without their first column, the name of the mart."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    query = f"{select} WHERE database_name = 'build' AND schema_name = 'marts' {order}"
    for name, *rest in connection.execute(query).fetchall():
        found.setdefault(name, []).append(tuple(rest))
    return found


def _counted(connection: duckdb.DuckDBPyConnection, where: str, name: str, columns: list[Column]) -> int:
    """The number of rows in a mart, which must not be empty or have empty texts in NOT NULL columns."""
    texts = [column.name for column in columns if column.is_required and column.field_type == "string"]
    blanks = "".join(f", count(*) FILTER ({quoted_name(text)}::VARCHAR = '')" for text in texts)
    [(count, *blank_counts)] = connection.execute(
        f"SELECT count(*){blanks} FROM build.marts.{quoted_name(name)}"
    ).fetchall()
    if not count:
        raise PublicationError(f"{where} is empty. The build's log shows why; build again.")
    for text, blank in zip(texts, blank_counts, strict=True):
        if blank:  # in CSV and XLSX an empty text looks the same as no value
            raise PublicationError(
                f"{where}: {text} is NOT NULL but has an empty text in {blank:,} rows. Allow nulls, or fill it in."
            )
    return int(count)


def _field_type(duckdb_type: str) -> str:
    if duckdb_type.endswith("]"):  # a list, held as text in CSV and XLSX
        return "string"
    base = duckdb_type.split("(")[0]
    if base.endswith(("INT", "INTEGER")):
        return "integer"
    if base.startswith("TIMESTAMP"):
        return "datetime"
    numbers = {"FLOAT": "number", "DOUBLE": "number", "DECIMAL": "number"}
    return (numbers | {"BOOLEAN": "boolean", "DATE": "date"}).get(base, "string")


def write_database(connection: duckdb.DuckDBPyConnection, path: Path, marts: list[Mart]) -> None:
    """Write the marts with comments, rows in key order, and leave the file attached as `publication`.

    All but the largest keep their keys. COPY FROM DATABASE would copy every schema. The storage version is the oldest
    available, so that BI tools with an older DuckDB can open the file.
    """
    connection.execute(f"ATTACH {quoted_text(path)} AS publication (STORAGE_VERSION 'v1.0.0')")
    connection.execute("CREATE SCHEMA publication.marts")
    connection.execute("USE publication")  # the build's CREATE TABLE statements name the schema but no database
    by_name = {mart.name: mart for mart in marts}
    # A table comes after those it refers to.
    for name in TopologicalSorter({mart.name: mart.references - {mart.name} for mart in marts}).static_order():
        mart, table = by_name[name], f"marts.{quoted_name(name)}"
        connection.execute(mart.ddl if mart.rows <= KEYED_ROWS else _without_key(mart.ddl))
        keys = ", ".join(map(quoted_name, mart.key))
        connection.execute(f"INSERT INTO {table} SELECT * FROM build.{table} ORDER BY {keys}")
        if mart.description:
            connection.execute(f"COMMENT ON TABLE {table} IS {quoted_text(mart.description)}")
        for column in mart.columns:
            if column.description:
                connection.execute(
                    f"COMMENT ON COLUMN {table}.{quoted_name(column.name)} IS {quoted_text(column.description)}"
                )
    connection.execute("CHECKPOINT publication")  # closing would checkpoint too, but hide a failure


def _without_key(ddl: str) -> str:
    return re.sub(r",\s*PRIMARY KEY\s*\([^)]*\)", "", ddl)


def verify_rows(database: Path, marts: list[Mart]) -> None:
    """Open the new database as a reader would and compare its row counts with the build's.

    Raises PublicationError naming the first table that differs.
    """
    with duckdb.connect(str(database), read_only=True) as connection:
        for mart in marts:
            [(found,)] = connection.execute(f"SELECT count(*) FROM marts.{quoted_name(mart.name)}").fetchall()
            if found != mart.rows:
                raise PublicationError(
                    f"{database}: marts.{mart.name} has {found:,} rows, but the build has {mart.rows:,}. Publish again."
                )
