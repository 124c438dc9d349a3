"""A framework: its columns and methods, its rows with every cell checked, and the tree they form.

Belongs here: the definition of what a framework contains; a test compares dbt's tests and the registry's layout with
it. What can only be checked on scores (no spread, a zero under a geometric mean) is in score_files.py.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import duckdb
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import ErrorDetails

from missions.csv_rules import TYPES, as_number, misfit, nearest, number_misfit, shown
from missions.scoring.models import project_variables
from missions.scoring.parameters import checked_parameters
from missions.scoring.user_file import UserFile

# Those of the published frameworks first, then those that only a user's own framework has.
Treatment = Literal[
    "none",
    "winsorise_then_log",
    "winsorise_then_signed_log",
    "log",
    "winsorise",
    "cap",
    "ln",
    "square",
    "cube",
    "square_root",
    "reciprocal",
    "power",
]
Normalisation = Literal["z_score", "min_max", "rank", "percentile_rank", "exponential", "goalposts"]
Aggregation = Literal["arithmetic", "geometric", "harmonic"]
TREATMENTS: tuple[str, ...] = get_args(Treatment)
NORMALISATIONS: tuple[str, ...] = get_args(Normalisation)
AGGREGATIONS: tuple[str, ...] = get_args(Aggregation)
# The means that need positive numbers.
OF_POSITIVE = ("geometric", "harmonic")
_EXPECTED = {
    "weight": TYPES["number"].expected,
    "direction": "1 (a higher value scores higher) or -1",
    "treatment": f"one of {', '.join(TREATMENTS)}",
    "normalisation": f"one of {', '.join(NORMALISATIONS)} or an empty cell",
    "aggregation": f"one of {', '.join(AGGREGATIONS)} or, for a leaf, an empty cell",
    "least_share": "a share from 0 to 1",
}


class Node(BaseModel):
    """A checked row of a framework, with its line in the file.

    Made from the text of the cells; the validation context says whether the node `has_children`.
    """

    model_config = ConfigDict(frozen=True, validate_default=True)

    line: int = Field(exclude=True)
    node_id: str
    parent_id: str | None = None
    label: str
    weight: float
    direction: int
    treatment: Treatment = "none"
    normalisation: Normalisation | None = None
    normalisation_parameters: str | None = None
    aggregation: Aggregation | None = None
    least_share: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_empty_cells(cls, cells: Mapping[str, Any], info: ValidationInfo) -> dict[str, Any]:
        """Treat empty cells as missing, and fill in what this kind of node may leave out."""
        defaults: dict[str, Any] = {"label": cells["node_id"]}
        if not cells["parent_id"]:
            defaults["weight"] = "1"
        if _has_children(info):
            defaults["direction"] = "1"
        given = {name: cell for name, cell in cells.items() if cell and (name, cell) != ("normalisation", "none")}
        return defaults | given

    @field_validator("weight", mode="before")
    @classmethod
    def _is_no_negative_weight(cls, text: str) -> float:
        weight = as_number(text)
        if weight is None:
            raise ValueError(number_misfit(text, may_be_empty=False))
        if weight < 0:
            raise ValueError(f"negative weight {shown(text)}; to reverse a node, set its direction to -1")
        return weight

    @field_validator("direction", mode="before")
    @classmethod
    def _is_a_direction(cls, text: str) -> int:
        direction = as_number(text)
        if direction not in (1, -1):
            raise ValueError(misfit(text, _EXPECTED["direction"]))
        return int(direction)

    @field_validator("normalisation_parameters")
    @classmethod
    def _are_of_the_normalisation(cls, text: str | None, info: ValidationInfo) -> str | None:
        if "normalisation" not in info.data:  # which is reported instead
            return None
        given = checked_parameters(info.data.get("treatment", "none"), info.data["normalisation"], text or "")
        return json.dumps(given) if given else None

    @field_validator("aggregation")
    @classmethod
    def _is_of_children(cls, aggregation: str | None, info: ValidationInfo) -> str | None:
        name = shown(info.data["node_id"])
        if aggregation and not _has_children(info):
            raise ValueError(f"{name} has no children, so it cannot have an aggregation; leave the cell empty")
        if _has_children(info) and not aggregation:
            raise ValueError(f"{name} has children, so it needs an aggregation: {', '.join(AGGREGATIONS)}")
        return aggregation

    @field_validator("least_share", mode="before")
    @classmethod
    def _is_a_share_of_children(cls, text: str | None, info: ValidationInfo) -> float | None:
        if text is None:
            return None
        share = as_number(text)
        if share is None or not 0 <= share <= 1:
            raise ValueError(misfit(text, _EXPECTED["least_share"]))
        if not _has_children(info):
            raise ValueError("a leaf has no children, so it cannot have a least share; leave the cell empty")
        return share

    def parameter(self, name: str) -> Any:
        """A parameter of the node, or None."""
        return json.loads(self.normalisation_parameters or "{}").get(name)

    def unit_columns(self) -> tuple[str, ...]:
        """The columns of the file of units that the node's methods read."""
        weight = ("weight",) if self.parameter("weighted") else ()
        return weight + (("group",) if self.parameter("fill") else ())


_SQL_TYPES: dict[Any, str] = {float: "DOUBLE", float | None: "DOUBLE", int: "BIGINT"}
# The columns of the table of nodes and their SQL types.
COLUMNS = {
    name: _SQL_TYPES.get(field.annotation, "VARCHAR") for name, field in Node.model_fields.items() if not field.exclude
}
_OPTIONAL = ("label", "normalisation_parameters", "least_share")
_REQUIRED = tuple(name for name in COLUMNS if name not in _OPTIONAL)


