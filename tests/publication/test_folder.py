"""The published folder: checksums, publishing again, what readers see meanwhile, which publications are kept."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path

import pytest

from missions.errors import PublicationError
from missions.publication import publish as module
from missions.publication.folder import current, verify
from missions.publication.publish import Publication, publish
from tests.conftest import PATIENCE
from tests.support.publications import ATTRIBUTION, FULL_BUILD, assert_tidy, build, value_of


def test_checksums_pass_sha256sum_and_verify(sample: Publication) -> None:
    check = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=sample.path, capture_output=True, text=True
    )
    assert check.returncode == 0, check.stderr
    assert check.stdout.count(": OK") == 4 + 2 * len(sample.tables)
    names = [line.split("  ")[1] for line in (sample.path / "SHA256SUMS").read_text().splitlines()]
    assert names == sorted(names)
    verify(sample.path)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda folder: (folder / "csv/dim_source.csv").write_text("other"), r"csv/dim_source.csv has changed since"),
        (lambda folder: (folder / "csv/dim_source.csv").unlink(), r"csv/dim_source.csv is listed .* but missing"),
        (lambda folder: (folder / "csv/extra.csv").write_text(""), r"csv/extra.csv is not part"),
        (lambda folder: (folder / "SHA256SUMS").unlink(), r"SHA256SUMS is missing"),
        (lambda folder: (folder / "SHA256SUMS").write_bytes(b"\xff\n"), r"is listed in SHA256SUMS but missing"),
        (lambda folder: (folder / "SHA256SUMS").write_text(""), r"ATTRIBUTION.md is not part"),
    ],
    ids=["changed", "missing", "extra", "no sums", "damaged sums", "empty sums"],
)
def test_verify_names_the_file_at_fault(
    sample: Publication, tmp_path: Path, damage: Callable[[Path], object], expected: str
) -> None:
    copy = shutil.copytree(sample.path, tmp_path / "copy")
    damage(copy)
    with pytest.raises(PublicationError, match=expected):
        verify(copy)


# --- Publishing again ---------------------------------------------------------------------------------------------


def test_same_marts_same_hash_and_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Frozen(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Frozen":
            return cls(2026, 11, 24, 20, 15, 30, 123456, tzinfo=tz)

    monkeypatch.setattr(module, "datetime", Frozen)
    published = tmp_path / "published"
    first = publish(build(tmp_path / "a.duckdb", also=FULL_BUILD), published, attribution=ATTRIBUTION)
    second = publish(build(tmp_path / "b.duckdb", also=FULL_BUILD), published, attribution=ATTRIBUTION)
    third = publish(build(tmp_path / "c.duckdb", value=2), published, attribution=ATTRIBUTION)
    assert first.id.startswith("20261124T201530Z-")
    assert second.id == f"{first.id}-2"
    assert third.id.split("-")[1] != first.id.split("-")[1]
    for kind in ("csv", "parquet"):
        for file in (first.path / kind).iterdir():
            assert file.read_bytes() == (second.path / kind / file.name).read_bytes(), file.name
    assert current(published) == third.path
    assert_tidy(published)


READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
print(connection.execute("SELECT count(*) FROM marts.indicator_score").fetchone()[0], flush=True)
sys.stdin.readline()
print(connection.execute("SELECT DISTINCT value FROM marts.indicator_score").fetchone()[0], flush=True)
"""


def test_a_reader_keeps_the_old_data_and_a_new_one_sees_the_new(tmp_path: Path) -> None:
    published = tmp_path / "published"
    first = publish(build(tmp_path / "old.duckdb", 1), published, attribution=ATTRIBUTION)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(first.database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "15\n"
        # Even after the publication it reads is removed.
        for value in (2, 3):
            last = publish(build(tmp_path / "new.duckdb", value), published, attribution=ATTRIBUTION, keep=1)
            # The one just replaced is kept, for a reader that has followed the links and is about to open it.
            assert first.path.exists() == (value == 2)
        seen, _ = reader.communicate("go on\n", timeout=PATIENCE)
    assert float(seen) == 1
    assert value_of(last.database) == 3


def test_old_publications_are_pruned_but_never_the_current_one(tmp_path: Path) -> None:
    published, warehouse = tmp_path / "published", build(tmp_path / "build.duckdb")
    ids = [publish(warehouse, published, attribution=ATTRIBUTION, keep=2).id for _ in range(3)]
    assert sorted(path.name for path in (published / "history").iterdir()) == sorted(ids)[-2:]

    # A clock that was wrong leaves publications that look newer than the current one.
    (published / "history" / ids[-1]).rename(published / "history" / "29990101T000000Z-00000000")
    (published / "history" / "notes").mkdir()
    last = publish(warehouse, published, attribution=ATTRIBUTION, keep=1)
    assert current(published) == last.path
    assert {path.name for path in (published / "history").iterdir()} == {
        *(last.id, "29990101T000000Z-00000000", "notes"),
    }


def test_the_publication_just_replaced_is_never_pruned(tmp_path: Path) -> None:
    """Even if others, of the same second or from a clock that was ahead, have ids that look newer."""
    published, warehouse = tmp_path / "published", build(tmp_path / "build.duckdb")
    first = publish(warehouse, published, attribution=ATTRIBUTION)
    for day in ("29990101", "29990102"):
        (published / f"history/{day}T000000Z-00000000").mkdir()
    second = publish(warehouse, published, attribution=ATTRIBUTION, keep=2)
    assert first.path.exists()
    publish(warehouse, published, attribution=ATTRIBUTION, keep=2)
    assert second.path.exists() and not first.path.exists()


def test_wrong_fixed_names_are_put_right(tmp_path: Path) -> None:
    published, warehouse = tmp_path / "published", build(tmp_path / "build.duckdb")
    publish(warehouse, published, attribution=ATTRIBUTION)
    (published / "csv").unlink()
    (published / "missions_index.xlsx").unlink()
    (published / "missions_index.xlsx").write_text("a copy that somebody put here")
    (published / "parquet").unlink()
    (published / "parquet").symlink_to("elsewhere")
    publish(warehouse, published, attribution=ATTRIBUTION)
    assert_tidy(published)
