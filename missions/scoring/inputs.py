"""Check a user's three files and load them as the inputs of the chain.

Belongs here: the order of the files, the units, and the units of each period.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from missions.csv_rules import TYPES, as_number, as_truth, misfit, nearest, number_misfit, shown
from missions.errors import ScoreError
from missions.scoring.framework import Node, create_nodes, framework_file, read_framework
from missions.scoring.observations import load_observations
from missions.scoring.user_file import UserFile

ALL_PERIODS = "all"  # as a base: one yardstick from the values of every period


@dataclass(frozen=True)
class Inputs:
    """What was loaded: the number of units, the nodes sorted by id, the periods, and notes for the user.

    Each element of `runs` is a set of periods that are scored against one yardstick. Without a column for the period
    there is one period, ''.
    """

    framework: UserFile
    units: int
    nodes: Mapping[str, Node]
    runs: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]

    @property
    def unused_columns(self) -> set[str]:
        """The columns of the results that these files have no use for."""
        unused = {"period"} if self.runs == (("",),) else set()
        return unused if any(node.parameter("fill") for node in self.nodes.values()) else unused | {"is_filled"}


def load_inputs(
    connection: duckdb.DuckDBPyConnection, units: Path, observations: Path, framework: Path, base_period: str | None
) -> Inputs:
    """Create the tables `unit`, `leaf` and `observed`, with rows in an order that does not depend on the files.

    A row of `unit` is a unit in a period. Units get numbers, which are faster to join than text. Raises ScoreError for
    the first fault.
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
    file = UserFile.at(units, ("unit_id",), ("unit_name", "group", "weight", "in_reference_set"))
    count = _load_units(connection, file, nodes)
    load_observations(connection, observations, nodes)
    runs = _periods(connection, observations, base_period)
    notes = [
        f"{tree.path}, line {node.line}: the treatment {node.treatment} of {shown(node.node_id)} has no effect, "
        "because only leaves are treated"
        for node in nodes.values()
        if node.aggregation and node.treatment != "none"
    ]
    return Inputs(tree, count, nodes, runs, tuple(notes))


def select_periods(connection: duckdb.DuckDBPyConnection, periods: tuple[str, ...]) -> None:
    """Create the views that the chain reads, for some of the periods."""
    connection.execute(
        "CREATE OR REPLACE TABLE run_period AS SELECT unnest(CAST($periods AS VARCHAR[])) AS period",
        {"periods": list(periods)},
    )
    connection.execute(
        """
        CREATE OR REPLACE VIEW int_index_units AS
        SELECT unit_number AS unit_id, is_in_reference_set, weight, group_id
        FROM unit WHERE period IN (FROM run_period);
        CREATE OR REPLACE TABLE int_index_values AS
        SELECT unit_number AS unit_id, observed.node_id, observed.value
        FROM observed
        JOIN unit ON observed.unit_id = unit.unit_id AND observed.period = unit.period
        JOIN leaf USING (node_id)
        WHERE observed.period IN (FROM run_period)
        ORDER BY leaf.node_number, unit_number;
        """
    )


def _load_units(connection: duckdb.DuckDBPyConnection, file: UserFile, nodes: Mapping[str, Node]) -> int:
    """Create the table `given_unit`, one row per row of the file."""
    lines: dict[str, int] = {}
    columns: dict[str, list[object]] = {"in_reference_set": [], "weight": [], "group": []}
    needed = {name: node for node in nodes.values() for name in node.unit_columns()}
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
        for name in sorted(needed.keys() - row.keys()):
            problem = f"missing column {name}, which {shown(needed[name].node_id)} of the framework needs"
            raise file.fault(problem, 1)
        columns["in_reference_set"].append(truth)
        columns["weight"].append(_weight(file, line, row) if "weight" in needed else 1.0)
        columns["group"].append(row.get("group") or None)
    if not any(columns["in_reference_set"]):
        problem = "no unit is in the reference set, from which means and ranges are taken; set some to true"
        raise file.fault(problem, column="in_reference_set")
    connection.execute(
        """
        CREATE TABLE given_unit AS
        SELECT
            unnest(CAST($ids AS VARCHAR[])) AS unit_id,
            unnest(CAST($in_reference_set AS BOOLEAN[])) AS is_in_reference_set,
            unnest(CAST($weight AS DOUBLE[])) AS weight,
            unnest(CAST($group AS VARCHAR[])) AS group_id
        """,
        {"ids": list(lines), **columns},
    )
    return len(lines)


def _weight(file: UserFile, line: int, row: Mapping[str, str]) -> float:
    weight = as_number(row["weight"])
    if weight is None:
        raise file.fault(number_misfit(row["weight"], may_be_empty=False), line, "weight")
    if weight <= 0:
        raise file.fault(f"the weight of a unit must be above 0, found {shown(row['weight'])}", line, "weight")
    return weight


def _periods(connection: duckdb.DuckDBPyConnection, path: Path, base: str | None) -> tuple[tuple[str, ...], ...]:
    """Create the table `unit`, every unit in every period; return the periods that are scored together."""
    found = connection.execute("SELECT DISTINCT period FROM observed ORDER BY period").fetchall()
    periods = tuple(period for (period,) in found) or ("",)
    if base and periods == ("",):
        raise ScoreError(str(path), "there is no column period, so --base-period has nothing to choose from", 1)
    if base and base != ALL_PERIODS and base not in periods:
        problem = (
            f"no value is of the base period {shown(base)}{nearest(base, periods)}; use one of {', '.join(periods)}"
        )
        raise ScoreError(str(path), problem, column="period")
    connection.execute(
        """
        CREATE TABLE unit AS
        SELECT CAST(row_number() OVER (ORDER BY period, unit_id) AS INTEGER) AS unit_number, unit_id, period,
            is_in_reference_set AND ($base IS NULL OR $base IN (period, $all)) AS is_in_reference_set, weight, group_id
        FROM given_unit CROSS JOIN (SELECT unnest(CAST($periods AS VARCHAR[])) AS period)
        ORDER BY unit_number
        """,
        {"base": base, "all": ALL_PERIODS, "periods": list(periods)},
    )
    return (periods,) if base else tuple((period,) for period in periods)
