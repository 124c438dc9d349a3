"""A user's three files, checked and loaded as the inputs of the chain.

Belongs here: the units and the observations, which may have millions of rows: DuckDB reads those and only tells whether
all is well. Where it is not, Python reads the file again, slowly, to name the first row at fault.
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
    """What was loaded: the number of units, the nodes in the order of their ids, and what the user should know."""

    framework: UserFile
    units: int
    nodes: Mapping[str, Node]
    notes: tuple[str, ...]


def load_inputs(connection: duckdb.DuckDBPyConnection, units: Path, observations: Path, framework: Path) -> Inputs:
    """Make the tables that the chain reads, rows in an order that does not depend on the files'.

    Units get numbers, which are faster to join than texts; the table `unit` has their ids. Raises ScoreError for the
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
        f"{tree.path}, line {node.line}: the treatment {node.treatment} of {shown(node.node_id)} has no effect, as it "
        "has no values but those of its children"
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
            raise file.fault("an empty cell where the id of a unit belongs", line, "unit_id")
        if unit_id in lines:
            problem = f"the unit {shown(unit_id)} stands in line {lines[unit_id]} already; a unit has one row"
            raise file.fault(problem, line, "unit_id")
        truth = as_truth(cell)
        if truth is None:
            raise file.fault(misfit(cell, TYPES["boolean"].expected), line, "in_reference_set")
        lines[unit_id] = line
        in_reference_set.append(truth)
    if not any(in_reference_set):
        problem = "the reference set, over which means and ranges are taken, has no unit; say true for some"
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
        raise file.fault(f"{faults or rows - cells or 'no'} rows do not hold a unit, a leaf and a number")
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
    """Make the table `observation`: every row with its numbers of unit and leaf, null where there is none."""
    data = file.data()
    header = file.columns(data[:10_000].decode("utf-8-sig", "replace"))
    number = TYPES["number"]
    numbers = {name: f"TRY_CAST(text.{name} AS {number.sql})" for name in _NUMBERS if name in header}
    is_wrong = [f"text.{name} IS NOT NULL AND NOT {number.is_met_by(f'text.{name}', BLANKS)}" for name in numbers]
    limits = [(name, sign) for name, sign in (("lower_95", ">"), ("upper_95", "<")) if name in numbers]
    is_wrong += [f"coalesce({numbers[name]} {sign} {numbers['value']}, false)" for name, sign in limits]
    with tempfile.TemporaryDirectory() as folder:
        path = file.path
        if b"\r" in data:  # DuckDB does not read a file whose lines end now in one way and now in another
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
    """Go through the observations row by row, and raise ScoreError for the first at fault."""
    units = {unit_id for (unit_id,) in connection.execute("SELECT unit_id FROM unit").fetchall()}
    lines: dict[tuple[str, str], int] = {}
    for line, row in file.rows():
        unit_id, node_id = row["unit_id"], row["node_id"]
        if unit_id not in units:
            problem = f"{shown(unit_id)} is no unit of the file of units{nearest(unit_id, units)}"
            raise file.fault(problem, line, "unit_id")
        if node_id not in nodes:
            problem = f"{shown(node_id)} is no node of the framework{nearest(node_id, nodes)}"
            raise file.fault(problem, line, "node_id")
        if nodes[node_id].aggregation:
            problem = f"{shown(node_id)} has children, from which it is scored; only leaves are observed"
            raise file.fault(problem, line, "node_id")
        if (unit_id, node_id) in lines:
            first = lines[unit_id, node_id]
            raise file.fault(f"unit {shown(unit_id)} has a value for {shown(node_id)} in line {first} already", line)
        lines[unit_id, node_id] = line
        numbers = {name: as_number(row[name]) for name in _NUMBERS if row.get(name)}
        for name, number in numbers.items():
            if number is None:
                raise file.fault(misfit(row[name], TYPES["number"].expected), line, name)
        value = numbers.get("value")
        for name, word in (("lower_95", "above"), ("upper_95", "below")):
            limit = numbers.get(name)
            if value is not None and limit is not None and (limit > value if word == "above" else limit < value):
                raise file.fault(f"the limit {row[name]} is {word} the value {row['value']}", line, name)
