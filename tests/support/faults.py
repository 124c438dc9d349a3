"""Shared by the tests of faults: a project's environment, a small publication, and what must hold after a fault."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from missions.publication.folder import current, verify
from missions.publication.publish import publish
from tests.conftest import ROOT
from tests.support.publications import build

_HOLDING = "from missions.sources.build_file import only_run\nwith only_run(): print('held', flush=True); input()"


def environment(project: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "MISSIONS_HOME": str(project), **more}


@contextmanager
def held(project: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process, which holds the lock on the project's build until it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDING],
        env=environment(project, PYTHONPATH=str(ROOT)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield process
        process.kill()


def assert_whole(published: Path, council_count: int = 317) -> None:
    """Readers find one complete publication that answers queries."""
    in_force = current(published)
    assert in_force is not None
    verify(in_force)
    with duckdb.connect(str(published / "missions_index.duckdb"), read_only=True) as connection:
        counted = connection.execute("SELECT count(*) FROM marts.composite_index").fetchall()
    assert counted == [(council_count,)]


def small_publication(project: Path, tmp_path: Path) -> Path:
    """A publication of one small mart in a project's usual place."""
    return publish(build(tmp_path / "small.duckdb"), project / "published", attribution="small").path


def assert_plain(result: subprocess.CompletedProcess[str], *words: str) -> None:
    """The command failed with a plain message."""
    assert result.returncode == 1, result.stdout + result.stderr
    said = result.stdout + result.stderr
    assert "Traceback" not in said, said
    assert any(word in said for word in words), said
