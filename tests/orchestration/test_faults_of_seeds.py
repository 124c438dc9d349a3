"""Damaged seeds: none is taken for a sound one, and the user learns the file, the line and the reason.

What each single check of missions/sources/load.py says is in tests/sources/test_load.py.
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

KEPT_ROWS = 40  # of each kind of seed
TRIES = 4 * (1 + TORTURE // 10)  # of each accident to each layout

_told: Counter[str] = Counter()
_by_sum: Counter[str] = Counter()
_as_written: Counter[str] = Counter()


@pytest.fixture
def kinds(cut_seeds: tuple[Path, dict[str, Source]], monkeypatch: pytest.MonkeyPatch) -> dict[str, Source]:
    """A seed of each layout, in use while the test runs."""
    folder, found = cut_seeds
    for module in (registry, snapshot):
        monkeypatch.setattr(module, "SEEDS", folder)
    return found


@pytest.fixture(scope="module")
def cut_seeds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Source]]:
    """A seed of each layout, the first of its rows, in a folder with checksums of its own."""
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
        if name != "area":  # which the others need whole
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
        assert not accident.must_refuse and source.reader is None, f"{name} passed unseen"
        after = connection.execute(f"SELECT * FROM raw.{source.source_id}").fetchall()
        assert after == as_stored(source, damaged), "what is in the table is not what is in the file"
        _as_written[name] += 1
    finally:
        source.path.write_bytes(kept)


@pytest.mark.parametrize("layout", [name for name in layouts() if name != registry.SOURCE_FILE])
def test_no_accident_to_a_seed_passes_unseen(kinds: dict[str, Source], layout: str) -> None:
    source = kinds[layout]
    with duckdb.connect() as connection:
        load_source(connection, source)
        assert connection.execute(f"SELECT * FROM raw.{source.source_id}").fetchall() == as_stored(
            source, unpacked(source.path)
        )
        possible = [
            name for name in ACCIDENTS if (layout, name) != ("area", "an unknown area code")
        ]  # it is their list

        @settings(
            max_examples=TRIES * len(possible), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
        )
        @given(st.sampled_from(possible), st.integers(0, 2**32))
        def check(name: str, seed: int) -> None:
            check_accident(connection, source, name, random.Random(f"{layout}, {name}, {seed}"))

        check()


def test_what_was_seen_of_the_accidents(seen: Seen) -> None:
    """Every kind was met, and those that only the checksum can see were."""
    for name, accident in ACCIDENTS.items():
        assert _told[name] + _by_sum[name] > 0, name
        what = f"{_told[name]:,} refused by the layout"
        if not accident.must_refuse:
            what += f", {_by_sum[name]:,} by the checksum"
            what += f"; {_as_written[name]:,} in the project's own tables taken as written" * (_as_written[name] > 0)
        seen(name, what)
    assert _by_sum["a digit changed"] and _by_sum["two areas' rows swapped"] and _by_sum["rows lost"]


def test_damage_to_a_packed_seed_is_told(kinds: dict[str, Source], seen: Seen) -> None:
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
    seen("the packed file damaged", f"{told:,} of {told:,} refused")


@pytest.mark.parametrize("layout", ["observation", "theme_definition", "area"])
def test_a_file_that_is_not_there_is_told(kinds: dict[str, Source], seen: Seen, layout: str) -> None:
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
    seen("the file gone, empty or a folder", "all refused")


def test_checksums_that_are_gone_are_told(kinds: dict[str, Source], seen: Seen) -> None:
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
                load_source(connection, kinds["theme_definition"])  # the project's own tables need none
                sums.touch()
        finally:
            sums.write_bytes(good)
    seen("the list of checksums gone or cut", "all refused")


def test_the_checksums_are_those_of_the_seeds() -> None:
    """Of every seed that is made from publishers' files; `sha256sum --check` reads them too."""
    lines = (ROOT / "seeds" / registry.SEED_SUMS).read_text(encoding="utf-8").splitlines()
    assert [line.partition("  ")[2] for line in lines] == sorted(s.seed for s in sources().values() if s.reader)
    checked = subprocess.run(["sha256sum", "--check", "--quiet", registry.SEED_SUMS], cwd=ROOT / "seeds")
    assert checked.returncode == 0


def test_new_seeds_killed_half_way_are_not_refused(kinds: dict[str, Source], seen: Seen) -> None:
    """After each of the renames by which new seeds take their places: the last change but one is a kill's."""

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
            fresh[source.seed] = snapshot.write(source.path, text.rpartition("\n")[0].rpartition("\n")[0] + "\n")
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
    seen("new seeds killed while they take their places", f"{moments + 1} of {moments + 1} moments: all seeds load")
