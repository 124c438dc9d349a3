"""Builds in part, for real: they end with what a full build gives, and say what they made again."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import BUILD_OUTPUTS, copy_project

pytestmark = pytest.mark.slow
Missions = Callable[..., subprocess.CompletedProcess[str]]
SEED = "seeds/framework/second/framework.csv"
REMEMBER = "from orchestration import built; built.remember(built.parts())"


@pytest.fixture(scope="module")
def built(home: Path, publication: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the session's full build, recorded as made there."""
    del publication  # it is there
    project = copy_project(tmp_path_factory.mktemp("partial") / "project")
    for name in BUILD_OUTPUTS:
        shutil.copytree(home / name, project / name, symlinks=True, dirs_exist_ok=True)
    run_code(project, REMEMBER)
    return project


def run_code(project: Path, code: str) -> None:
    subprocess.run(
        [sys.executable, "-c", code], cwd=project, env={**os.environ, "MISSIONS_HOME": str(project)}, check=True
    )


def content(project: Path) -> str:
    """The hash of all marts that ends the id of the current publication."""
    return (project / "published/current").readlink().name.rsplit("-", 1)[1]


def test_a_build_in_part_equals_a_full_one(built: Path, missions: Missions) -> None:
    """A seed is changed and changed back: two builds in part end with the marts of the full build before."""
    full = content(built)
    seed = built / SEED
    before = seed.read_text(encoding="utf-8")
    try:
        seed.write_text(before.replace("Claimant", "Claimants", 1), encoding="utf-8")
        assert seed.read_text(encoding="utf-8") != before
        changed = missions("build", home=built)
        assert changed.returncode == 0, changed.stderr
        assert f"Changed: {SEED}. Built again: 2 raw tables, " in changed.stderr
        assert content(built) != full
    finally:
        seed.write_text(before, encoding="utf-8")
    restored = missions("build", home=built)
    assert restored.returncode == 0, restored.stderr
    assert content(built) == full


def test_a_template_makes_the_site_alone(built: Path, missions: Missions) -> None:
    published = (built / "published/current").readlink()
    with next((built / "missions/site/templates").glob("*.html")).open("a", encoding="utf-8") as template:
        template.write("{# changed #}\n")
    told = missions("build", home=built)
    assert told.returncode == 0, told.stderr
    assert "Changed: missions/site. Built again: the site." in told.stderr
    assert (built / "published/current").readlink() == published


def test_with_nothing_changed_nothing_is_made(built: Path, missions: Missions) -> None:
    told = missions("build", home=built)
    published = (built / "published/current").readlink().name
    assert told.returncode == 0
    assert told.stderr == f"Nothing has changed since {published}; use --force to build anyway.\n"
