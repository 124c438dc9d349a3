"""The code location and its asset graph, resolved once for all tests of Dagster."""

from typing import Any

import dagster as dg
import pytest


@pytest.fixture(scope="session")
def defs() -> dg.Definitions:
    from orchestration.definitions import defs

    return defs


@pytest.fixture(scope="session")
def graph(defs: dg.Definitions) -> Any:
    return defs.resolve_asset_graph()
