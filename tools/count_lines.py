"""`python tools/count_lines.py [COMMIT]`: count the lines of a commit by concern, including blank ones.

Belongs here: what counts, and as what. Seeds, locks and generated pages do not.
"""

import re
import subprocess
import sys
from collections import Counter

# Data, lock files, pictures and the pages that `make docs`, `make bench` and `make torture` write.
NOT_COUNTED = re.compile(
    r"^seeds/|^requirements.*\.txt$|^LICENSE$|\.(json|svg|png)$"
    r"|^ATTRIBUTION\.md$|^docs/(SOURCES|PERFORMANCE|reliability)\.md$"
)
# The first match counts. Before missions/ existed, the library was in orchestration/.
CONCERNS = {
    "Code that a command writes": r"/_sources\.yml$|/sources_with_layout\.sql$|^orchestration/scoring/sql/",
    "Tests": r"^tests/",
    "Method: SQL": r"^dbt_project/.*\.sql$",
    "Method: YAML": r"^dbt_project/",
    "Site: templates, styles, scripts": r"/site/(templates|static)/",
    "Site: Python": r"^(missions|orchestration)/site/",
    "Scoring": r"^missions/(scoring/|csv_rules)|^orchestration/scoring/(__init__|chain|inputs|run|ship|what_if)",
    "Publication": r"^missions/publication/|^orchestration/(publish|scoring/)",
    "Command and reading": r"^missions/(cli|reading)/|^orchestration/cli/",
    "Sources": r"^missions/sources/|^orchestration/sources/(?!job)",
    "Dagster": r"^orchestration/(?!quoting)",
    "Shared by all": r"^missions/|^orchestration/quoting",
    "Tools and measurements": r"^(tools|bench)/|^docs/.*\.py$",
    "Docs": r"\.md$",
    "Settings and deployment": r"",
}


def count(commit: str) -> Counter[str]:
    """The number of lines of each concern in a commit."""
    listed = subprocess.run(
        ["git", "grep", "--count", "-I", "", commit], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    lines: Counter[str] = Counter()
    for line in listed:
        path, _, number = line.removeprefix(f"{commit}:").rpartition(":")
        if not NOT_COUNTED.search(path):
            lines[next(name for name, pattern in CONCERNS.items() if re.search(pattern, path))] += int(number)
    return lines


def main(commit: str = "HEAD") -> None:
    lines = count(commit)
    print(f"| Concern | Lines in {commit} |\n| --- | ---: |")
    for concern in CONCERNS:
        print(f"| {concern} | {lines[concern]:,} |")
    by_hand = lines.total() - lines["Code that a command writes"]
    print(f"| All | {lines.total():,} |\n| All by hand | {by_hand:,} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
