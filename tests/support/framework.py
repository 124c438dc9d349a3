"""The framework as its seed states it, so that no test states how many indicators there are."""

import csv

from tests.conftest import ROOT

with (ROOT / "seeds/framework/second/framework.csv").open(encoding="utf-8", newline="") as _file:
    _NODES = list(csv.DictReader(_file))

# Node ids, in the order of the file: leaves have no aggregation, the root has missions below it, these themes.
INDICATORS = [node["node_id"] for node in _NODES if not node["aggregation"]]
MISSIONS = [node["node_id"] for node in _NODES if node["parent_id"] == "composite"]
THEMES = [node["node_id"] for node in _NODES if node["parent_id"] in MISSIONS]
AUTHORITIES = 317
CELLS = AUTHORITIES * len(INDICATORS)
