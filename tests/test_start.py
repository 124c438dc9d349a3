"""What the command and the code location import: a library too many is what makes them start late, on any machine."""

import os
import subprocess
import sys
from pathlib import Path

LATE = {"altair", "dagster", "dbt", "jinja2", "numpy", "pandas", "pyarrow", "pydantic", "requests", "xlsxwriter"}
COMMAND = "from missions.cli import app; app({!r}, standalone_mode=False)"


def imported(code: str) -> set[str]:
    """The modules that a new process has imported at the end of some code."""
    told = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('modules', *sys.modules)"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(told.stdout.splitlines()[-1].split()[1:])


def test_the_help_needs_none_of_the_large_libraries() -> None:
    assert not imported(COMMAND.format(["--help"])) & LATE


def test_ranks_need_none_of_the_large_libraries(publication: Path) -> None:
    assert not imported(COMMAND.format(["--published", str(publication), "rank"])) & LATE


def test_the_code_location_only_describes(home: Path) -> None:
    """What makes the assets is imported when they are made."""
    del home  # where the code location looks
    assert not imported("import orchestration.definitions") & {"altair", "dbt.cli.main", "numpy", "pandas", "pyarrow"}
