"""A wheel installed without the repository scores an index exactly as the checkout does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from missions.scoring.model_names import PACKED
from tests.conftest import ROOT, copy_project
from tests.support.index_files import Index, node


def pip(*arguments: str, folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *arguments], cwd=folder, check=True, timeout=300)


@pytest.mark.slow
def test_an_installed_wheel_scores(tmp_path: Path) -> None:
    source, installed = copy_project(tmp_path / "source"), tmp_path / "installed"
    for name in ("setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(tmp_path), ".", folder=source)
    [wheel] = tmp_path.glob("*.whl")
    shutil.rmtree(source)
    pip("install", "--no-deps", "--no-index", "--target", str(installed), str(wheel), folder=tmp_path)
    packed = installed / "missions/scoring/_sql"
    assert {path.stem for path in (packed / "models").rglob("*.sql")} == set(PACKED)

    leaves = [node(name, "root", normalisation="z_score", treatment="winsorise_then_log") for name in "ab"]
    values = pd.DataFrame({"a": [1.0, 2, 4], "b": [3.5, 1, 2]}, index=["u1", "u2", "u3"])
    index = Index(tmp_path, values, [node("root", "", "arithmetic", normalisation="z_score"), *leaves]).run()
    expected = {path.name: path.read_bytes() for path in index.out.iterdir()}
    files = [f"--{name}={index.path(name)}" for name in ("units", "observations", "framework")]
    environment = {name: value for name, value in os.environ.items() if name != "MISSIONS_HOME"}
    scored = subprocess.run(
        [sys.executable, "-m", "missions.cli", "score", *files, f"--out={tmp_path}/again"],
        env=environment | {"PYTHONPATH": str(installed)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (scored.returncode, scored.stderr) == (0, "")
    assert {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()} == expected
