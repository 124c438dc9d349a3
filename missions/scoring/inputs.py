"""A user's three files, checked and loaded as the inputs of the chain.

Belongs here: what a file must hold, and saying in plain words which row does not. What only shows once values are
scored (no spread, a zero under a geometric mean) is in run.py.

Observations may have millions of rows: DuckDB reads them and only tells whether all is well. Where it is not, Python
reads the file again, slowly, to name the first row at fault.
"""

from __future__ import annotations

import csv
import difflib
import glob
import io
import json
import math
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from missions.errors import ScoreError

LEVELS = 6  # below the root, as dbt's variable framework_levels
TREATMENTS = ("none", "winsorise_then_log", "winsorise_then_signed_log", "log")
AGGREGATIONS = ("arithmetic", "geometric", "harmonic")
# Each normalisation with its parameters, and whether they must be given.
NORMALISATIONS: dict[str, dict[str, bool]] = {
    "z_score": {},
    "min_max": {"lower": False, "upper": False},
    "rank": {},
    "percentile_rank": {},
    "exponential": {"steepness": False},
    "goalposts": {"lower": True, "upper": True, "scale": False},
}
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True)
class UserFile:
    """A file of the user's, with the columns that it must have and those that it may have."""

    path: Path
    required: tuple[str, ...]
    optional: tuple[str, ...]

    def fault(self, problem: str, line: int | None = None, column: str | None = None) -> ScoreError:
        """The error that says so of a place in this file."""
        place = f"{self.path}" + (f", line {line}" if line else "") + (f", column {column}" if column else "")
        return ScoreError(f"{place}: {problem}")


@dataclass(frozen=True)
class Node:
    """A node of a framework that was found good, and its line in the file."""

    line: int
    node_id: str
    parent_id: str | None
    label: str
    weight: float
    direction: int
    treatment: str
    normalisation: str | None
    normalisation_parameters: str | None
    aggregation: str | None
    least_share: float | None


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
    tree = UserFile(
        framework,
        ("node_id", "parent_id", "weight", "direction", "treatment", "normalisation", "aggregation"),
        ("normalisation_parameters", "label", "least_share"),
    )
    nodes = _read_framework(tree)
    _store_framework(connection, nodes)
    count = _load_units(connection, UserFile(units, ("unit_id",), ("unit_name", "group", "in_reference_set")))
    values = UserFile(observations, ("unit_id", "node_id", "value"), ("lower_95", "upper_95"))
    _load_observations(connection, values, nodes)
    notes = [
        f"{tree.path}, line {node.line}: the treatment {node.treatment} of {_shown(node.node_id)} has no effect, as it "
        "has no values but those of its children"
        for node in nodes.values()
        if node.aggregation and node.treatment != "none"
    ]
    return Inputs(tree, count, nodes, tuple(notes))


# --- Any file -------------------------------------------------------------------------------------------------------


def _data(file: UserFile) -> bytes:
    """The file's bytes, which are UTF-8 text."""
    if file.path.exists() and not file.path.is_file():
        raise file.fault("this is no file that can be read more than once; save it as a CSV file first")
    try:
        data = file.path.read_bytes()
    except OSError as error:
        raise file.fault(f"the file cannot be read ({error.strerror})") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise file.fault("the file is UTF-16 text; save it as CSV in UTF-8")
    if b"\0" in data:
        raise file.fault("the file is not text (it has a byte 0); save it as CSV in UTF-8")
    if not data.strip():
        raise file.fault(f"the file is empty; its first line must name the columns {', '.join(file.required)}")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise file.fault(
            f"byte 0x{data[error.start]:02x} is not UTF-8 text; save the file as CSV in UTF-8", line
        ) from None
    return data


