"""A small index for a test: its three files, scored in this process, and its results read back.

Belongs here: what the tests of scoring share.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from missions.scoring.score_files import score_files

Frame = pd.DataFrame
FRAMEWORK = (
    *("node_id", "parent_id", "weight", "direction", "treatment", "normalisation", "normalisation_parameters"),
    *("aggregation", "label", "least_share"),
)


def node(node_id: str, parent_id: str = "", aggregation: str = "", **more: Any) -> dict[str, Any]:
    """A row of a framework: weight 1, direction 1 and no method other than those given."""
    parameters = more.pop("parameters", None)
    return {
        **dict.fromkeys(FRAMEWORK, ""),
        **{"node_id": node_id, "parent_id": parent_id, "aggregation": aggregation, "weight": 1, "direction": 1},
        **{"treatment": "none", "normalisation_parameters": json.dumps(parameters) if parameters else ""},
        **more,
    }


class Index:
    """A user's index in a folder, to be scored; `values` is wide, one row per unit and one column per leaf."""

    def __init__(self, folder: Path, values: Frame, nodes: list[dict[str, Any]], outside: tuple[str, ...] = ()) -> None:
        self.folder = folder
        units = pd.DataFrame({"unit_id": values.index, "unit_name": values.index})
        if outside:
            units["in_reference_set"] = [unit not in outside for unit in values.index]
        self.write("units", units)
        long = values.rename_axis("unit_id").reset_index().melt("unit_id", var_name="node_id", value_name="value")
        self.write("observations", long.dropna())
        self.write("framework", pd.DataFrame(nodes, columns=list(FRAMEWORK)))

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.csv"

    def write(self, name: str, table: Frame) -> None:
        table.to_csv(self.path(name), index=False)

    def run(self) -> "Index":
        score_files(self.path("units"), self.path("observations"), self.path("framework"), self.out)
        return self

    def result(self, name: str, value: str = "value") -> Frame:
        """A result as a wide table."""
        table = pd.read_csv(self.out / f"{name}.csv", dtype={"unit_id": str, "node_id": str})
        return table.pivot(index="unit_id", columns="node_id", values=value)
