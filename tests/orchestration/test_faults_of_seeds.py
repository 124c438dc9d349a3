"""Damaged seeds: none is loaded as if it were sound, and the error names the file, the line and the reason.

The message of each check in missions/sources/load.py is tested in tests/sources/test_load.py.
"""

import random
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from missions.errors import SeedError
from missions.paths import SEEDS
from missions.sources import registry, snapshot
from missions.sources.generated import seed_sums
from missions.sources.load import load_source
from missions.sources.registry import Source, layouts, sources
from tests.conftest import ROOT
from tests.support.accidents import ACCIDENTS, as_stored, cells_of, packed, unpacked
from tests.support.reliability import TORTURE

Missions = Callable[..., subprocess.CompletedProcess[str]]
Seen = Callable[[str, str], None]

pytestmark = pytest.mark.slow

KEPT_ROWS = 40  # per kind of seed
TRIES = 4 * (1 + TORTURE // 10)  # per accident and layout

_told: Counter[str] = Counter()
_by_sum: Counter[str] = Counter()
_as_written: Counter[str] = Counter()


@pytest.fixture
def kinds(cut_seeds: tuple[Path, dict[str, Source]], monkeypatch: pytest.MonkeyPatch) -> dict[str, Source]:
    """A seed of each layout, used while the test runs."""
    folder, found = cut_seeds
    for module in (registry, snapshot):
        monkeypatch.setattr(module, "SEEDS", folder)
    return found


@pytest.fixture(scope="module")
def cut_seeds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Source]]:
    """The first rows of a seed of each layout, in a folder with its own checksums."""
    folder = tmp_path_factory.mktemp("faults") / "seeds"
    shutil.copytree(SEEDS / "geography", folder / "geography", ignore=shutil.ignore_patterns("[b-z]*"))
    shutil.copy(SEEDS / "sources.yml", folder)
    found = {}
    for name in layouts():
        of_layout = [source for source in sources().values() if source.layout.name == name]
        if not of_layout:  # the registry itself
            continue
        source = min(of_layout, key=lambda source: source.path.stat().st_size)
        path = folder / source.seed
        path.parent.mkdir(exist_ok=True)
        if name != "area":  # the others need all areas
            data = unpacked(source.path).splitlines(keepends=True)[: KEPT_ROWS + 1]
            path.write_bytes(packed(path, b"".join(data)))
        found[name] = replace(source, min_rows=min(source.min_rows, KEPT_ROWS // 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "SEEDS", folder)
        (folder / registry.SEED_SUMS).write_text(seed_sums())
    return folder, found


def check_accident(connection: duckdb.DuckDBPyConnection, source: Source, name: str, rng: random.Random) -> None:
    accident, good = ACCIDENTS[name], unpacked(source.path)
    damaged = accident.happen(rng, source, cells_of(good))
    if damaged is None or damaged == good:
        return
    kept = source.path.read_bytes()
    before = connection.execute(f"SELECT * FROM raw.{source.source_id}").fetchall()
    try:
        source.path.write_bytes(packed(source.path, damaged))
        load_source(connection, source)
    except SeedError as error:
        said = str(error)
        assert said.startswith(f"seeds/{source.seed}") and "\n" not in said, said
        by_sum = "not the file that was recorded" in said
        assert not (by_sum and accident.must_refuse), said
        if accident.must_refuse:
            assert (error.line is not None) >= accident.has_line, said
            assert (error.column is not None) >= accident.has_column, said
        assert connection.execute(f"SELECT * FROM raw.{source.source_id}").fetchall() == before
        (_by_sum if by_sum else _told)[name] += 1
    else:
        assert not accident.must_refuse and source.reader is None, f"{name} was not noticed"
        after = connection.execute(f"SELECT * FROM raw.{source.source_id}").fetchall()
        assert after == as_stored(source, damaged), "the table differs from the file"
        _as_written[name] += 1
    finally:
        source.path.write_bytes(kept)


@pytest.mark.parametrize("layout", [name for name in layouts() if name != registry.SOURCE_FILE])
def test_every_accident_to_a_seed_is_noticed(kinds: dict[str, Source], layout: str) -> None:
    source = kinds[layout]
    with duckdb.connect() as connection:
        load_source(connection, source)
        assert connection.execute(f"SELECT * FROM raw.{source.source_id}").fetchall() == as_stored(
            source, unpacked(source.path)
        )
        possible = [
            name for name in ACCIDENTS if (layout, name) != ("area", "an unknown area code")
        ]  # it is the list of known areas

        @settings(
            max_examples=TRIES * len(possible), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
        )
        @given(st.sampled_from(possible), st.integers(0, 2**32))
        def check(name: str, seed: int) -> None:
            check_accident(connection, source, name, random.Random(f"{layout}, {name}, {seed}"))

        check()


def test_every_kind_of_accident_was_noticed(seen: Seen) -> None:
    """Every kind of accident occurred, including those that only the checksum finds."""
    for name, accident in ACCIDENTS.items():
        assert _told[name] + _by_sum[name] > 0, name
        what = f"{_told[name]:,} rejected by the layout"
        if not accident.must_refuse:
            what += f", {_by_sum[name]:,} by the checksum"
            what += f"; {_as_written[name]:,} in the project's own tables loaded as written" * (_as_written[name] > 0)
        seen(name, what)
    assert _by_sum["a digit changed"] and _by_sum["two areas' rows swapped"] and _by_sum["rows missing"]


def test_damage_to_a_compressed_seed_is_reported(kinds: dict[str, Source], seen: Seen) -> None:
    source, rng, told = kinds["small_area_residents"], random.Random(6), 0
    good = source.path.read_bytes()
    with duckdb.connect() as connection:
        try:
            for _ in range(TRIES * 20):
                data = bytearray(good)
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
                source.path.write_bytes(bytes(data[: rng.choice([len(data), rng.randrange(len(data))])]))
                with pytest.raises(SeedError) as caught:
                    load_source(connection, source)
                assert str(caught.value).startswith(f"seeds/{source.seed}") and "\n" not in str(caught.value)
                told += 1
        finally:
            source.path.write_bytes(good)
    seen("a compressed file damaged", f"{told:,} of {told:,} rejected")


@pytest.mark.parametrize("layout", ["observation", "theme_definition", "area"])
def test_a_missing_file_is_reported(kinds: dict[str, Source], seen: Seen, layout: str) -> None:
    source = kinds[layout]
    good = source.path.read_bytes()
    with duckdb.connect() as connection:
        for spoil in (lambda path: None, lambda path: path.write_bytes(b""), lambda path: path.mkdir()):
            source.path.unlink()
            spoil(source.path)
            try:
                with pytest.raises(SeedError, match=rf"^seeds/{source.seed}: the file (is missing|is empty|cannot be)"):
                    load_source(connection, source)
            finally:
                source.path.rmdir() if source.path.is_dir() else source.path.unlink(missing_ok=True)
                source.path.write_bytes(good)
    seen("the file missing, empty or a folder", "all rejected")


def test_missing_checksums_are_reported(kinds: dict[str, Source], seen: Seen) -> None:
    source, sums = kinds["observation"], registry.SEEDS / registry.SEED_SUMS
    good = sums.read_bytes()
    with duckdb.connect() as connection:
        load_source(connection, source)
        try:
            for data in (None, b"", good[:70], b"\xff\xfe"):
                sums.unlink()
                if data is not None:
                    sums.write_bytes(data)
                with pytest.raises(SeedError, match=rf"^seeds/{source.seed}: .*SHA256SUMS.*make docs"):
                    load_source(connection, source)
                load_source(connection, kinds["theme_definition"])  # the project's own tables have none
                sums.touch()
        finally:
            sums.write_bytes(good)
    seen("the list of checksums missing or truncated", "all rejected")


def test_the_checksums_are_those_of_the_seeds() -> None:
    """For every seed made from publishers' files; `sha256sum --check` can read them too."""
    lines = (ROOT / "seeds" / registry.SEED_SUMS).read_text(encoding="utf-8").splitlines()
    assert [line.partition("  ")[2] for line in lines] == sorted(s.seed for s in sources().values() if s.reader)
    checked = subprocess.run(["sha256sum", "--check", "--quiet", registry.SEED_SUMS], cwd=ROOT / "seeds")
    assert checked.returncode == 0


def test_seeds_load_after_a_kill_while_they_are_replaced(kinds: dict[str, Source], seen: Seen) -> None:
    """Killed after each of the renames that replace the seeds."""

    class Killed(BaseException):
        pass

    original = Path.replace
    chosen = [kinds[name] for name in ("observation", "population", "small_area_residents")]
    good = {source.seed: source.path.read_bytes() for source in chosen}
    sums = (registry.SEEDS / registry.SEED_SUMS).read_bytes()
    moments = len(chosen) + 2
    for allowed in range(moments + 1):
        fresh = {}
        for source in chosen:
            text = unpacked(source.path).decode()
            fresh[source.seed] = text.rpartition("\n")[0].rpartition("\n")[0] + "\n"
        left = allowed

        def rename(path: Path, target: Path) -> None:
            nonlocal left
            if not left:
                raise Killed
            left -= 1
            original(path, target)

        with pytest.MonkeyPatch.context() as patch, suppress(Killed), duckdb.connect() as connection:
            patch.setattr(Path, "replace", rename)
            try:
                snapshot.put_in_place(fresh)
            finally:
                patch.undo()
                for source in chosen:
                    load_source(connection, source)
        for source in chosen:
            source.path.write_bytes(good[source.seed])
        (registry.SEEDS / registry.SEED_SUMS).write_bytes(sums)
    seen("killed while new seeds replace the old", f"{moments + 1} of {moments + 1} moments: all seeds load")
