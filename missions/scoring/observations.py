"""Read and check the observations of a user's index, in the long form or the wide.

Belongs here: the values. There may be millions, so DuckDB reads a file in the long form and only finds out whether
there is a fault; if so, Python reads the file again, slowly, to name the first faulty cell.
"""

import csv
import glob
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from missions.csv_rules import as_number, named_sql, nearest, number_misfit, number_sql, read_csv, shown
from missions.errors import ScoreError
from missions.scoring.framework import Node
from missions.scoring.user_file import UserFile
from missions.sql import quoted_name

_KEYS = ("unit_id", "node_id")
_NUMBERS = ("value", "lower_95", "upper_95")
_LONG = (*_KEYS, "period", *_NUMBERS)


def load_observations(connection: duckdb.DuckDBPyConnection, path: Path, nodes: Mapping[str, Node]) -> None:
    """Create the table `observed`: unit_id, node_id, period ('' without such a column) and value, each cell once.

    The connection has the tables `given_unit` and `leaf`. Raises ScoreError for the first fault.
    """
    form = "; a row must be one unit and one leaf of the framework, or one unit with a column named after each leaf"
    file = UserFile.at(path, (*_KEYS, "value"), ("lower_95", "upper_95", "period"), form)
    data = file.data()
    text = data[:1_000_000].decode("utf-8-sig", "replace")
    leaves = [node.node_id for node in nodes.values() if node.aggregation is None]
    header = file.header(text)
    is_wide = not {"node_id", "value"} & set(header) and "unit_id" in header and bool(set(leaves) & set(header))
    if is_wide:
        file = UserFile.at(path, ("unit_id",), ("period", *leaves))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "observations.csv"
        if is_wide or not _is_read(connection, file, data, file.columns(text), copy):
            del data
            units = {unit_id for (unit_id,) in connection.execute("SELECT unit_id FROM given_unit").fetchall()}
            with copy.open("w", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
                writer.writerow(_LONG)
                writer.writerows(_checked(file, units, nodes, leaves if is_wide else ()))
            _read(connection, copy, _LONG)
    connection.execute(
        """
        CREATE TABLE observed AS
        SELECT unit_id, leaf.node_id, period, value
        FROM observation JOIN leaf USING (node_number)
        WHERE value IS NOT NULL
        ORDER BY period, node_number, unit_id;
        DROP TABLE observation;
        """
    )


def _is_read(
    connection: duckdb.DuckDBPyConnection, file: UserFile, data: bytes, header: Sequence[str], copy: Path
) -> bool:
    """Whether DuckDB read the file in the long form, without a fault, into the table `observation`."""
    path = file.path
    if b"\r" in data:  # DuckDB does not read a file with mixed line endings
        path = copy
        path.write_bytes(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    try:
        _read(connection, path, [name or f"column {place}" for place, name in enumerate(header)])
        [(rows, faults, cells)] = connection.execute(
            """
            SELECT count(*), count(*) FILTER (WHERE is_wrong), count(DISTINCT (node_number, unit_id, period))
            FROM observation
            """
        ).fetchall()
    except duckdb.Error:  # Python's reader knows what is wrong, or reads what DuckDB cannot
        return False
    return bool(rows) and not faults and cells == rows


def _read(connection: duckdb.DuckDBPyConnection, path: Path, header: Sequence[str]) -> None:
    """Create the table `observation` with every row that is not empty, and whether it is wrong."""
    text = {name: named_sql(f"text.{quoted_name(name)}") for name in header}
    numbers = {name: number_sql(text[name]) for name in _NUMBERS if name in header}
    unnamed = [name for name in header if name.startswith("column ")]
    is_wrong = [f"{text[name]} IS NOT NULL AND {number} IS NULL" for name, number in numbers.items()]
    is_wrong += [f"{text[name]} IS NOT NULL" for name in unnamed]
    limits = [(name, sign) for name, sign in (("lower_95", ">"), ("upper_95", "<")) if name in numbers]
    is_wrong += [f"coalesce({numbers[name]} {sign} {numbers['value']}, false)" for name, sign in limits]
    is_wrong += ["given_unit.unit_id IS NULL", "leaf.node_id IS NULL"]
    period = f"coalesce({text['period']}, '')" if "period" in header else "''"
    # The rewritten file has a period in every row or in none.
    is_wrong += [f"{text['period']} IS NULL"] if "period" in header and header is not _LONG else []
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE observation AS
        SELECT given_unit.unit_id, node_number, {period} AS period, {numbers["value"]} AS value,
            {" OR ".join(is_wrong)} AS is_wrong
        FROM {read_csv(header)} AS text
        LEFT JOIN given_unit ON {text["unit_id"]} = given_unit.unit_id
        LEFT JOIN leaf ON {text["node_id"]} = leaf.node_id
        WHERE coalesce({", ".join(text.values())}) IS NOT NULL
        """,
        {"path": glob.escape(str(path))},
    )


def _cells(file: UserFile, leaves: Sequence[str]) -> Iterator[tuple[int, dict[str, str], str]]:
    """Every cell as a row of the long form, with its line and the column of its value; `leaves` for the wide form."""
    for line, row in file.rows():
        if not leaves:
            yield line, row, "value"
        for leaf in leaves:
            if leaf in row:
                keys = {name: row[name] for name in ("unit_id", "period") if name in row}
                yield line, keys | {"node_id": leaf, "value": row[leaf]}, leaf


def _checked(
    file: UserFile, units: set[str], nodes: Mapping[str, Node], leaves: Sequence[str]
) -> Iterator[tuple[str, ...]]:
    """The cells in the long form, checked one by one. Raises ScoreError for the first fault."""
    lines: dict[tuple[str, str, str], int] = {}
    for line, row, column in _cells(file, leaves):
        unit_id, node_id, period = row["unit_id"], row["node_id"], row.get("period", "")
        if unit_id not in units:
            problem = f"unknown unit {shown(unit_id)}{nearest(unit_id, units)}; add it to the file of units"
            raise file.fault(problem, line, "unit_id")
        if node_id not in nodes:
            problem = f"unknown node {shown(node_id)}{nearest(node_id, nodes)}; add it to the framework"
            raise file.fault(problem, line, "node_id")
        if nodes[node_id].aggregation:
            problem = f"{shown(node_id)} is scored from its children; only leaves have values"
            raise file.fault(problem, line, "node_id")
        if "period" in row and not period:
            raise file.fault("row without a period", line, "period")
        if first := lines.get((unit_id, node_id, period)):
            raise _duplicate(file, row, line, first)
        lines[unit_id, node_id, period] = line
        _check_numbers(file, row, line, column)
        yield unit_id, node_id, period, *(row.get(name, "") for name in _NUMBERS)


def _duplicate(file: UserFile, row: Mapping[str, str], line: int, first: int) -> ScoreError:
    of = f" in period {shown(row['period'])}" if "period" in row else ""
    hint = "" if "period" in row else "; for values of several periods, add a column period"
    problem = f"duplicate value of {shown(row['node_id'])} for unit {shown(row['unit_id'])}{of} (first on line {first})"
    return ScoreError(file.name, problem + hint, line)


def _check_numbers(file: UserFile, row: Mapping[str, str], line: int, column: str) -> None:
    numbers = {name: as_number(row[name]) for name in _NUMBERS if row.get(name)}
    for name, number in numbers.items():
        if number is None:
            raise file.fault(number_misfit(row[name]), line, column if name == "value" else name)
    value = numbers.get("value")
    for name, word in (("lower_95", "above"), ("upper_95", "below")):
        limit = numbers.get(name)
        if value is not None and limit is not None and (limit > value if word == "above" else limit < value):
            raise file.fault(f"{name} ({row[name]}) is {word} the value ({row['value']})", line, name)
