"""Check a user's three files and load them as the inputs of the chain.

Belongs here: units and observations. Observations may have millions of rows, so DuckDB reads them and only finds out
whether there is a fault; if so, Python reads the file again, slowly, to name the first faulty row.
"""

import glob
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from missions.csv_rules import BLANKS, TYPES, as_number, as_truth, misfit, nearest, read_csv, shown
from missions.scoring.framework import Node, create_nodes, framework_file, read_framework
from missions.scoring.user_file import UserFile

_NUMBERS = ("value", "lower_95", "upper_95")


@dataclass(frozen=True)
class Inputs:
    """What was loaded: the number of units, the nodes sorted by id, and notes for the user."""

    framework: UserFile
    units: int
    nodes: Mapping[str, Node]
    notes: tuple[str, ...]


def load_inputs(connection: duckdb.DuckDBPyConnection, units: Path, observations: Path, framework: Path) -> Inputs:
    """Create the tables that the chain reads, with rows in an order that does not depend on the files.

    Units get numbers, which are faster to join than text; the table `unit` has their ids. Raises ScoreError for the
    first fault.
    """
    tree = framework_file(framework)
    nodes = read_framework(tree)
    create_nodes(connection, [node.model_dump() for node in nodes.values()])
    connection.execute(
        """
        CREATE TABLE leaf AS
        SELECT CAST(row_number() OVER (ORDER BY node_id) AS INTEGER) AS node_number, node_id
        FROM stg_framework_nodes WHERE aggregation IS NULL ORDER BY node_id
        """
    )
    count = _load_units(connection, UserFile.at(units, ("unit_id",), ("unit_name", "group", "in_reference_set")))
    values = UserFile.at(observations, ("unit_id", "node_id", "value"), ("lower_95", "upper_95"))
    _load_observations(connection, values, nodes)
    notes = [
        f"{tree.path}, line {node.line}: the treatment {node.treatment} of {shown(node.node_id)} has no effect, "
        "because only leaves are treated"
        for node in nodes.values()
        if node.aggregation and node.treatment != "none"
    ]
    return Inputs(tree, count, nodes, tuple(notes))


def _load_units(connection: duckdb.DuckDBPyConnection, file: UserFile) -> int:
    lines: dict[str, int] = {}
    in_reference_set: list[bool] = []
    for line, row in file.rows():
        unit_id, cell = row["unit_id"], row.get("in_reference_set", "true")
        if not unit_id:
            raise file.fault("unit without an id", line, "unit_id")
        if unit_id in lines:
            problem = f"duplicate unit {shown(unit_id)} (first on line {lines[unit_id]})"
            raise file.fault(problem, line, "unit_id")
        truth = as_truth(cell)
        if truth is None:
            raise file.fault(misfit(cell, TYPES["boolean"].expected), line, "in_reference_set")
        lines[unit_id] = line
        in_reference_set.append(truth)
    if not any(in_reference_set):
        problem = "no unit is in the reference set, from which means and ranges are taken; set some to true"
        raise file.fault(problem, column="in_reference_set")
    connection.execute(
        """
        CREATE TABLE unit AS
        SELECT CAST(row_number() OVER (ORDER BY unit_id) AS INTEGER) AS unit_number, unit_id, is_in_reference_set
        FROM (
            SELECT unnest(CAST($ids AS VARCHAR[])) AS unit_id, unnest(CAST($truths AS BOOLEAN[])) AS is_in_reference_set
        )
        ORDER BY unit_number
        """,
        {"ids": list(lines), "truths": in_reference_set},
    )
    connection.execute("CREATE VIEW int_index_units AS SELECT unit_number AS unit_id, is_in_reference_set FROM unit")
    return len(lines)


