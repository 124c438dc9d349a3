"""Shared by the tests of Dagster and of faults: the code location, its graph, the page of faults, and a refresh."""

from collections.abc import Callable
from typing import Any

import dagster as dg
import pytest

from tests.support.refreshing import place, server, template
from tests.support.reliability import CASES, RESULTS

__all__ = ["place", "server", "template"]


@pytest.fixture(scope="session")
def defs() -> dg.Definitions:
    from orchestration.definitions import defs

    return defs


@pytest.fixture(scope="session")
def graph(defs: dg.Definitions) -> Any:
    return defs.resolve_asset_graph()


@pytest.fixture
def seen() -> Callable[[str, str], None]:
    """Record the observed result of a fault, for docs/reliability.md."""
    known = {case for cases in CASES.values() for case in cases}

    def record(case: str, what: str) -> None:
        assert case in known, case
        RESULTS.seen[case] = what

    return record