def _header(file: UserFile, data: bytes) -> list[str]:
    """The names of the columns, none twice. Unknown ones may stand beside the others, but none that seems misspelt."""
    first_line = data.splitlines()[0] if len(data) < 10_000 else data[:10_000].splitlines()[0]
    names = [name.strip() for name in next(csv.reader([first_line.decode("utf-8-sig", "replace")]), [])]
    known = (*file.required, *file.optional)
    missing = [name for name in file.required if name not in names]
    absent = [name for name in known if name not in names]
    strange = [name for name in names if name not in known and (missing or _nearest(name, absent))]
    twice = [name for position, name in enumerate(names) if name in names[:position]]
    problem = ""
    if missing and len(names) == 1 and (separator := re.search(r"[;\t|]", names[0])):
        problem = f"cells are set apart by {_shown(separator[0])}; they must be by commas"
    elif missing:
        problem = f"there is no column {' and no column '.join(missing)}"
        if strange:
            problem += f" (but one called {_shown(strange[0])})"
    elif strange:
        problem = f"there is no use for a column {_shown(strange[0])}{_nearest(strange[0], absent)}"
    elif twice:
        problem = f"there are two columns {_shown(twice[0])}"
    if problem:
        may = f" and may be {', '.join(file.optional)}" if file.optional else ""
        raise file.fault(f"{problem}; columns must be {', '.join(file.required)}{may}", 1)
    return names