def _load_observations(connection: duckdb.DuckDBPyConnection, file: UserFile, nodes: Mapping[str, Node]) -> None:
    try:
        _read_observations(connection, file)
        [(rows, faults, cells)] = connection.execute(
            """
            SELECT
                count(*),
                count(*) FILTER (WHERE is_wrong OR unit_number IS NULL OR node_number IS NULL),
                count(DISTINCT CAST(node_number AS BIGINT) << 32 | unit_number)
            FROM observation
            """
        ).fetchall()
    except duckdb.Error as error:
        _name_the_first_fault(connection, file, nodes)
        raise file.fault(f"the file cannot be read ({str(error).splitlines()[0]})") from error
    if faults or cells < rows or not rows:
        _name_the_first_fault(connection, file, nodes)
        raise file.fault(f"{faults or rows - cells or 'no'} rows lack a unit, a leaf or a number")
    connection.execute(
        """
        CREATE TABLE int_index_values AS
        SELECT unit_number AS unit_id, node_id, value
        FROM observation JOIN leaf USING (node_number)
        WHERE value IS NOT NULL
        ORDER BY node_number, unit_number;
        DROP TABLE observation;
        """
    )


def _read_observations(connection: duckdb.DuckDBPyConnection, file: UserFile) -> None:
    """Create the table `observation`: every row with the numbers of its unit and leaf, null if unknown."""
    data = file.data()
    header = file.columns(data[:10_000].decode("utf-8-sig", "replace"))
    number = TYPES["number"]
    numbers = {name: f"TRY_CAST(text.{name} AS {number.sql})" for name in _NUMBERS if name in header}
    is_wrong = [f"text.{name} IS NOT NULL AND NOT {number.is_met_by(f'text.{name}', BLANKS)}" for name in numbers]
    limits = [(name, sign) for name, sign in (("lower_95", ">"), ("upper_95", "<")) if name in numbers]
    is_wrong += [f"coalesce({numbers[name]} {sign} {numbers['value']}, false)" for name, sign in limits]
    with tempfile.TemporaryDirectory() as folder:
        path = file.path
        if b"\r" in data:  # DuckDB does not read a file with mixed line endings
            path = Path(folder) / "observations.csv"
            path.write_bytes(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
        del data
        connection.execute(
            f"""
            CREATE TABLE observation AS
            SELECT unit_number, node_number, {numbers["value"]} AS value, {" OR ".join(is_wrong)} AS is_wrong
            FROM {read_csv(header)} AS text
            LEFT JOIN unit ON text.unit_id = unit.unit_id
            LEFT JOIN leaf ON text.node_id = leaf.node_id
            """,
            {"path": glob.escape(str(path))},
        )


def _name_the_first_fault(connection: duckdb.DuckDBPyConnection, file: UserFile, nodes: Mapping[str, Node]) -> None:
    """Check the observations row by row, and raise ScoreError for the first fault."""
    units = {unit_id for (unit_id,) in connection.execute("SELECT unit_id FROM unit").fetchall()}
    lines: dict[tuple[str, str], int] = {}
    for line, row in file.rows():
        unit_id, node_id = row["unit_id"], row["node_id"]
        if unit_id not in units:
            problem = f"unknown unit {shown(unit_id)}{nearest(unit_id, units)}; add it to the file of units"
            raise file.fault(problem, line, "unit_id")
        if node_id not in nodes:
            problem = f"unknown node {shown(node_id)}{nearest(node_id, nodes)}; add it to the framework"
            raise file.fault(problem, line, "node_id")
        if nodes[node_id].aggregation:
            problem = f"{shown(node_id)} is scored from its children; only leaves have values"
            raise file.fault(problem, line, "node_id")
        if (unit_id, node_id) in lines:
            first = lines[unit_id, node_id]
            raise file.fault(
                f"duplicate value of {shown(node_id)} for unit {shown(unit_id)} (first on line {first})", line
            )
        lines[unit_id, node_id] = line
        numbers = {name: as_number(row[name]) for name in _NUMBERS if row.get(name)}
        for name, number in numbers.items():
            if number is None:
                raise file.fault(misfit(row[name], TYPES["number"].expected), line, name)
        value = numbers.get("value")
        for name, word in (("lower_95", "above"), ("upper_95", "below")):
            limit = numbers.get(name)
            if value is not None and limit is not None and (limit > value if word == "above" else limit < value):
                raise file.fault(f"{name} ({row[name]}) is {word} the value ({row['value']})", line, name)
