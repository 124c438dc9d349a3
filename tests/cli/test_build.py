"""`missions build`: its progress, the top ten and how to open the publication, or what failed."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from missions import cli
from missions.errors import RunError
from missions.publication.folder import DATABASE
from tests.conftest import ROOT
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


RUN = """
import sys
from types import ModuleType
from orchestration.progress import Step

def run_index(target, force, say, show):
    say("Changed: seeds/targets/milestone.csv.")
    show(Step("raw/area", 0, 4, 12.4))
    show(Step("raw/area", 1, 4, 11.0))
    show(Step("raw/ward", 1, 4, None))
    show(Step("marts/composite_index", 3, 4, 0.2))
    raise SystemExit(3)

sys.modules["orchestration.run"] = pipeline = ModuleType("orchestration.run")
pipeline.run_index = run_index
from missions.cli import app
app(["build", "--force"])
"""


def test_progress_is_a_line_per_layer_where_nobody_watches() -> None:
    told = subprocess.run([sys.executable, "-c", RUN], cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 3
    assert told.stderr.splitlines() == [
        "Changed: seeds/targets/milestone.csv.",
        "0 of 4: raw/area, about 12 s left",
        "3 of 4: marts/composite_index, about 1 s left",
    ]


def test_progress_is_a_bar_on_a_terminal() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=ROOT, env={**os.environ, "COLUMNS": "100", "TERM": "xterm"}, stderr=theirs
    ) as run:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            shown += part
    os.close(ours)
    assert run.returncode == 3
    text = shown.decode()
    assert "Changed: seeds/targets/milestone.csv." in text
    assert "━" in text and "3 of 4 marts/composite_index, about 1 s left" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
