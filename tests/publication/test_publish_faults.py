"""Kills, full or read-only disks and second runs never cost readers the previous publication."""

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from missions.errors import BusyError, PublicationError
from missions.publication.folder import current, verify
from missions.publication.publish import publish
from tests.conftest import PATIENCE
from tests.support.publications import ATTRIBUTION, assert_tidy, build, value_of

pytestmark = pytest.mark.slow

# --- Kills --------------------------------------------------------------------------------------------------------

# Publishes in a separate process, which kills itself on the n-th call of the named function.
KILLED = """
import os, signal, sys
from pathlib import Path
from missions.publication import publish
warehouse, published, where, nth = sys.argv[1:]
owner, name = (os, where[3:]) if where.startswith("os.") else (publish, where)
original, calls = getattr(owner, name), 0
def kill(*args, **kwargs):
    global calls
    calls += 1
    if calls == int(nth):
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*args, **kwargs)
setattr(owner, name, kill)
publish.publish(Path(warehouse), Path(published), attribution="new", keep=1)
"""


def publish_and_die(warehouse: Path, published: Path, where: str, nth: int) -> None:
    child = subprocess.run(
        [sys.executable, "-c", KILLED, str(warehouse), str(published), where, str(nth)], capture_output=True
    )
    assert child.returncode == -signal.SIGKILL, f"never reached {where} {nth}: {child.stderr.decode()}"


@pytest.mark.parametrize(
    ("where", "nth", "value"),
    [
        ("write_flat_files", 1, 1),  # the database is written, and attached
        ("write_workbook", 1, 1),
        ("sha256", 1, 1),
        ("os.fsync", 2, 1),
        ("verify", 1, 1),
        ("os.rename", 1, 1),  # verified, not yet renamed
        ("os.symlink", 1, 1),  # renamed, the new `current` not yet made
        ("os.replace", 1, 1),  # … and made, not yet in place
        ("prune", 1, 2),  # switched
        ("os.unlink", 11, 2),  # halfway through removing the old publication
    ],
)
def test_a_kill_leaves_a_whole_publication_and_nothing_to_clean_by_hand(
    tmp_path: Path, where: str, nth: int, value: float
) -> None:
    published = tmp_path / "published"
    for _ in range(2):  # so that there is one to remove
        publish(build(tmp_path / "old.duckdb", 1), published, attribution=ATTRIBUTION)
    publish_and_die(build(tmp_path / "new.duckdb", 2), published, where, nth)
    in_force = current(published)
    assert in_force is not None
    verify(in_force)
    assert value_of(published / "missions_index.duckdb") == value

    last = publish(build(tmp_path / "last.duckdb", 3), published, attribution=ATTRIBUTION)
    assert current(published) == last.path
    assert value_of(last.database) == 3
    assert_tidy(published)


@pytest.mark.parametrize(("where", "nth"), [("os.replace", 3), ("os.rename", 1), ("os.replace", 8)])
def test_a_kill_during_the_very_first_publication(tmp_path: Path, where: str, nth: int) -> None:
    published, warehouse = tmp_path / "published", build(tmp_path / "build.duckdb")
    publish_and_die(warehouse, published, where, nth)
    assert current(published) is None
    publish(warehouse, published, attribution=ATTRIBUTION)
    assert_tidy(published)


FOREVER = """
import sys
from pathlib import Path
from missions.publication.publish import publish
while True:
    publish(Path(sys.argv[1]), Path(sys.argv[2]), attribution="again", keep=2)
    print("published", flush=True)
"""


def test_kills_at_any_moment(tmp_path: Path) -> None:
    published = tmp_path / "published"
    warehouse = build(tmp_path / "build.duckdb", 1)
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", FOREVER, str(warehouse), str(published)], stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"published\n"
            time.sleep(random.uniform(0, 0.4))
            child.kill()
        in_force = current(published)
        assert in_force is not None
        verify(in_force)
    publish(warehouse, published, attribution=ATTRIBUTION)
    assert_tidy(published)


