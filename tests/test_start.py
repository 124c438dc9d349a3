"""How things start: what the command and the code location import, and how they are installed.

A library too many makes them start late on any machine, so tests count libraries and not seconds.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

LATE = {"altair", "dagster", "dbt", "jinja2", "numpy", "pandas", "pyarrow", "pydantic", "requests", "xlsxwriter"}
COMMAND = "from missions.cli import app; app({!r}, standalone_mode=False)"


def imported(code: str) -> set[str]:
    """The modules that a new process has imported at the end of some code."""
    told = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('modules', *sys.modules)"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
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
    from orchestration.dbt import fresh_manifest

    assert fresh_manifest().is_relative_to(home)  # without one, dbt is imported to make it
    assert not imported("import orchestration.definitions") & {"altair", "dbt.cli.main", "numpy", "pandas", "pyarrow"}


@pytest.mark.parametrize(
    ("uv", "installer"),
    [("/tools/uv", "VIRTUAL_ENV=.venv UV_COMPILE_BYTECODE=1 /tools/uv pip "), ("", ".venv/bin/python -m pip ")],
)
def test_packages_are_installed_by_uv_or_pip_from_the_same_locked_file(uv: str, installer: str, tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    told = subprocess.run(
        ["make", "--dry-run", ".venv/installed", f"UV={uv}"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    installing = [line for line in told.splitlines() if installer in line]
    assert len(installing) == told.count(" install ") == 2
    assert "--require-hashes -r requirements.txt" in installing[0]
    assert "--no-deps --no-build-isolation --editable ." in installing[1]


def test_a_step_of_make_is_one_line_unless_it_fails(tmp_path: Path) -> None:
    steps = "\n".join(
        line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith(("SHELL", "step"))
    )
    (tmp_path / "Makefile").write_text(
        f"{steps}\ngood:\n\t$(call step,Done,echo a warning)\nbad:\n\t$(call step,Done,echo why; false)\n"
    )

    def made(target: str) -> subprocess.CompletedProcess[str]:
        # `make test` started these tests: a make below another names the folders that it enters.
        shell = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        return subprocess.run(["make", target], cwd=tmp_path, capture_output=True, text=True, env=shell)

    assert re.fullmatch(r"Done: \d+ s\n", made("good").stdout)
    assert made("bad").stdout == ""
    assert made("bad").stderr.startswith("why\n") and made("bad").returncode
