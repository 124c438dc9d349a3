"""`missions build`: it prints the top ten and how to open the publication, or what failed."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from missions import cli
from missions.errors import RunError
from missions.publication.folder import DATABASE
from tests.support.commands import Marts, run


def test_build_prints_the_ten_and_how_to_open_them(
    publication: Path, marts: Marts, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = ModuleType("orchestration.run")
    pipeline.__dict__["run_index"] = lambda target, **_: publication / DATABASE
    monkeypatch.setitem(sys.modules, "orchestration.run", pipeline)
    result = CliRunner().invoke(cli.app, ["build", "--force"], env={"COLUMNS": "120"})
    assert (result.exit_code, result.stderr) == (0, "")
    names = marts(
        "SELECT authority_name FROM composite_index JOIN dim_authority USING (authority_code) WHERE need_rank < 11"
    )
    assert all(name in result.stdout for (name,) in names)
    shell, _, python = (line.strip() for line in result.stdout.splitlines()[-3:])
    assert shell == f"duckdb -readonly {publication / DATABASE}"
    opened = subprocess.run([sys.executable, "-c", python], capture_output=True, text=True)
    assert opened.returncode == 0 and "need_score" in opened.stdout

    def fail(target: str, **_: object) -> None:
        raise RunError("The run failed.\n\nraw/ons_claimant_count: line 5")

    pipeline.__dict__["run_index"] = fail
    result = run("build", "--force")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "The run failed.\n\nraw/ons_claimant_count: line 5\n"
