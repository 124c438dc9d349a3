"""Faults and bad input: nothing is lost, nothing half-published, and the user is told file, line and reason.

Belongs here: every case of docs/reliability.md, which this suite writes when MISSIONS_TORTURE is set (`make torture`):
it then tries each case many times more. What each single check of load.py says is in test_load.py, at which calls a
publisher can die is in test_publish.py, what a distributor may send is in test_refresh.py.
"""

import csv
import gzip
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from missions.errors import SeedError
from missions.paths import SEEDS
from missions.publication import folder as publish_module
from missions.publication.folder import current, publish, verify
from missions.sources import registry, snapshot
from missions.sources.load import load_source
from missions.sources.registry import Column, Source, layouts, sources
from tests.conftest import ROOT, copy_project
from tests.publication.test_publish import assert_tidy, build, value_of

Missions = Callable[..., subprocess.CompletedProcess[str]]
Seen = Callable[[str, str], None]

TORTURE = int(os.environ.get("MISSIONS_TORTURE") or 0)  # how many whole runs to kill, and many more tries of all else
PAGE = ROOT / "docs/reliability.md"

REFUSED = "refused with file, line and column"
BY_SUM = "refused, by the checksum where the rules of the layout see nothing"
OLD_STAYS = "the last publication stays whole and in force; the next run needs no cleaning"

# What may happen, and what must follow. A seed that is refused leaves the table of its last good load as it was.
CASES = {
    "Seeds": {
        "a byte flipped": BY_SUM,
        "cut anywhere": BY_SUM,
        "rows lost": BY_SUM,
        "a digit changed": BY_SUM,
        "two cells of a row swapped": BY_SUM,
        "two areas' rows swapped": BY_SUM,
        "a formula in a text": "refused by the checksum; in the project's own tables taken as text, guarded in exports",
        "a formula in a number, date or area": REFUSED,
        "NaN or infinity": REFUSED,
        "a number too large": REFUSED,
        "an unknown area code": REFUSED,
        "an empty cell where one must be filled": REFUSED,
        "a period in the future": REFUSED,
        "a period turned round": REFUSED,
        "a key twice": "refused with file and both lines",
        "a cell too few or too many": "refused with file and line",
        "two columns swapped": "refused with file, line and column",
        "another encoding": "refused with file and line",
        "the packed file damaged": "refused with file and reason",
        "the file gone, empty or a folder": "refused with file and reason",
        "the list of checksums gone or cut": "refused with file and remedy",
        "new seeds killed while they take their places": "no seed is refused: old and new are known until all are in",
    },
    "Kills": {
        "whole runs, SIGKILL at any moment": OLD_STAYS,
        "load and publish of a small project, SIGKILL at any moment": OLD_STAYS,
        "Ctrl-C in a run": "it ends at once, with one line; the last publication stays whole and in force",
    },
    "Disk and files": {
        "disk full while loading and building": "a plain message; the last publication stays whole and in force",
        "folder read-only": "a plain message; the publication can still be read",
        "build file damaged": "built anew",
        "published file damaged": "a plain message; the next run publishes again",
    },
    "Two at once, and readers": {
        "a second run": "turned away with who runs and since when; the first goes on",
        "a reader through twenty publications": "each answer is of one whole publication, and none is refused",
    },
    "Surroundings": {
        "clock moved back": "published and put in force; the last one is kept",
        "path with spaces and other letters, other locale and timezone": "the same figures, value for value",
        "a failure that nobody foresaw": "one line without a traceback, and how to see more",
    },
}  # fmt: skip


INTRODUCTION = """
What was done to the project, what must follow, and what was seen. Made by `make torture`, which runs
`tests/orchestration/test_faults.py` with many more tries than `make test` does; a test holds the cases of this page
against those of the suite. What a distributor may send instead of a file stands in [operations](operations.md); what
the command and the exports are safe from, in [security](security.md).

A seed is refused as a whole: the table of its last good load stays, the run fails, and nothing is published. Its
layout sees what breaks a rule: forms, codes, keys, periods, counts. It cannot see a plausible wrong digit, a row
less, or two areas' rows swapped. `seeds/SHA256SUMS` does, in every seed that is made from publishers' files; `make
docs` records a change made on purpose. The project's own tables are edited by hand and have no checksum: git shows
what changed in them.
"""


