"""The page docs/reliability.md: the faults, what must follow, and what the tests of faults observed.

Belongs here: the text of the page. The tests are tests/orchestration/test_faults_*.py.
"""

import os
from dataclasses import dataclass, field
from datetime import date

from tests.conftest import ROOT

TORTURE = int(
    os.environ.get("MISSIONS_TORTURE") or 0
)  # how many whole runs to kill; the other faults are tried many more times too
PAGE = ROOT / "docs/reliability.md"

REFUSED = "rejected, naming file, line and column"
BY_SUM = "rejected, by the checksum where the layout finds nothing wrong"
OLD_STAYS = "the previous publication is unchanged; the next run needs no cleaning up"

# Each fault and what must follow. A rejected seed leaves the table of its last good load unchanged.
CASES = {
    "Seeds": {
        "bits flipped": BY_SUM,
        "file truncated anywhere": BY_SUM,
        "rows missing": BY_SUM,
        "a digit changed": BY_SUM,
        "two cells of a row swapped": BY_SUM,
        "two areas' rows swapped": BY_SUM,
        "a formula in a text cell": "rejected by the checksum; text in our own tables, made harmless in exports",
        "a formula in a number, date or area cell": REFUSED,
        "NaN or infinity": REFUSED,
        "a number too large": REFUSED,
        "an unknown area code": REFUSED,
        "an empty cell in a required column": REFUSED,
        "a period in the future": REFUSED,
        "a period that ends before it starts": REFUSED,
        "a duplicate key": "rejected, naming file and both lines",
        "too few or too many cells in a row": "rejected, naming file and line",
        "two columns swapped": "rejected, naming file, line and column",
        "a different encoding": "rejected, naming file and line",
        "a compressed file damaged": "rejected, naming file and reason",
        "the file missing, empty or a folder": "rejected, naming file and reason",
        "the list of checksums missing or truncated": "rejected, naming the file and how to fix it",
        "killed while new seeds replace the old": "no seed is rejected: both checksums are valid meanwhile",
    },
    "Kills": {
        "whole runs, SIGKILL at any moment": OLD_STAYS,
        "load and publish of a small project, SIGKILL at any moment": OLD_STAYS,
        "Ctrl-C in a run": "it ends at once, with one line; the previous publication is unchanged",
    },
    "Disk and files": {
        "disk full while loading and building": "a plain message; the previous publication is unchanged",
        "read-only folder": "a plain message; the publication can still be read",
        "build file damaged": "rebuilt",
        "published file damaged": "a plain message; the next run publishes again",
    },
    "Concurrent runs and readers": {
        "a second run": "rejected, naming the running process and when it started; the first continues",
        "a reader through twenty publications": "every query is answered, each from one complete publication",
    },
    "Environment": {
        "clock moved back": "published and made current; the previous one is kept",
        "path with spaces and non-ASCII letters, another locale and time zone": "the same figures, value for value",
        "an unexpected error": "one line without a traceback, and how to see more",
    },
}  # fmt: skip


INTRODUCTION = """
Faults injected into the project, the result expected and the result observed. `make torture` writes this page: it
runs `tests/orchestration/test_faults_*.py`, and tries each fault many more times than `make test` does. For what a
distributor may send instead of a file see [operations](operations.md); for attacks on the command and the exports see
[security](security.md).

A seed with a fault is rejected as a whole: the table of its last good load is unchanged, the run fails, and nothing
is published. The layout finds what breaks a rule: formats, codes, keys, periods, counts. It cannot find a plausible
wrong digit, a missing row or two areas' rows swapped. `seeds/SHA256SUMS` does, in every seed made from publishers'
files; after a deliberate change run `make docs`. The project's own tables are edited by hand and have no checksum:
git shows what changed in them.
"""


@dataclass
class Results:
    """What was observed, by fault, for the page."""

    seen: dict[str, str] = field(default_factory=dict)

    def page(self) -> str:
        lines = [
            "# Reliability",
            "",
            *INTRODUCTION.strip().splitlines(),
            "",
            f"Last run on {date.today():%d %B %Y}.",
        ]
        for group, cases in CASES.items():
            lines += ["", f"## {group}", "", "| Fault | Expected result | Observed result |", "| --- | --- | --- |"]
            lines += [f"| {case} | {expected} | {self.seen[case]} |" for case, expected in cases.items()]
        return "\n".join(lines) + "\n"


RESULTS = Results()
