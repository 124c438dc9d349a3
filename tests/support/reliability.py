"""The cases of docs/reliability.md: what may happen, what must follow, and what the tests of faults saw.

Belongs here: the page. The tests that see are tests/orchestration/test_faults_*.py.
"""

import os
from dataclasses import dataclass, field
from datetime import date

from tests.conftest import ROOT

TORTURE = int(os.environ.get("MISSIONS_TORTURE") or 0)  # how many whole runs to kill, and many more tries of all else
PAGE = ROOT / "docs/reliability.md"

REFUSED = "refused with file, line and column"
BY_SUM = "refused, by the checksum where the rules of the layout see nothing"
OLD_STAYS = "the last publication stays whole and in force; the next run needs no cleaning"

# What may happen, and what must follow. A seed that is refused leaves the table of its last good load as it was.
CASES = {
    "Seeds": {
        "a byte flipped": BY_SUM,
        "cut anywhere": BY_SUM,
        "rows lost": BY_SUM,
        "a digit changed": BY_SUM,
        "two cells of a row swapped": BY_SUM,
        "two areas' rows swapped": BY_SUM,
        "a formula in a text": "refused by the checksum; in the project's own tables taken as text, guarded in exports",
        "a formula in a number, date or area": REFUSED,
        "NaN or infinity": REFUSED,
        "a number too large": REFUSED,
        "an unknown area code": REFUSED,
        "an empty cell where one must be filled": REFUSED,
        "a period in the future": REFUSED,
        "a period turned round": REFUSED,
        "a key twice": "refused with file and both lines",
        "a cell too few or too many": "refused with file and line",
        "two columns swapped": "refused with file, line and column",
        "another encoding": "refused with file and line",
        "the packed file damaged": "refused with file and reason",
        "the file gone, empty or a folder": "refused with file and reason",
        "the list of checksums gone or cut": "refused with file and remedy",
        "new seeds killed while they take their places": "no seed is refused: old and new are known until all are in",
    },
    "Kills": {
        "whole runs, SIGKILL at any moment": OLD_STAYS,
        "load and publish of a small project, SIGKILL at any moment": OLD_STAYS,
        "Ctrl-C in a run": "it ends at once, with one line; the last publication stays whole and in force",
    },
    "Disk and files": {
        "disk full while loading and building": "a plain message; the last publication stays whole and in force",
        "folder read-only": "a plain message; the publication can still be read",
        "build file damaged": "built anew",
        "published file damaged": "a plain message; the next run publishes again",
    },
    "Two at once, and readers": {
        "a second run": "turned away with who runs and since when; the first goes on",
        "a reader through twenty publications": "each answer is of one whole publication, and none is refused",
    },
    "Surroundings": {
        "clock moved back": "published and put in force; the last one is kept",
        "path with spaces and other letters, other locale and timezone": "the same figures, value for value",
        "a failure that nobody foresaw": "one line without a traceback, and how to see more",
    },
}  # fmt: skip


INTRODUCTION = """
What was done to the project, what must follow, and what was seen. Made by `make torture`, which runs
`tests/orchestration/test_faults_*.py` with many more tries than `make test` does; a test holds the cases of this page
against those of the suite. What a distributor may send instead of a file stands in [operations](operations.md); what
the command and the exports are safe from, in [security](security.md).

A seed is refused as a whole: the table of its last good load stays, the run fails, and nothing is published. Its
layout sees what breaks a rule: forms, codes, keys, periods, counts. It cannot see a plausible wrong digit, a row
less, or two areas' rows swapped. `seeds/SHA256SUMS` does, in every seed that is made from publishers' files; `make
docs` records a change made on purpose. The project's own tables are edited by hand and have no checksum: git shows
what changed in them.
"""


@dataclass
class Results:
    """What was seen, case by case, for the page."""

    seen: dict[str, str] = field(default_factory=dict)

    def page(self) -> str:
        lines = [
            "# Reliability",
            "",
            *INTRODUCTION.strip().splitlines(),
            "",
            f"Last made on {date.today():%d %B %Y}.",
        ]
        for group, cases in CASES.items():
            lines += ["", f"## {group}", "", "| Case | Expected | Seen |", "| --- | --- | --- |"]
            lines += [f"| {case} | {expected} | {self.seen[case]} |" for case, expected in cases.items()]
        return "\n".join(lines) + "\n"


RESULTS = Results()