def _rows(file: UserFile, data: bytes | None = None) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows with the lines on which they begin, cells by column; empty lines are passed over."""
    data = data or _data(file)
    names = _header(file, data)
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    line, rows = 1, 0
    try:
        next(reader)
        while True:
            line = reader.line_num + 1
            cells = next(reader, None)
            if cells is None:
                break
            if not cells:
                continue
            if len(cells) != len(names):
                hint = "; a cell that has commas must stand in quotation marks" if len(cells) > len(names) else ""
                raise file.fault(f"{len(cells)} cells where {len(names)} belong{hint}", line)
            rows += 1
            yield line, dict(zip(names, cells, strict=True))
    except csv.Error as error:
        raise file.fault(f"a quotation mark out of place ({error})", line) from None
    if not rows:
        raise file.fault("there are no rows below the names of the columns")


def _shown(value: object, longest: int = 60) -> str:
    """A value as an error shows it: in quotation marks, cut if it is long."""
    text = str(value)
    return "an empty cell" if text == "" else repr(text if len(text) <= longest else text[:longest] + "…")


def _nearest(value: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(value, known, n=1, cutoff=0.7)
    return f" (perhaps {near[0]!r} is meant)" if near else ""


def _as_number(text: str) -> float | None:
    """The number that a cell holds; None where it holds none that is finite."""
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    return number if math.isfinite(number) else None


def _not_a_number(text: str) -> str:
    hint = "; with a decimal point and nothing between thousands" if "," in text else ""
    return f"{_shown(text)} where a number such as 12.5 belongs{hint}"


# --- The framework --------------------------------------------------------------------------------------------------


def _read_framework(file: UserFile) -> dict[str, Node]:
    """The nodes by id, in the order of ids: one tree, in which every node has what it needs."""
    rows: dict[str, tuple[int, dict[str, str]]] = {}
    for line, row in _rows(file):
        node_id = row["node_id"]
        if not node_id:
            raise file.fault("an empty cell where the id of a node belongs", line, "node_id")
        if node_id in rows:
            raise file.fault(
                f"the node {_shown(node_id)} stands in line {rows[node_id][0]} already; a node has one row",
                line,
                "node_id",
            )
        rows[node_id] = line, row
    parents = {row["parent_id"] for _, row in rows.values()}
    nodes = {node_id: _node(file, line, row, node_id in parents) for node_id, (line, row) in rows.items()}
    _check_tree(file, nodes)
    return dict(sorted(nodes.items()))


def _node(file: UserFile, line: int, row: Mapping[str, str], has_children: bool) -> Node:
    """A row as a node, each cell checked by itself and against the others."""
    node_id, parent_id = row["node_id"], row["parent_id"] or None
    aggregation = row["aggregation"] or None
    _one_of(file, line, "aggregation", aggregation, AGGREGATIONS, " or nothing for a leaf")
    if aggregation and not has_children:
        raise file.fault(
            f"{_shown(node_id)} has no children to take the {aggregation} mean of; leave the cell of a leaf empty",
            line,
            "aggregation",
        )
    if has_children and not aggregation:
        raise file.fault(
            f"{_shown(node_id)} has children, so it needs one of {', '.join(AGGREGATIONS)}", line, "aggregation"
        )
    treatment = row["treatment"] or "none"
    _one_of(file, line, "treatment", treatment, TREATMENTS)
    normalisation = row["normalisation"] if row["normalisation"] != "none" else ""
    _one_of(file, line, "normalisation", normalisation or None, NORMALISATIONS, " or nothing")
    return Node(
        line,
        node_id,
        parent_id,
        row.get("label") or node_id,
        _weight(file, line, row["weight"], parent_id is None),
        _direction(file, line, row["direction"], has_children),
        treatment,
        normalisation or None,
        _parameters(file, line, normalisation, row.get("normalisation_parameters", "")),
        aggregation,
        _least_share(file, line, row.get("least_share", ""), has_children),
    )


def _one_of(file: UserFile, line: int, column: str, word: str | None, words: Collection[str], more: str = "") -> None:
    if word is not None and word not in words:
        belongs = f"one of {', '.join(words)}{more} belongs"
        raise file.fault(f"{_shown(word)} where {belongs}{_nearest(word, words)}", line, column)


def _weight(file: UserFile, line: int, text: str, is_root: bool) -> float:
    if is_root and not text:
        return 1.0
    weight = _as_number(text)
    if weight is None:
        raise file.fault(_not_a_number(text), line, "weight")
    if weight < 0:
        raise file.fault(
            f"{_shown(text)} is a negative weight; to turn a node round, set its direction to -1", line, "weight"
        )
    return weight


def _direction(file: UserFile, line: int, text: str, has_children: bool) -> int:
    if has_children and not text:
        return 1
    direction = _as_number(text)
    if direction not in (1, -1):
        raise file.fault(f"{_shown(text)} where 1 (a higher value scores higher) or -1 belongs", line, "direction")
    return int(direction)


def _least_share(file: UserFile, line: int, text: str, has_children: bool) -> float | None:
    if not text:
        return None
    share = _as_number(text)
    if share is None or not 0 <= share <= 1:
        raise file.fault(f"{_shown(text)} where a share from 0 to 1 belongs", line, "least_share")
    if not has_children:
        raise file.fault("a leaf has no children that could be missing; leave the cell empty", line, "least_share")
    return share


def _parameters(file: UserFile, line: int, normalisation: str, text: str) -> str | None:
    """The parameters as plain JSON, each of them known, a number and in its place."""

    def fault(problem: str) -> ScoreError:
        return file.fault(problem, line, "normalisation_parameters")

    def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise fault(f"{_shown(text)} names a parameter twice")
        return dict(pairs)

    try:
        given = json.loads(text, object_pairs_hook=once) if text.strip() else {}
    except (json.JSONDecodeError, RecursionError) as error:
        raise fault(f'{_shown(text)} is no JSON such as {{"lower": 0, "upper": 100}} ({error})') from None
    if not isinstance(given, dict):
        raise fault(f'{_shown(text)} is no JSON object such as {{"lower": 0, "upper": 100}}')
    known = NORMALISATIONS.get(normalisation, {})
    for name, value in given.items():
        if name not in known:
            of = (
                f"{normalisation} has {', '.join(known) or 'no parameters'}"
                if normalisation
                else "there is no normalisation"
            )
            raise fault(f"a parameter {_shown(name)}, but {of}")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not abs(value) < 1e300:  # a comparison that NaN fails too
            raise fault(f"{name} is {json.dumps(value)} where a number belongs")
    missing = [name for name, is_needed in known.items() if is_needed and name not in given]
    if missing:
        raise fault(f"{normalisation} needs {' and '.join(missing)}")
    lower, upper = given.get("lower", 0), given.get("upper", 1)
    if not lower < upper:
        raise fault(
            f"lower is {lower} and upper {upper}, but lower must be below upper; direction -1 turns a scale round"
        )
    for name in ("scale", "steepness"):
        if not given.get(name, 1) > 0:
            raise fault(f"{name} is {given[name]}, but must be above 0")
    return json.dumps(given) if given else None


def _check_tree(file: UserFile, nodes: Mapping[str, Node]) -> None:
    """One root, from which every node is reached in at most so many steps, and weight wherever there are children."""
    root: Node | None = None
    for node in nodes.values():
        if node.parent_id is not None and node.parent_id not in nodes:
            raise file.fault(
                f"the parent of {_shown(node.node_id)}, {_shown(node.parent_id)}, is no node of the framework"
                f"{_nearest(node.parent_id, nodes)}; add it, or leave the cell of the root empty",
                node.line,
                "parent_id",
            )
        if node.parent_id is None and root is not None:
            raise file.fault(
                f"{_shown(node.node_id)} is a second root (the first is {_shown(root.node_id)} in line {root.line}); a "
                "framework has one, so give it a parent",
                node.line,
                "parent_id",
            )
        if node.parent_id is None:
            root = node
    for node in nodes.values():
        path = [node]
        while path[-1].parent_id is not None:
            path.append(nodes[path[-1].parent_id])
            if path[-1] in path[:-1]:
                cycle = path[path.index(path[-1]) :]
                ids = " under ".join(repr(part.node_id) for part in cycle)
                none = "" if root else "; there is no root, a node whose parent_id is empty"
                raise file.fault(f"a cycle: {ids}{none}", cycle[0].line, "parent_id")
            if len(path) - 1 > LEVELS:
                raise file.fault(
                    f"{_shown(node.node_id)} is more than {LEVELS} levels below the root", node.line, "parent_id"
                )
    for node in nodes.values():
        if not node.aggregation:
            continue
        if not any(child.weight > 0 for child in nodes.values() if child.parent_id == node.node_id):
            raise file.fault(
                f"the weights under {_shown(node.node_id)} sum to nothing; give one of its children a weight above 0",
                node.line,
            )
    if root and not root.aggregation:
        raise file.fault(f"{_shown(root.node_id)} is the root but has no children to score", root.line)


def _store_framework(connection: duckdb.DuckDBPyConnection, nodes: Mapping[str, Node]) -> None:
    columns = {
        "node_id": "VARCHAR",
        "parent_id": "VARCHAR",
        "label": "VARCHAR",
        "weight": "DOUBLE",
        "direction": "BIGINT",
        "treatment": "VARCHAR",
        "normalisation": "VARCHAR",
        "normalisation_parameters": "VARCHAR",
        "aggregation": "VARCHAR",
        "least_share": "DOUBLE",
    }
    typed = ", ".join(f"unnest(CAST(${name} AS {type_}[])) AS {name}" for name, type_ in columns.items())
    connection.execute(
        f"CREATE TABLE stg_framework_nodes AS SELECT {typed}",
        {name: [getattr(node, name) for node in nodes.values()] for name in columns},
    )
    connection.execute(
        """
        CREATE TABLE leaf AS
        SELECT CAST(row_number() OVER (ORDER BY node_id) AS INTEGER) AS node_number, node_id
        FROM stg_framework_nodes WHERE aggregation IS NULL ORDER BY node_id
        """
    )


# --- Units and observations -----------------------------------------------------------------------------------------


def _load_units(connection: duckdb.DuckDBPyConnection, file: UserFile) -> int:
    lines: dict[str, int] = {}
    in_reference_set: list[bool] = []
    for line, row in _rows(file):
        unit_id, truth = row["unit_id"], row.get("in_reference_set", "true")
        if not unit_id:
            raise file.fault("an empty cell where the id of a unit belongs", line, "unit_id")
        if unit_id in lines:
            raise file.fault(
                f"the unit {_shown(unit_id)} stands in line {lines[unit_id]} already; a unit has one row",
                line,
                "unit_id",
            )
        if truth.strip().lower() not in _TRUTHS:
            raise file.fault(f"{_shown(truth)} where true or false belongs", line, "in_reference_set")
        lines[unit_id] = line
        in_reference_set.append(_TRUTHS[truth.strip().lower()])
    if not any(in_reference_set):
        raise file.fault(
            "the reference set, over which means and ranges are taken, has no unit; say true for some",
            column="in_reference_set",
        )
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
    data = _data(file)
    header = _header(file, data)
    with tempfile.TemporaryDirectory() as folder:
        path = file.path
        if b"\r" in data:  # DuckDB does not read a file whose lines end now in one way and now in another
            path = Path(folder) / "observations.csv"
            path.write_bytes(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
        del data
        numbers = [name for name in ("value", "lower_95", "upper_95") if name in header]
        # The cast alone would take 1_000 and infinity.
        read = {
            name: f"CASE WHEN NOT contains(text.{name}, '_') THEN TRY_CAST(text.{name} AS DOUBLE) END"
            for name in numbers
        }
        is_wrong = [f"text.{name} IS NOT NULL AND NOT coalesce(isfinite({read[name]}), false)" for name in numbers]
        limits = [(name, sign) for name, sign in (("lower_95", ">"), ("upper_95", "<")) if name in header]
        is_wrong += [f"coalesce({read[name]} {sign} {read['value']}, false)" for name, sign in limits]
        try:
            connection.execute(
                f"""
                CREATE TABLE observation AS
                SELECT unit_number, node_number, {read["value"]} AS value, {" OR ".join(is_wrong)} AS is_wrong
                FROM read_csv(
                    $path, columns = {dict.fromkeys(header, "VARCHAR")}, auto_detect = false, header = true,
                    strict_mode = true, delim = ',', quote = '"', escape = '"', nullstr = ''
                ) AS text
                LEFT JOIN unit ON text.unit_id = unit.unit_id
                LEFT JOIN leaf ON text.node_id = leaf.node_id
                """,
                {"path": glob.escape(str(path))},
            )
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


def _name_the_first_fault(connection: duckdb.DuckDBPyConnection, file: UserFile, nodes: Mapping[str, Node]) -> None:
    """Go through the observations row by row, and raise ScoreError for the first at fault."""
    units = {unit_id for (unit_id,) in connection.execute("SELECT unit_id FROM unit").fetchall()}
    lines: dict[tuple[str, str], int] = {}
    for line, row in _rows(file):
        unit_id, node_id = row["unit_id"], row["node_id"]
        if unit_id not in units:
            raise file.fault(
                f"{_shown(unit_id)} is no unit of the file of units{_nearest(unit_id, units)}", line, "unit_id"
            )
        if node_id not in nodes:
            raise file.fault(
                f"{_shown(node_id)} is no node of the framework{_nearest(node_id, nodes)}", line, "node_id"
            )
        if nodes[node_id].aggregation:
            raise file.fault(
                f"{_shown(node_id)} has children, from which it is scored; only leaves are observed", line, "node_id"
            )
        if (unit_id, node_id) in lines:
            raise file.fault(
                f"unit {_shown(unit_id)} has a value for {_shown(node_id)} in line {lines[unit_id, node_id]} already",
                line,
            )
        lines[unit_id, node_id] = line
        numbers = {name: _as_number(row[name]) for name in ("value", "lower_95", "upper_95") if row.get(name)}
        for name, number in numbers.items():
            if number is None:
                raise file.fault(_not_a_number(row[name]), line, name)
        value = numbers.get("value")
        for name, word in (("lower_95", "above"), ("upper_95", "below")):
            limit = numbers.get(name)
            if value is not None and limit is not None and (limit > value if word == "above" else limit < value):
                raise file.fault(f"the limit {row[name]} is {word} the value {row['value']}", line, name)
