"""The framework as its seed states it, so that no test states how many indicators there are."""

import csv

from tests.conftest import ROOT

with (ROOT / "seeds/framework/framework.csv").open(encoding="utf-8", newline="") as _file:
    _NODES = list(csv.DictReader(_file))

# Node ids, in the order of the file: leaves have no aggregation, missions are the children of the root.
INDICATORS = [node["node_id"] for node in _NODES if not node["aggregation"]]
MISSIONS = [node["node_id"] for node in _NODES if node["parent_id"] == "composite"]
AUTHORITIES = 317
CELLS = AUTHORITIES * len(INDICATORS)