# COINr's iMeta has no methods; this is what COINr itself does unless told otherwise.
_IMETA = {
    "Indicator": {"normalisation": "min_max", "normalisation_parameters": '{"lower": 0, "upper": 100}'},
    "Aggregate": {"aggregation": "arithmetic"},
}


def framework_file(path: Path) -> UserFile:
    """A framework file, or COINr's iMeta, with its required and optional columns."""
    own = UserFile.at(path, _REQUIRED, _OPTIONAL)
    data = own.data()
    if "Type" in own.header(data.decode("utf-8-sig")) and b"iCode" in data[:10_000]:
        return UserFile.at(path, ("node_id", "parent_id", "weight", "direction", "Type"), tuple(COLUMNS))
    return own


def _rows(file: UserFile) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of the file as rows of a framework: of COINr's iMeta, those that are indicators or aggregates."""
    for line, row in file.rows():
        if "Type" not in file.required:
            yield line, row
        elif methods := _IMETA.get(row["Type"]):
            parent = {"parent_id": "" if row["parent_id"] == "NA" else row["parent_id"]}
            empty = dict.fromkeys(("treatment", "normalisation", "aggregation"), "") | {"treatment": "none"}
            yield line, empty | methods | {name: cell for name, cell in row.items() if cell} | parent


def read_framework(file: UserFile) -> dict[str, Node]:
    """The nodes by id, sorted by id: one tree, checked.

    Raises ScoreError for the first fault.
    """
    rows: dict[str, tuple[int, dict[str, str]]] = {}
    for line, row in _rows(file):
        node_id = row["node_id"]
        if not node_id:
            raise file.fault("node without an id", line, "node_id")
        if node_id in rows:
            problem = f"duplicate node {shown(node_id)} (first on line {rows[node_id][0]})"
            raise file.fault(problem, line, "node_id")
        rows[node_id] = line, row
    parents = {row["parent_id"] for _, row in rows.values()}
    nodes = {node_id: _node(file, line, row, node_id in parents) for node_id, (line, row) in rows.items()}
    _check_root(file, nodes)
    _check_levels(file, nodes)
    _check_weights(file, nodes)
    return dict(sorted(nodes.items()))


def create_nodes(connection: duckdb.DuckDBPyConnection, nodes: Iterable[Mapping[str, Any]] = ()) -> None:
    """Create the table of nodes that the chain reads, with one row per mapping of columns to values."""
    rows = list(nodes)
    typed = ", ".join(f"unnest(CAST(${name} AS {type_}[])) AS {name}" for name, type_ in COLUMNS.items())
    connection.execute(
        f"CREATE TABLE stg_framework_nodes AS SELECT {typed}", {name: [row[name] for row in rows] for name in COLUMNS}
    )


def _has_children(info: ValidationInfo) -> bool:
    return bool(info.context and info.context["has_children"])


def _node(file: UserFile, line: int, row: Mapping[str, str], has_children: bool) -> Node:
    try:
        return Node.model_validate({**row, "line": line}, context={"has_children": has_children})
    except ValidationError as error:
        first = error.errors()[0]
        raise file.fault(_problem(first), line, str(first["loc"][0])) from None


def _problem(error: ErrorDetails) -> str:
    """The fault of a cell in plain words: a validator's message, or the values that are allowed."""
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    column = str(error["loc"][0])
    if error["type"] == "missing":
        return misfit("", _EXPECTED[column])
    words = {"treatment": TREATMENTS, "normalisation": NORMALISATIONS, "aggregation": AGGREGATIONS}[column]
    return misfit(error["input"], _EXPECTED[column], nearest(error["input"], words))


def _check_root(file: UserFile, nodes: Mapping[str, Node]) -> None:
    """Check that every parent is a node, and that at most one node, with children, has no parent."""
    root: Node | None = None
    for node in nodes.values():
        if node.parent_id is None:
            if root:
                raise file.fault(
                    f"second root {shown(node.node_id)} (the first, {shown(root.node_id)}, is on line {root.line}); "
                    "give it a parent",
                    node.line,
                    "parent_id",
                )
            root = node
        elif node.parent_id not in nodes:
            raise file.fault(
                f"the parent of {shown(node.node_id)} is not in the framework: {shown(node.parent_id)}"
                f"{nearest(node.parent_id, nodes)}; add it, or leave the cell empty for the root",
                node.line,
                "parent_id",
            )
    if root and not root.aggregation:
        raise file.fault(f"the root {shown(root.node_id)} has no children to score", root.line)


def _check_levels(file: UserFile, nodes: Mapping[str, Node]) -> None:
    """Check that every node leads to the root, within the number of levels that the models have."""
    levels = project_variables()["framework_levels"]
    for node in nodes.values():
        path = [node]
        while path[-1].parent_id is not None:
            path.append(nodes[path[-1].parent_id])
            if path[-1] in path[:-1]:
                cycle = path[path.index(path[-1]) :]
                ids = " under ".join(repr(part.node_id) for part in cycle)
                has_root = any(other.parent_id is None for other in nodes.values())
                none = "" if has_root else "; one node, the root, must have an empty parent_id"
                raise file.fault(f"cycle: {ids}{none}", cycle[0].line, "parent_id")
            if len(path) - 1 > levels:
                problem = f"{shown(node.node_id)} is more than {levels} levels below the root"
                raise file.fault(problem, node.line, "parent_id")


def _check_weights(file: UserFile, nodes: Mapping[str, Node]) -> None:
    """Check that the children of every node have a weight above zero between them."""
    heavy = {node.parent_id for node in nodes.values() if node.weight > 0}
    for node in nodes.values():
        if node.aggregation and node.node_id not in heavy:
            problem = f"the weights under {shown(node.node_id)} sum to zero"
            raise file.fault(f"{problem}; give one of its children a weight above 0", node.line)
