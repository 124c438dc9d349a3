"""docs/reliability.md lists the faults of the suite; `make torture` writes it from what the tests observed."""

import subprocess
from collections.abc import Callable

import pytest

from tests.support.reliability import CASES, PAGE, RESULTS, TORTURE

Missions = Callable[..., subprocess.CompletedProcess[str]]
Seen = Callable[[str, str], None]


@pytest.mark.skipif(TORTURE, reason="the page is being made")
def test_the_page_lists_the_faults_of_the_suite() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    listed = {case: expected for case, expected, _ in rows if case not in ("Fault", "---")}
    assert listed == {case: expected for cases in CASES.values() for case, expected in cases.items()}
    assert all(what.strip() for _, _, what in rows)


@pytest.mark.slow  # so that it runs last
@pytest.mark.skipif(not TORTURE, reason="`make torture` writes the page")
def test_every_fault_was_observed() -> None:
    lacking = [case for cases in CASES.values() for case in cases if case not in RESULTS.seen]
    assert lacking == []
    PAGE.write_text(RESULTS.page(), encoding="utf-8")
