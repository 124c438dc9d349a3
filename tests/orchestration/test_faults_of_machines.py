"""Full disks, read-only folders, damaged files, wrong clocks and bugs: a plain message, and nothing lost."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import duckdb
import pytest

from missions.publication import publish as publish_module
from missions.publication.folder import current, verify
from missions.publication.publish import publish
from tests.conftest import ROOT, copy_project
from tests.support.faults import assert_plain, small_publication
from tests.support.publications import assert_tidy, build, value_of

Missions = Callable[..., subprocess.CompletedProcess[str]]
Seen = Callable[[str, str], None]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 MB: room for the project and its publication, not for a build."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_while_loading_and_building(disk: Path, tmp_path: Path, missions: Missions, seen: Seen) -> None:
    project = copy_project(disk / "project")
    folder = small_publication(project, tmp_path)
    for command in ("load", "build"):
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(max(0, shutil.disk_usage(disk).free - 3_000_000)))
        assert_plain(missions(command, home=project), "No space left", "disk is full", "Could not write")
        ballast.unlink()
        verify(folder)
        assert current(project / "published") == folder
        shutil.rmtree(project / "build", ignore_errors=True)
    seen("disk full while loading and building", "as expected, by `missions load` and `missions build`")


@pytest.mark.slow
def test_a_read_only_folder(disk: Path, tmp_path: Path, missions: Missions, seen: Seen) -> None:
    project = copy_project(disk / "project")
    folder = small_publication(project, tmp_path)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    try:
        for command in ("load", "build"):
            assert_plain(missions(command, home=project), "Read-only file system", "read-only")
        read = missions("sql", "SELECT count(*) AS n FROM indicator_score", "--csv", home=project)
        assert (read.returncode, read.stdout) == (0, "n\n15\n"), read.stderr
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    verify(folder)
    seen("read-only folder", "as expected, by `missions load`, `missions build` and `missions sql`")


def test_a_damaged_build_file_is_rebuilt(project: Path, missions: Missions, seen: Seen) -> None:
    warehouse = project / "build/warehouse.duckdb"
    warehouse.parent.mkdir()
    for damage in (b"no database at all" * 1000, b""):
        warehouse.write_bytes(damage)
        warehouse.with_name("warehouse.duckdb.wal").write_bytes(b"no log either" * 100)
        loaded = missions("load", home=project)
        assert loaded.returncode == 0, loaded.stderr
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            assert connection.execute("SELECT count(*) FROM raw.theme_definition").fetchall()[0][0] > 10
    seen("build file damaged", "as expected, with wrong bytes, with none, and with an invalid log")


def test_a_damaged_publication_is_reported_and_replaced(tmp_path: Path, missions: Missions, seen: Seen) -> None:
    published = tmp_path / "published"
    first = publish(build(tmp_path / "build.duckdb", 1), published, attribution="a")
    database = first.path / "missions_index.duckdb"
    good = database.read_bytes()
    for damage in (b"", b"no database" * 500, good[:5000], good[:4000] + bytes(5000) + good[9000:]):
        database.write_bytes(damage)
        told = missions("--published", str(published), "rank")
        assert_plain(told, "missions_index.duckdb", "orrupt", "composite_index", "checksum")
    for value in (2, 3):  # the one just replaced is kept until the next
        publish(build(tmp_path / "build.duckdb", value), published, attribution="a", keep=1)
        assert value_of(published / "missions_index.duckdb") == value
    assert_tidy(published)
    seen("published file damaged", "as expected: emptied, overwritten, truncated, partly zeroed")


def test_a_clock_that_is_moved_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: Seen) -> None:
    """By a year, and to before the snapshot of the files: the newest is current whatever its id."""
    published, now = tmp_path / "published", datetime.now(UTC)
    first = publish(build(tmp_path / "build.duckdb", 1), published, attribution="a", keep=2)
    for value, moved in ((2, timedelta(days=-365)), (3, timedelta(days=-365 * 30)), (4, timedelta(hours=1))):
        at = now + moved

        class Clock(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None, at: datetime = at) -> Any:
                return at

        monkeypatch.setattr(publish_module, "datetime", Clock)
        published_now = publish(build(tmp_path / "build.duckdb", value), published, attribution="a", keep=2)
        assert current(published) == published_now.path
        assert value_of(published / "missions_index.duckdb") == value
        assert first.path.is_dir()
        assert_tidy(published)
    seen("clock moved back", "as expected: by a year, by thirty years, and forward again")


def test_an_unexpected_error_is_one_line(tmp_path: Path, seen: Seen) -> None:
    """Whatever breaks, `missions` shows no traceback unless you ask for one."""
    code = (
        "import missions.cli.rank as rank, missions.cli as cli\n"
        "def broken(*_): raise ZeroDivisionError('a fault of ours')\n"
        "rank.open_published = broken\n"
        "cli.app(['rank'], prog_name='missions')\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert told.returncode == 1 and "Traceback" not in told.stderr, told.stderr
    assert "ZeroDivisionError: a fault of ours" in told.stderr and "MISSIONS_DEBUG=1" in told.stderr
    shown = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MISSIONS_DEBUG": "1"},
    )
    assert "Traceback" in shown.stderr
    seen("an unexpected error", "as expected")