# --- Full and read-only disks, second runs ------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)], capture_output=True, text=True
    )
    if mount.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mount.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_costs_nothing(tmp_path: Path, small_disk: Path, sample_build: Path) -> None:
    published = small_disk / "published"
    first = publish(build(tmp_path / "build.duckdb"), published, attribution=ATTRIBUTION)
    needed = publish(sample_build, tmp_path / "elsewhere", attribution=ATTRIBUTION).bytes
    ballast = small_disk / "ballast"
    for share in (0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97):
        ballast.unlink(missing_ok=True)
        ballast.write_bytes(b"x" * (shutil.disk_usage(small_disk).free - int(share * needed)))
        with pytest.raises(PublicationError, match=rf"publish to {published}: the disk is full: free some space"):
            publish(sample_build, published, attribution=ATTRIBUTION)
        assert current(published) == first.path
        assert_tidy(published)
    ballast.unlink()
    second = publish(sample_build, published, attribution=ATTRIBUTION)
    assert current(published) == second.path


@pytest.fixture
def freeze(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """A folder, and the commands that make it read-only and writable again: root ignores permissions, not mounts."""
    if os.geteuid():
        folder = tmp_path / "folder"
        folder.mkdir()
        yield folder, ["chmod", "-R", "a-w", str(folder)], ["chmod", "-R", "u+w", str(folder)]
    else:
        folder = request.getfixturevalue("small_disk")
        remount = ["mount", "-o"]
        yield folder, [*remount, "remount,ro", str(folder)], [*remount, "remount,rw", str(folder)]


def test_a_read_only_folder_costs_nothing(tmp_path: Path, freeze: tuple[Path, list[str], list[str]]) -> None:
    folder, close, reopen = freeze
    warehouse = build(tmp_path / "build.duckdb")
    first = publish(warehouse, folder / "published", attribution=ATTRIBUTION)
    subprocess.run(close, check=True)
    try:
        for published in (folder / "published", folder / "nowhere yet"):
            with pytest.raises(PublicationError, match=rf"{published}: .*(is read-only|may not write there)"):
                publish(warehouse, published, attribution=ATTRIBUTION)
        assert current(folder / "published") == first.path
        assert_tidy(folder / "published")
    finally:
        subprocess.run(reopen, check=True)
    publish(warehouse, folder / "published", attribution=ATTRIBUTION)


def test_a_failure_after_the_rename_takes_the_new_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published, warehouse = tmp_path / "published", build(tmp_path / "build.duckdb")
    first = publish(warehouse, published, attribution=ATTRIBUTION)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "symlink", fail)
        with pytest.raises(PublicationError, match="the disk is full"):
            publish(warehouse, published, attribution=ATTRIBUTION)
    assert current(published) == first.path
    assert [path.name for path in (published / "history").iterdir()] == [first.id]
    assert_tidy(published)


WAITING = """
import sys
from pathlib import Path
from missions.publication import publish
write = publish.write_database
def wait(*args):
    print("writing", flush=True)
    sys.stdin.readline()
    write(*args)
publish.write_database = wait
print(publish.publish(Path(sys.argv[1]), Path(sys.argv[2]), attribution="first").id)
"""


def test_a_second_publisher_is_turned_away(tmp_path: Path) -> None:
    published, warehouse = tmp_path / "published", build(tmp_path / "build.duckdb")
    with subprocess.Popen(
        [sys.executable, "-c", WAITING, str(warehouse), str(published)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "writing\n"
        with pytest.raises(BusyError, match=f"Another run is publishing to {published}"):
            publish(warehouse, published, attribution=ATTRIBUTION)
        assert len(list((published / "history").glob(".*.partial"))) == 1  # the first one's work is not swept
        published_id, _ = first.communicate("go on\n", timeout=PATIENCE)
    assert (published / "current").readlink() == Path("history", published_id.strip())
    assert_tidy(published)