@dataclass
class Results:
    """What was seen, case by case, for the page."""

    seen: dict[str, str] = field(default_factory=dict)

    def page(self) -> str:
        lines = [
            "# Reliability",
            "",
            *INTRODUCTION.strip().splitlines(),
            "",
            f"Last made on {date.today():%d %B %Y}.",
        ]
        for group, cases in CASES.items():
            lines += ["", f"## {group}", "", "| Case | Expected | Seen |", "| --- | --- | --- |"]
            lines += [f"| {case} | {expected} | {self.seen[case]} |" for case, expected in cases.items()]
        return "\n".join(lines) + "\n"


_results = Results()


@pytest.fixture
def seen() -> Seen:
    known = {case for cases in CASES.values() for case in cases}

    def record(case: str, what: str) -> None:
        assert case in known, case
        _results.seen[case] = what

    return record


@pytest.mark.skipif(TORTURE, reason="the page is being made")
def test_the_page_has_the_cases_of_the_suite() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    listed = {case: expected for case, expected, _ in rows if case not in ("Case", "---")}
    assert listed == {case: expected for cases in CASES.values() for case, expected in cases.items()}
    assert all(what.strip() for _, _, what in rows)


# --- Seeds --------------------------------------------------------------------------------------------------------

KEPT_ROWS = 40  # of each kind of seed
TRIES = 4 * (1 + TORTURE // 10)  # of each accident to each layout
NOT_NUMBERS = [
    *("NaN", "nan", "Infinity", "-inf", "INF", "1e999", "#N/A", "n/a", "1,5", "1_0", "0x1F", " 1", "=1", "TRUE"),
    *("\u0663", "\u00bd", "\uff11"),  # a three, a half and a one, in other scripts
]
UNKNOWN_AREAS = ["E06999999", "e06000001", "Leeds", "E0600000", "W06000001"]
TOO_LARGE = ["9" * 400, "1" + "0" * 30, "1e400", "-1e999", "9e99999"]
FORMULAS = ["=1+1", "+A1", "-A1", "@SUM(A1)", '"=HYPERLINK(""http://x"",""y"")"']
ENCODINGS = {"utf-16": "", "utf-32": "", "latin-1": "é", "cp1252": "€", "cp037": ""}

Cells = list[list[str]]


@dataclass(frozen=True)
class Accident:
    """Something that happens to a seed: new bytes, or None where this layout has nothing that it could happen to.

    `must_refuse` the rules of the layout alone; `places` the error at a line and, if true of it, a column.
    """

    happen: Callable[[random.Random, Source, Cells], bytes | None]
    must_refuse: bool = False
    has_line: bool = False
    has_column: bool = False


def text_of(cells: Cells) -> bytes:
    """Cells as the seed has them: each already in quotation marks where it needs them."""
    return "".join(",".join(row) + "\n" for row in cells).encode()


def some_row(rng: random.Random, cells: Cells) -> int:
    return rng.randrange(1, len(cells))


def set_cell(rng: random.Random, cells: Cells, columns: list[int], texts: list[str]) -> bytes | None:
    if not columns:
        return None
    cells[some_row(rng, cells)][rng.choice(columns)] = rng.choice(texts)
    return text_of(cells)


def columns_of(source: Source, wanted: Callable[[Column], Any]) -> list[int]:
    return [i for i, column in enumerate(source.layout.columns) if wanted(column)]


def named(source: Source, name: str) -> list[int]:
    return columns_of(source, lambda column: column.name == name)


def flip(rng: random.Random, source: Source, cells: Cells) -> bytes:
    data = bytearray(text_of(cells))
    for _ in range(rng.randint(1, 3)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def cut(rng: random.Random, source: Source, cells: Cells) -> bytes:
    data = text_of(cells)
    return data[: rng.randrange(len(data))]


def lose_rows(rng: random.Random, source: Source, cells: Cells) -> bytes:
    for _ in range(rng.randint(1, len(cells) // 2)):
        del cells[some_row(rng, cells)]
    return text_of(cells)


def change_digit(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    row, columns = some_row(rng, cells), columns_of(source, lambda c: c.type in ("number", "integer"))
    digits = [(c, i) for c in columns for i, letter in enumerate(cells[row][c]) if letter.isdigit()]
    if not digits:
        return None
    column, at = rng.choice(digits)
    old = cells[row][column]
    cells[row][column] = old[:at] + str((int(old[at]) + rng.randint(1, 9)) % 10) + old[at + 1 :]
    return text_of(cells)


def swap_cells(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    row = cells[some_row(rng, cells)]
    if len(row) < 2:
        return None
    one, other = rng.sample(range(len(row)), 2)
    row[one], row[other] = row[other], row[one]
    return text_of(cells)


def swap_areas(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    columns = columns_of(source, lambda c: c.area and c.required)
    if not columns:
        return None
    codes = sorted({row[columns[0]] for row in cells[1:]})
    if len(codes) < 2:
        return None
    one, other = rng.sample(codes, 2)
    for row in cells[1:]:
        row[columns[0]] = {one: other, other: one}.get(row[columns[0]], row[columns[0]])
    return text_of(cells)


def formula_in_text(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    return set_cell(rng, cells, columns_of(source, lambda c: c.type == "text" and not c.area), FORMULAS)


def formula_elsewhere(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    return set_cell(rng, cells, columns_of(source, lambda c: c.type != "text" or c.area), FORMULAS)


def not_a_number(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    return set_cell(
        rng, cells, columns_of(source, lambda c: c.type in ("number", "integer")), [f'"{text}"' for text in NOT_NUMBERS]
    )


def too_large(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    return set_cell(rng, cells, columns_of(source, lambda c: c.type in ("number", "integer")), TOO_LARGE)


def unknown_area(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    return set_cell(
        rng, cells, columns_of(source, lambda c: c.area), ["E06999999", "e06000001", "Leeds", "E0600000", "W06000001"]
    )


def empty_cell(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    return set_cell(rng, cells, columns_of(source, lambda c: c.required), ["", '""'])


def future_period(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    far = [str(date.today() + timedelta(days=days)) for days in (400, 4000)]
    return set_cell(rng, cells, named(source, "period_end_date"), [*far, "2999-12-31"])


def reversed_period(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    start, end = named(source, "period_start_date"), named(source, "period_end_date")
    row = cells[some_row(rng, cells)]
    if not start or row[start[0]] == row[end[0]]:
        return None
    row[start[0]], row[end[0]] = row[end[0]], row[start[0]]
    return text_of(cells)


def double_row(rng: random.Random, source: Source, cells: Cells) -> bytes:
    cells.insert(some_row(rng, cells), cells[some_row(rng, cells)])
    return text_of(cells)


def wrong_count(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    row = cells[some_row(rng, cells)]
    if rng.random() < 0.5:
        row.insert(rng.randrange(len(row) + 1), "")
    elif len(row) > 1:
        del row[rng.randrange(len(row))]
    else:
        return None
    return text_of(cells)


def swap_columns(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    if len(cells[0]) < 2:
        return None
    one, other = rng.sample(range(len(cells[0])), 2)
    for row in cells:
        row[one], row[other] = row[other], row[one]
    return text_of(cells)


def other_encoding(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    encoding, letter = rng.choice(list(ENCODINGS.items()))
    texts = columns_of(source, lambda c: c.type == "text" and not c.area)
    if letter and not texts:
        return None
    if letter:
        cells[some_row(rng, cells)][rng.choice(texts)] = letter
    with suppress(UnicodeEncodeError):
        return text_of(cells).decode().encode(encoding)
    return None


ACCIDENTS = {
    "a byte flipped": Accident(flip),
    "cut anywhere": Accident(cut),
    "rows lost": Accident(lose_rows),
    "a digit changed": Accident(change_digit),
    "two cells of a row swapped": Accident(swap_cells),
    "two areas' rows swapped": Accident(swap_areas),
    "a formula in a text": Accident(formula_in_text),
    "a formula in a number, date or area": Accident(formula_elsewhere, True, True, True),
    "NaN or infinity": Accident(not_a_number, True, True, True),
    "a number too large": Accident(too_large, True, True, True),
    "an unknown area code": Accident(unknown_area, True, True, True),
    "an empty cell where one must be filled": Accident(empty_cell, True, True, True),
    "a period in the future": Accident(future_period, True, True, True),
    "a period turned round": Accident(reversed_period, True, True, True),
    "a key twice": Accident(double_row, True, True),
    "a cell too few or too many": Accident(wrong_count, True, True),
    "two columns swapped": Accident(swap_columns, True, True, True),
    "another encoding": Accident(other_encoding, True, True),
}
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
        (folder / registry.SEED_SUMS).write_text(registry.seed_sums())
    return folder, found


def unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def packed(path: Path, data: bytes) -> bytes:
    return gzip.compress(data, mtime=0) if path.suffix == ".gz" else data


def cells_of(data: bytes) -> Cells:
    """The cells of a sound seed, each as written."""
    rows = list(csv.reader(io.StringIO(data.decode())))
    return [['"' + c.replace('"', '""') + '"' if set(c) & set('",') else c for c in row] for row in rows]


def as_stored(source: Source, data: bytes) -> list[tuple[Any, ...]]:
    """What a table must hold if the file is taken: every cell that it has, by Python's own reader."""
    read: dict[str, Callable[[str], Any]] = {
        "text": str,
        "number": float,
        "integer": int,
        "date": date.fromisoformat,
        "boolean": lambda text: text.lower() == "true",
    }
    _, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    types = [read[column.type] for column in source.layout.columns]
    return [tuple(of(cell) if cell else None for of, cell in zip(types, row, strict=True)) for row in rows]


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


@pytest.mark.parametrize("layout", ["observation", "theme", "area"])
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
                load_source(connection, kinds["theme"])  # the project's own tables need none
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


# --- Kills --------------------------------------------------------------------------------------------------------


def environment(project: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "MISSIONS_HOME": str(project), **more}


def content_hash(published: Path) -> str:
    """The last part of an id is a hash of the tables: the same seeds give the same marts, value for value."""
    return str((published / "current").readlink()).rsplit("-", 1)[1]


def assert_whole(published: Path, council_count: int = 317) -> None:
    """What readers open is one whole publication that answers."""
    in_force = current(published)
    assert in_force is not None
    verify(in_force)
    with duckdb.connect(str(published / "missions_index.duckdb"), read_only=True) as connection:
        counted = connection.execute("SELECT count(*) FROM marts.composite_index").fetchall()
    assert counted == [(council_count,)]


# A name that a path, a shell, SQL and a URL each have trouble with; a language with a capital of its own for i, and a
# place where it is tomorrow already.
STRANGE = "it's Ünï cödé & 100 % ☃"
ELSEWHERE = {"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo"}


@pytest.fixture(scope="module")
def elsewhere(publication: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a publication of its own, at a path with everything in it that paths may have."""
    project = copy_project(tmp_path_factory.mktemp("faults") / STRANGE)
    shutil.copytree(publication, project / "published", symlinks=True)
    with suppress(OSError):  # where the system can make the locale; C is in force where it cannot
        made = ["localedef", "-i", "tr_TR", "-f", "UTF-8", str(project.parent / "locale/tr_TR.UTF-8")]
        (project.parent / "locale").mkdir()
        subprocess.run(made, capture_output=True, timeout=60)
    return project


@pytest.mark.slow
def test_killed_runs_leave_the_last_publication_and_need_no_cleaning(
    elsewhere: Path, missions: Missions, seen: Seen
) -> None:
    """SIGKILL while loading, while dbt runs, while publishing, and at random moments; then a run succeeds as it is.

    All of it at a strange path in a strange locale: the figures are those of the first run all the same.
    """
    published, warehouse = elsewhere / "published", elsewhere / "build/warehouse.duckdb"
    expected, surroundings = content_hash(published), {**ELSEWHERE, "LOCPATH": str(elsewhere.parent / "locale")}
    longest = 40.0
    if TORTURE:
        begun = time.monotonic()
        assert missions("build", home=elsewhere, **surroundings).returncode == 0
        longest = time.monotonic() - begun

    def grown(size: int) -> Callable[[float], bool]:
        # The build file grows from nothing: its size tells how far the run is, without opening it.
        return lambda _: warehouse.exists() and warehouse.stat().st_size > size

    def publishing(_: float) -> bool:
        return any(published.glob("history/.*.partial/missions_index.duckdb"))

    def after(seconds: float) -> Callable[[float], bool]:
        return lambda passed: passed > seconds

    rng = random.Random()
    chosen: list[Callable[[float], bool]] = [grown(2_000_000), grown(40_000_000), publishing]
    moments = [*chosen, *(after(rng.uniform(1, longest)) for _ in range(TORTURE - len(chosen) if TORTURE else 2))]
    killed = ended = 0
    for moment in moments:
        before = str((published / "current").readlink())
        for leftover in (warehouse, warehouse.with_name("warehouse.duckdb.wal")):
            if moment in chosen:
                leftover.unlink(missing_ok=True)
        with subprocess.Popen(
            [sys.executable, "-m", "missions.cli", "build"],
            env=environment(elsewhere, **surroundings),
            cwd=elsewhere,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as run:
            begun = time.monotonic()
            while not moment(time.monotonic() - begun) and run.poll() is None and time.monotonic() < begun + 600:
                time.sleep(0.01)
            if run.poll() is None:
                run.send_signal(signal.SIGKILL)
                killed += 1
            else:
                assert run.returncode == 0, run.stderr and run.stderr.read()
                ended += 1
        if moment in chosen:
            assert run.returncode == -signal.SIGKILL, "the run ended before it could be killed"
            assert str((published / "current").readlink()) == before
        assert content_hash(published) == expected
        assert_whole(published)
    result = missions("build", home=elsewhere, **surroundings)
    assert result.returncode == 0, result.stderr
    assert_whole(published)
    assert not list(published.glob("history/.*")) and not list((elsewhere / "seeds").rglob("*.new"))
    assert content_hash(published) == expected
    more = f" ({ended} more had ended before)" if ended else ""
    seen(
        "whole runs, SIGKILL at any moment",
        f"{killed} of {len(moments)} killed{more}: all whole, the next run published",
    )
    seen(
        "path with spaces and other letters, other locale and timezone",
        f"the same figures at `{STRANGE}` with {ELSEWHERE['LC_ALL']} and {ELSEWHERE['TZ']}",
    )


# Loads six seeds by load.py, makes a mart of them and publishes it, again and again, in a process of its own.
SMALL_PROJECT = """
import sys
from pathlib import Path
import duckdb
from missions.publication.folder import publish
from missions.sources.load import load_source
from missions.sources.registry import sources
folder = Path(sys.argv[1])
chosen = [sources()[i] for i in ("theme", "framework", "hexagon", "county_change", "trafford_cycling", "household")]
while True:
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        for source in chosen:
            load_source(connection, source)
        connection.execute("CREATE SCHEMA IF NOT EXISTS marts")
        connection.execute(
            "CREATE OR REPLACE TABLE marts.composite_index (code text PRIMARY KEY, measure text NOT NULL, value double)"
        )
        connection.execute(
            "INSERT INTO marts.composite_index SELECT area_code || period_end_date || measure, measure, value "
            "FROM raw.trafford_cycling"
        )
    publish(folder / "warehouse.duckdb", folder / "published", attribution="small", keep=3)
    print("published", flush=True)
"""


def test_a_small_project_killed_many_times(tmp_path: Path, seen: Seen) -> None:
    """Each run goes on where the killed one stood, with its build file and its leftovers."""
    kills, published = 10 * TORTURE or 12, tmp_path / "published"
    rows = len((SEEDS / "observations/trafford_cycling.csv").read_bytes().splitlines()) - 1
    rng, publications = random.Random(), set()
    for number in range(kills + 1):
        with subprocess.Popen(
            [sys.executable, "-c", SMALL_PROJECT, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as run:
            assert run.stdout and run.stderr
            # The first must publish for there to be something to lose, the last for the end to be good.
            if number in (0, kills):
                assert run.stdout.readline() == "published\n", run.stderr.read()
            else:
                time.sleep(rng.uniform(0.3, 1.5))
            run.kill()
            errors = run.stderr.read()
        assert "Error" not in errors, errors
        assert_whole(published, rows)
        publications.add(str((published / "current").readlink()))
    hashes = {name.rsplit("-", 1)[1] if name.count("-") == 1 else name.split("-")[1] for name in publications}
    assert len(hashes) == 1
    publish(tmp_path / "warehouse.duckdb", published, attribution="small", keep=3)
    assert_tidy(published)
    seen(
        "load and publish of a small project, SIGKILL at any moment",
        f"{kills} of {kills} killed: all whole, the same figures in {len(publications)} publications",
    )


@pytest.mark.slow
def test_a_run_is_ended_by_the_keyboard(project: Path, tmp_path: Path, seen: Seen) -> None:
    """While it starts, and while it works with threads of Dagster's and DuckDB's."""
    folder = small_publication(project, tmp_path)
    warehouse = project / "build/warehouse.duckdb"
    for begun in (lambda: (project / "build/.run.lock").exists(), warehouse.exists):
        with subprocess.Popen(
            [sys.executable, "-m", "missions.cli", "build"],
            env=environment(project),
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell starts what it puts in the background with Ctrl-C ignored, and children take that over.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as run:
            while not begun() and run.poll() is None:
                time.sleep(0.02)
            time.sleep(1)
            run.send_signal(signal.SIGINT)
            _, said = run.communicate(timeout=10)
        assert (run.returncode, said.strip()) == (130, "Stopped; what was published before is as it was.")
        verify(folder)
        assert current(project / "published") == folder
    seen("Ctrl-C in a run", "as expected, while it starts and while it works")


# --- Disk and files -----------------------------------------------------------------------------------------------


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


def small_publication(project: Path, tmp_path: Path) -> Path:
    """A publication of one small mart in a project's own place."""
    return publish(build(tmp_path / "small.duckdb"), project / "published", attribution="small").path


def assert_plain(result: subprocess.CompletedProcess[str], *words: str) -> None:
    """The command failed, and said why in words."""
    assert result.returncode == 1, result.stdout + result.stderr
    said = result.stdout + result.stderr
    assert "Traceback" not in said, said
    assert any(word in said for word in words), said


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
    seen("folder read-only", "as expected, by `missions load`, `missions build` and `missions sql`")


def test_a_damaged_build_file_is_built_anew(project: Path, missions: Missions, seen: Seen) -> None:
    warehouse = project / "build/warehouse.duckdb"
    warehouse.parent.mkdir()
    for damage in (b"no database at all" * 1000, b""):
        warehouse.write_bytes(damage)
        warehouse.with_name("warehouse.duckdb.wal").write_bytes(b"no log either" * 100)
        loaded = missions("load", home=project)
        assert loaded.returncode == 0, loaded.stderr
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            assert connection.execute("SELECT count(*) FROM raw.theme").fetchall()[0][0] > 10
    seen("build file damaged", "as expected, with other bytes and with none, and a log that is none")


def test_a_damaged_publication_is_told_and_mended(tmp_path: Path, missions: Missions, seen: Seen) -> None:
    published = tmp_path / "published"
    first = publish(build(tmp_path / "build.duckdb", 1), published, attribution="a")
    database = first.path / "missions_index.duckdb"
    good = database.read_bytes()
    for damage in (b"", b"no database" * 500, good[:5000], good[:4000] + bytes(5000) + good[9000:]):
        database.write_bytes(damage)
        told = missions("--published", str(published), "rank")
        assert_plain(told, "missions_index.duckdb", "orrupt", "composite_index", "checksum")
    for value in (2, 3):  # the one just replaced stays for one more
        publish(build(tmp_path / "build.duckdb", value), published, attribution="a", keep=1)
        assert value_of(published / "missions_index.duckdb") == value
    assert_tidy(published)
    seen("published file damaged", "as expected: emptied, overwritten, cut, a hole in it")


# --- Two at once, and readers ---------------------------------------------------------------------------------------

HOLDING = """
import sys
from orchestration.run import only_run
with only_run():
    print("holding", flush=True)
    sys.stdin.readline()
"""


def hold(project: Path) -> subprocess.Popen[str]:
    """A process that has begun a run in this project, and goes on until it is killed."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLDING],
        env=environment(project, PYTHONPATH=str(ROOT)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_second_run_is_turned_away(project: Path, missions: Missions, seen: Seen) -> None:
    for _ in range(2):  # the system lets go of a killed run's lock
        with hold(project) as first:
            assert first.stdout
            assert first.stdout.readline() == "holding\n"
            for command in ("load", "build"):
                told = missions(command, home=project)
                assert_plain(told, f"process {first.pid}")
                assert "Another run is under way" in told.stderr and "Wait until it has ended" in told.stderr
            first.kill()
        assert not (project / "build/warehouse.duckdb").exists()
    seen("a second run", "as expected, by `missions load` and `missions build`; a killed run holds nothing")


HAMMER = """
import sys, duckdb
seen = errors = 0
values = set()
print("reading", flush=True)
while not (values and max(values) >= float(sys.argv[2])):
    with duckdb.connect(sys.argv[1], read_only=True) as connection:
        rows = connection.execute("SELECT count(*), min(value), max(value) FROM marts.indicator_score").fetchall()
        again = connection.execute("SELECT count(*), min(value), max(value) FROM marts.indicator_score").fetchall()
    [(count, least, most)] = rows
    assert rows == again and count == 15 and least == most, (rows, again)
    values.add(least)
    seen += 1
print(seen, len(values), flush=True)
"""


def test_a_reader_through_twenty_publications(tmp_path: Path, seen: Seen) -> None:
    published, number = tmp_path / "published", 20
    publish(build(tmp_path / "build.duckdb", 0), published, attribution="a")
    with subprocess.Popen(
        [sys.executable, "-c", HAMMER, str(published / "missions_index.duckdb"), str(number)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout and reader.stderr
        assert reader.stdout.readline() == "reading\n"
        for value in range(1, number + 1):
            publish(build(tmp_path / "build.duckdb", value), published, attribution="a", keep=3)
        out, errors = reader.communicate(timeout=60)
    assert reader.returncode == 0, errors
    answers, different = map(int, out.split())
    assert answers > number and different > 3
    assert_tidy(published)
    seen("a reader through twenty publications", f"{answers:,} answers from {different} publications, none refused")


# --- Surroundings -------------------------------------------------------------------------------------------------


def test_a_clock_that_is_moved_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: Seen) -> None:
    """A year, and to before the files were taken: the newest is in force whatever its id says."""
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


def test_a_failure_that_nobody_foresaw_is_one_line(tmp_path: Path, seen: Seen) -> None:
    """Whatever breaks, `missions` shows no traceback unless it is asked for one."""
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
    seen("a failure that nobody foresaw", "as expected")


# --- The page -----------------------------------------------------------------------------------------------------


@pytest.mark.slow  # so it comes last
@pytest.mark.skipif(not TORTURE, reason="`make torture` writes the page")
def test_every_case_was_seen() -> None:
    lacking = [case for cases in CASES.values() for case in cases if case not in _results.seen]
    assert lacking == []
    PAGE.write_text(_results.page(), encoding="utf-8")
