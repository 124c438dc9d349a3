"""A copy of the project for the session, in which tests build, break and publish; the checkout is never touched.

MISSIONS_HOME is set before any import of the project, so that the code under test and subprocesses share the copy.
With pytest-xdist each worker has its own copy, so that no test disturbs another's, and one of them builds for all.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
# Seconds after which a process that a test started is taken to hang. No test waits longer than it takes.
PATIENCE = 1800.0
# What a build reads; copies have nothing else.
BUILD_INPUTS = ("seeds", "dbt_project", "missions", "orchestration", "pyproject.toml", "workspace.yaml")

# What a build leaves; the publication last, as it shows that the rest is there.
BUILD_OUTPUTS = ("dbt_project/target", "build", "published")

# MISSIONS_TEST_HOME names a copy to keep between runs of the tests, with its build. Workers of pytest-xdist inherit the
# folder of the session, in which each has a copy of its own.
_kept = os.environ.get("MISSIONS_TEST_HOME")
_worker = os.environ.get("PYTEST_XDIST_WORKER")
_session = Path(os.environ["MISSIONS_TEST_SESSION"] if _worker else _kept or tempfile.mkdtemp(prefix="missions-tests-"))
_home = _session / "workers" / _worker if _worker else _session
os.environ["MISSIONS_TEST_SESSION"] = str(_session)
os.environ["MISSIONS_HOME"] = str(_home)
os.environ.setdefault("DO_NOT_TRACK", "1")


def copy_project(target: Path) -> Path:
    """Copy the build inputs of the checkout to `target`, without the output of earlier builds."""
    target.mkdir(parents=True, exist_ok=True)
    for name in BUILD_INPUTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source,
                target / name,
                ignore=shutil.ignore_patterns("target", "logs", "__pycache__", ".user.yml"),
                dirs_exist_ok=True,
            )
        else:
            shutil.copy2(source, target / name)
    return target


def remove_what_is_gone(home: Path) -> None:
    """Remove inputs from a kept copy that are gone from the checkout, as dbt would find a moved model twice."""
    for name in BUILD_INPUTS:
        for path in (home / name).rglob("*"):
            made = {"target", "logs", "__pycache__"} & set(path.relative_to(home).parts)
            if path.is_file() and not made and not (ROOT / path.relative_to(home)).exists():
                path.unlink()


copy_project(_home)
if _kept and not _worker:
    remove_what_is_gone(_home)

# Fixtures that build, start Dagster or the command, serve publishers' files or inject faults. Other tests are `fast`.
_NOT_FAST = {"database", "publication", "home", "missions", "project", "graph", "defs", "place", "seen"}


def pytest_sessionfinish() -> None:
    if _worker or not _kept:
        shutil.rmtree(_home, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)  # before pytest selects by `-m`
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that need no build as fast, and run the slow suites last, so that a broken formula shows first.

    pytest-xdist gives whole files to its workers, in the order of their first tests. There one worker begins with a
    slow file, and so with the build, while the other runs the files without one; short files come last, to end evenly.
    """
    for item in items:
        needed = set(getattr(item, "fixturenames", ()))
        if not item.get_closest_marker("slow") and not needed & _NOT_FAST:
            item.add_marker("fast")
    if not _worker:
        items.sort(key=_is_slow)
        return
    slow = {item.path for item in items if _is_slow(item)}
    not_fast = {item.path for item in items if not item.get_closest_marker("fast")}
    first = next((item.path for item in items if item.path in slow), None)
    items.sort(key=lambda item: (item.path != first, item.path in not_fast, item.path not in slow))


def _is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


@pytest.fixture(scope="session")
def home() -> Path:
    """The session's copy of the project."""
    return _home


@pytest.fixture(scope="session")
def database(home: Path) -> Path:
    """The published database of one full run on the real seeds."""
    from missions.paths import PUBLISHED
    from missions.publication.folder import DATABASE
    from orchestration.run import run_index

    with (_session / ".build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _worker:
            if not (_kept and (PUBLISHED / DATABASE).exists()):
                run_index()
        elif (_session / "published" / DATABASE).exists():
            _copy_build(_session, home)
        else:
            run_index()
            _copy_build(home, _session)
    return PUBLISHED / DATABASE


def _copy_build(source: Path, target: Path) -> None:
    for name in BUILD_OUTPUTS:
        shutil.rmtree(target / name, ignore_errors=True)
        shutil.copytree(source / name, target / name, symlinks=True)


@pytest.fixture(scope="session")
def publication(database: Path) -> Path:
    """The published folder of that run."""
    return database.parent


@pytest.fixture
def missions() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the `missions` command in a separate process, in the session's project or another."""

    def run(*arguments: str, home: Path = _home, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "missions.cli", *arguments],
            env={**os.environ, "MISSIONS_HOME": str(home), **more},
            cwd=home,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    return run


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A separate copy of the project, for the test to break."""
    yield copy_project(tmp_path / "project")
    shutil.rmtree(tmp_path / "project", ignore_errors=True)
