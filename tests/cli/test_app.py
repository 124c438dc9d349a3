"""The command as a whole: failures are reported plainly, data and messages stay separate, and it starts fast."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from missions import cli
from missions.cli.app import COMMANDS
from missions.publication.folder import DATABASE
from tests.support.commands import run


@pytest.mark.parametrize(
    "command", [["rank"], ["profile", "Kent"], ["indicator", "robbery"], ["sources"], ["sql", "FROM x"]]
)
def test_nothing_published_yet(tmp_path: Path, command: list[str]) -> None:
    result = run("--published", str(tmp_path), *command)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Nothing is published yet; run `make index`")


def test_a_damaged_publication_gives_a_message(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_text("no database")
    result = run("--published", str(tmp_path), "rank")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "not a valid DuckDB database file" in result.stderr and "Traceback" not in result.stderr


def test_the_process_keeps_data_and_messages_apart(publication: Path, missions: Callable[..., Any]) -> None:
    here = {"MISSIONS_PUBLISHED": str(publication)}
    good = missions("profile", "Craven", "--json", **here)
    assert good.returncode == 0 and json.loads(good.stdout)["authority"]["authority_name"] == "North Yorkshire"
    assert good.stderr == "Craven has been part of North Yorkshire since 1 April 2023\n"
    wrong = missions("profile", "Blackpol", **here)
    assert (wrong.returncode, wrong.stdout) == (2, "") and "Blackpool" in wrong.stderr
    assert missions("--version").stdout.strip().count(".") == 2


def test_reading_imports_nothing_heavy() -> None:
    """`missions rank` starts fast because it does not import dagster, dbt, pandas or the registry."""
    script = (
        "import sys, missions.cli; "
        "print([m for m in ('dagster', 'dbt', 'pandas', 'numpy', 'pyarrow', 'yaml', 'rapidfuzz') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_help_lists_every_command_in_the_order_of_use() -> None:
    commands = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]
    order = [name for names in COMMANDS.values() for name in names]
    assert sorted(commands) == sorted(order)
    listed = [line.split()[1] for line in run("--help").stdout.splitlines() if re.match("│ [a-z]", line)]
    assert [name for name in listed if name in order] == order


def test_diff_has_a_heading_for_each_cause_in_its_order() -> None:
    from missions.cli.diff import CAUSE_WORDS
    from missions.publication.difference import CAUSES

    assert tuple(CAUSE_WORDS) == CAUSES
