"""The recipes of docs/contributing.md, followed exactly in one copy of the project, which is built once."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.conftest import PATIENCE, ROOT, copy_project
from tests.support.markdown import fences

Missions = Callable[..., subprocess.CompletedProcess[str]]
PAGE = (ROOT / "docs/contributing.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.slow


def follow(project: Path) -> None:
    """Apply every block of the page: a new file, lines appended to a file, or a change."""
    for language, name, text in fences(PAGE):
        path = project / name
        if language == "diff":
            content = path.read_text(encoding="utf-8")
            for change in re.finditer(r"((?:^-.*\n)+)((?:^\+.*\n)+)", text, re.MULTILINE):
                old, new = (re.sub(r"^[-+]", "", part, flags=re.MULTILINE).rstrip("\n") for part in change.groups())
                assert content.count(old) == 1, f"{name} has {old!r} {content.count(old)} times"
                content = content.replace(old, new)
            path.write_text(content, encoding="utf-8")
        else:
            with path.open("a", encoding="utf-8", newline="") as file:
                file.write(text)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy, built and published, with everything the recipes add."""
    project = copy_project(tmp_path_factory.mktemp("recipes") / "project")
    follow(project)
    for arguments in ("missions.sources.generated",), ("missions.cli", "build"):  # `make docs`, `make index`
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            env={**os.environ, "MISSIONS_HOME": str(project)},
            cwd=project,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
    return project


@pytest.fixture
def marts(followed: Path, publication: Path) -> duckdb.DuckDBPyConnection:
    """The published tables of the copy; those of the project are attached as `before`."""
    connection = duckdb.connect(str(followed / "published/missions_index.duckdb"), read_only=True)
    connection.execute("SET schema = 'marts'")
    connection.execute(f"ATTACH '{publication / 'missions_index.duckdb'}' AS before (READ_ONLY)")
    return connection


def test_an_indicator_counts(marts: duckdb.DuckDBPyConnection) -> None:
    (counts,) = marts.execute(
        "SELECT (SELECT count(*) FROM dim_indicator), (SELECT count(*) FROM before.marts.dim_indicator)"
    ).fetchall()
    assert counts[0] == counts[1] + 1
    (councils,) = marts.execute(
        "SELECT count(*), count(need_z), count(DISTINCT authority_code), "
        "count(*) FILTER (value_basis = 'published') FROM indicator_score WHERE indicator_id = 'bicycle_theft'"
    ).fetchall()
    assert councils[:3] == (317, 317, 317)
    assert councils[3] > 250
    (moved,) = marts.execute(
        "SELECT count(*) FROM mission_index AS a JOIN before.marts.mission_index AS b "
        "USING (authority_code, mission_id) WHERE mission_id = 'crime' AND abs(a.need_z - b.need_z) > 1e-9"
    ).fetchall()
    assert moved == (317,)


def test_a_source_is_loaded_and_listed(followed: Path) -> None:
    assert "library_visits" in (followed / "docs/SOURCES.md").read_text(encoding="utf-8")
    assert "Example Statistics Office" in (followed / "ATTRIBUTION.md").read_text(encoding="utf-8")
    with duckdb.connect(str(followed / "build/warehouse.duckdb"), read_only=True) as build:
        staged = build.execute("SELECT value FROM staging.stg_observations WHERE source_id = 'library_visits'")
        assert staged.fetchall() == [(2.5,)]


def test_a_mart_is_published_and_in_the_catalogue(followed: Path, marts: duckdb.DuckDBPyConnection) -> None:
    (leaders,) = marts.execute("SELECT count(DISTINCT indicator_id) FROM highest_need").fetchall()
    (indicators,) = marts.execute("SELECT count(*) FROM dim_indicator").fetchall()
    assert leaders == indicators
    assert (followed / "published/csv/highest_need.csv").is_file()
    assert (followed / "published/site/catalogue/marts/highest_need.html").is_file()


def test_a_mart_can_be_built_alone(followed: Path, tmp_path: Path) -> None:
    (command,) = re.findall(r"`\.\./\.venv/bin/dbt (build [^`]+)`", PAGE)
    built = subprocess.run(
        [str(Path(sys.executable).parent / "dbt"), *command.split(), "--log-path", str(tmp_path)],
        env={**os.environ, "MISSIONS_HOME": str(followed)},
        cwd=followed / "dbt_project",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert built.returncode == 0 and "highest_need" in built.stdout, built.stdout


def test_a_page_is_in_the_site(followed: Path) -> None:
    page = (followed / "published/site/populations.html").read_text(encoding="utf-8")
    assert page.count("<li>") >= 317
    assert page.index("Birmingham") < page.index("Isles of Scilly")


def test_a_command_answers_and_is_in_the_help(followed: Path, missions: Missions) -> None:
    answered = missions("regions", "--csv", home=followed)
    assert answered.returncode == 0 and answered.stdout.startswith("region_name,"), answered.stderr
    assert "North East" in missions("regions", home=followed).stdout
    assert "List the regions by need" in missions("--help", home=followed).stdout
