"""load.py: good seeds load typed and complete; an error gives file, line, column, value and what was expected."""

import glob
import gzip
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from missions.errors import SeedError
from missions.paths import SEEDS
from missions.sources import load, registry
from missions.sources.load import Loaded, load_all, load_registry, load_source
from missions.sources.registry import Column, Layout, Source, sources

SAMPLE = "observations/trafford_cycling.csv"
COLUMNS = ["area_code", "measure", "period_start_date", "period_end_date", "value", "lower_95", "upper_95", "marker"]
ROWS = 30

Damage = Callable[[list[str]], list[str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A seeds folder with the areas, three of our own tables and the first rows of a statistic."""
    return make_folder(tmp_path / "seeds", monkeypatch)


@pytest.fixture
def sample(folder: Path) -> Source:
    return replace(sources()["trafford_cycling"], min_rows=ROWS - 2)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def make_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own = ("sources.yml", "geography/hexagon.csv", "geography/county_change.csv", "framework/theme_definition.csv")
    for seed in ("geography/area.csv", *own):
        (folder / seed).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SEEDS / seed, folder / seed)
    (folder / SAMPLE).parent.mkdir()
    (folder / SAMPLE).write_bytes(b"".join((SEEDS / SAMPLE).read_bytes().splitlines(keepends=True)[: ROWS + 1]))
    shutil.copy(SEEDS / "sources.yml", folder)
    monkeypatch.setattr(registry, "SEEDS", folder)
    monkeypatch.setattr(load, "_check_sum", lambda source: None)  # the other checks are tested here
    return folder


def damage(source: Source, change: Damage) -> None:
    lines = source.path.read_text(encoding="utf-8").split("\n")
    source.path.write_text("\n".join(change(lines)), encoding="utf-8", newline="")


def cell(line: int, column: str, text: str) -> Damage:
    """Replace the text of a cell; line 1 is the header."""

    def change(lines: list[str]) -> list[str]:
        cells = lines[line - 1].split(",")
        cells[COLUMNS.index(column)] = text
        return [*lines[: line - 1], ",".join(cells), *lines[line:]]

    return change


def whole_line(line: int, *texts: str) -> Damage:
    """Replace one line with any number of lines."""
    return lambda lines: [*lines[: line - 1], *texts, *lines[line:]]


def header(*names: str) -> Damage:
    return whole_line(1, ",".join(names))


def fails(connection: duckdb.DuckDBPyConnection, source: Source) -> SeedError:
    """The error of a load that must fail and leave the table unchanged."""
    query = f"SELECT * FROM raw.{source.source_id}"
    before = connection.execute(query).fetchall()
    with pytest.raises(SeedError) as caught:
        load_source(connection, source)
    assert connection.execute(query).fetchall() == before
    assert str(caught.value).startswith(f"seeds/{source.seed}")
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_good_seed_loads_typed_complete_and_in_order(connection: duckdb.DuckDBPyConnection, sample: Source) -> None:
    loaded = load_source(connection, sample)
    assert loaded == Loaded(
        "trafford_cycling", ROWS, tuple(COLUMNS), sample.path.stat().st_size, load.sha256(sample.path), True
    )
    table = connection.table("raw.trafford_cycling")
    assert table.columns == COLUMNS
    assert list(map(str, table.types)) == [
        "VARCHAR",
        "VARCHAR",
        "DATE",
        "DATE",
        "DOUBLE",
        "DOUBLE",
        "DOUBLE",
        "VARCHAR",
    ]
    written = [line.split(",") for line in sample.path.read_text(encoding="utf-8").splitlines()[1:]]
    assert table.fetchall() == [
        (a, m, date.fromisoformat(s), date.fromisoformat(e), *(float(n) if n else None for n in numbers), mark or None)
        for a, m, s, e, *numbers, mark in written
    ]
    assert connection.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchall() == [(0,)]


def test_a_newer_seed_replaces_the_table(connection: duckdb.DuckDBPyConnection, sample: Source) -> None:
    load_source(connection, sample)
    damage(sample, lambda lines: [*lines[:-2], ""])
    assert load_source(connection, sample).rows == ROWS - 1
    assert connection.table("raw.trafford_cycling").count("*").fetchall() == [(ROWS - 1,)]


def test_every_type_is_stored_as_such(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    layout = Layout("types", "", ("n",), tuple(Column(t[0], t, "") for t in ("number", "integer", "date", "boolean")))
    layout = replace(layout, columns=(*layout.columns, Column("text", "text", "")))
    source = replace(sources()["theme_definition"], layout=layout, min_rows=1)
    source.path.write_text('n,i,d,b,text\n-1.5e-3,-7,2024-02-29,True,"=1+1, ""é"""\n"",,,,""\n', encoding="utf-8")
    load_source(connection, source)
    table = connection.table("raw.theme_definition")
    assert list(map(str, table.types)) == ["DOUBLE", "BIGINT", "DATE", "BOOLEAN", "VARCHAR"]
    assert table.fetchall() == [(-0.0015, -7, date(2024, 2, 29), True, '=1+1, "é"'), (None,) * 5]
    source.path.write_text("n,i,d,b,text\n1,2,2024-02-29,yes,\n", encoding="utf-8")
    assert "line 2, column b: expected true or false, found 'yes'" in str(fails(connection, source))


def test_a_load_leaves_the_table_as_parquet_for_other_engines(tmp_path: Path, sample: Source) -> None:
    """Only in the folder raw beside the build file: a seed that fails leaves the last good file."""
    build = tmp_path / "it's [a] build"
    build.mkdir()
    with duckdb.connect(str(build / "warehouse.duckdb")) as connection:
        load_source(connection, sample)
        read = connection.read_parquet(glob.escape(str(build / "raw/trafford_cycling.parquet")))
        table = connection.table("raw.trafford_cycling")
        assert (read.columns, read.types, read.fetchall()) == (table.columns, table.types, table.fetchall())
        before = {file.name: file.read_bytes() for file in (build / "raw").iterdir()}
        assert list(before) == ["trafford_cycling.parquet"]
        damage(sample, cell(5, "value", "n/a"))
        fails(connection, sample)
    assert {file.name: file.read_bytes() for file in (build / "raw").iterdir()} == before


def test_an_unchanged_seed_is_not_read_again(tmp_path: Path, sample: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its table is made from its Parquet file, whatever has become of the table."""
    read: list[str] = []
    reading = load._read
    monkeypatch.setattr(load, "_read", lambda c, source: (read.append(source.source_id), reading(c, source)))
    file = tmp_path / "raw/trafford_cycling.parquet"
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        first = load_source(connection, sample)
        table = connection.table("raw.trafford_cycling").fetchall()
        connection.execute("DELETE FROM raw.trafford_cycling")
        read.clear()
        assert load_source(connection, sample) == first
        assert connection.table("raw.trafford_cycling").fetchall() == table
        assert not read
        for change in (
            lambda: damage(sample, lambda lines: [*lines[:-2], ""]),
            lambda: monkeypatch.setattr(load, "_area_codes", lambda: frozenset(line[0] for line in table)),
            lambda: monkeypatch.setattr(duckdb, "__version__", "another"),
            lambda: file.write_bytes(file.read_bytes()[:500]),
            file.unlink,
        ):
            read.clear()
            change()
            load_source(connection, sample)
            assert read.count(sample.source_id) == 1
        read.clear()
        load_source(connection, replace(sample, layout=replace(sample.layout, description="another")))
        assert read.count(sample.source_id) == 1


@pytest.mark.parametrize(
    "before, newline", [(b"\xef\xbb\xbf", b"\n"), (b"", b"\r\n")], ids=["byte order mark", "Windows"]
)
def test_what_spreadsheets_write_loads_the_same(
    connection: duckdb.DuckDBPyConnection, sample: Source, before: bytes, newline: bytes
) -> None:
    load_source(connection, sample)
    good = connection.table("raw.trafford_cycling").fetchall()
    sample.path.write_bytes(before + sample.path.read_bytes().replace(b"\n", newline))
    load_source(connection, sample)
    assert connection.table("raw.trafford_cycling").fetchall() == good
    damage(sample, cell(5, "value", "n/a"))
    assert fails(connection, sample).line == 5


@pytest.mark.parametrize(
    "change, line, column, message",
    [
        # The header.
        (header(*COLUMNS[:4], "valeu", *COLUMNS[5:]), 1, "value", "column 5: expected 'value', found 'valeu'"),
        (header(*COLUMNS[:4], *COLUMNS[5:]), 1, "value", "column 5: expected 'value', found 'lower_95'"),
        (header(*COLUMNS[:-1]), 1, "marker", "column 8: expected 'marker', found nothing"),
        (header(*COLUMNS, "note"), 1, None, "column 9: expected nothing, found 'note'"),
        (header("measure", "area_code", *COLUMNS[2:]), 1, "area_code", f"must be '{','.join(COLUMNS)}'"),
        (lambda lines: lines[1:], 1, "area_code", "column 1: expected 'area_code', found 'E06000001'"),
        # Lines.
        (lambda lines: lines[:-1], ROWS + 1, None, "the file is truncated: its last line has no line break"),
        (whole_line(7, "E06000007,Cycling"), 7, None, "expected 8 cells, found 2"),
        (lambda lines: [*lines[:6], lines[6] + ",", *lines[7:]], 7, None, "expected 8 cells, found 9"),
        (whole_line(7, "", ""), 7, None, "expected 8 cells, found 0"),
        (
            lambda lines: [*lines[:9], ""],
            None,
            None,
            f"expected at least {ROWS - 2} rows, found 8",
        ),
        (cell(4, "measure", '"a\nb"'), 4, None, "a quoted cell must end on its own line"),
        (cell(4, "measure", '"a'), 4, None, "a quoted cell must end on its own line"),
        (cell(4, "measure", '"a"b'), 4, None, "misplaced quotation mark"),
        (cell(4, "measure", ' "a"b'), None, None, "DuckDB cannot read the file"),
        (cell(4, "measure", "a\rb"), 4, None, "stray line break '\\r'"),
        (cell(4, "measure", "a\0b"), 4, None, "control character '\\x00': the file is damaged or not text"),
        # Cells.
        (cell(3, "value", "NaN"), 3, "value", "expected a number such as 12.5, found 'NaN'"),
        (cell(3, "value", "-Infinity"), 3, "value", "expected a number such as 12.5, found '-Infinity'"),
        (cell(3, "value", "1e999"), 3, "value", "expected a number such as 12.5, found '1e999'"),
        (cell(3, "value", '"1,5"'), 3, "value", "expected a number such as 12.5, found '1,5'"),
        (cell(3, "value", '"1,234"'), 3, "value", "expected a number such as 12.5, found '1,234'"),
        (cell(3, "value", " 5"), 3, "value", "expected a number such as 12.5, found ' 5'"),
        (cell(3, "value", "1_000"), 3, "value", "expected a number such as 12.5, found '1_000'"),
        (cell(3, "upper_95", "[x]"), 3, "upper_95", "expected a number such as 12.5, found '[x]'"),
        (
            cell(3, "period_end_date", "31/12/2023"),
            3,
            "period_end_date",
            "expected a date such as 2024-12-31, found '31/12/2023'",
        ),
        (
            cell(3, "period_end_date", "2023-02-30"),
            3,
            "period_end_date",
            "expected a date such as 2024-12-31, found",
        ),
        (
            cell(3, "period_end_date", "2021-01-01"),
            3,
            "period_end_date",
            "expected a date on or after period_start_date, found '2021-01-01'",
        ),
        (
            cell(3, "period_end_date", ""),
            3,
            "period_end_date",
            "2024-12-31, found an empty cell",
        ),
        (cell(3, "measure", '""'), 3, "measure", "expected text, found an empty cell"),
        (
            cell(3, "area_code", "E0600002"),
            3,
            "area_code",
            "seeds/geography/area.csv, found 'E0600002'",
        ),
        (cell(3, "area_code", "E06000002 "), 3, "area_code", "(did you mean 'E06000002'?)"),
        (cell(3, "area_code", "Leeds"), 3, "area_code", "(add new codes there first)"),
        (lambda lines: cell(9, "value", "x")(cell(3, "value", "y")(lines)), 3, "value", "1 more line has this fault"),
        (lambda lines: [*lines[:9], lines[3], *lines[9:]], 10, None, "duplicate key (first on line 4): area_code 'E06"),
    ],
)
def test_a_fault_says_where_and_what(
    connection: duckdb.DuckDBPyConnection,
    sample: Source,
    change: Damage,
    line: int | None,
    column: str | None,
    message: str,
) -> None:
    load_source(connection, sample)
    damage(sample, change)
    error = fails(connection, sample)
    assert message in str(error)
    assert (error.path, error.line, error.column) == (f"seeds/{SAMPLE}", line, column)
    assert (f", line {line}" in str(error)) == (line is not None)
    assert (f", column {column}" in str(error)) == (column is not None)
    assert str(error).endswith("Restore the file from git, or regenerate it with `missions snapshot`.")


@pytest.mark.parametrize("text", ["1.0", "1e3", "9223372036854775808", "two", "0x10"])
def test_a_whole_number_has_no_other_form(connection: duckdb.DuckDBPyConnection, folder: Path, text: str) -> None:
    hexagon = sources()["hexagon"]
    load_source(connection, hexagon)
    damage(hexagon, whole_line(3, f"E06000002,{text},4"))
    assert f"line 3, column hexagon_column: expected a whole number such as 12, found '{text}'" in str(
        fails(connection, hexagon)
    )


def test_keys_are_compared_as_values_and_an_empty_part_counts(
    connection: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    layout = Layout("k", "", ("a", "b"), (Column("a", "integer", "", required=True), Column("b", "text", "")))
    source = replace(sources()["theme_definition"], layout=layout, min_rows=1)
    source.path.write_text("a,b\n1,\n1,x\n", encoding="utf-8")
    load_source(connection, source)
    source.path.write_text("a,b\n1,\n1,x\n01,\n", encoding="utf-8")
    assert "line 4: duplicate key (first on line 2): a '1', b nothing" in str(fails(connection, source))


@pytest.mark.parametrize(
    "data, message",
    [
        (None, ": the file is missing"),
        (b"", ": the file is empty"),
        (b"theme_id,definition\na,A\nb,caf\xe9\n", ", line 3: byte 0xe9 is not UTF-8 text"),
        ("theme_id,definition\n".encode("utf-16"), ", line 1: the file is UTF-16 text"),
        (b"theme_id,definition\n", ": expected at least 1 rows, found 0"),
        (b"theme_id,definiti", ", line 1, column definition: column 2: expected 'definition', found 'definiti'"),
        (b"theme_id,definition\na, \"b\nb,c\" \n", "DuckDB reads 1 rows from 3 lines"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_an_error(
    connection: duckdb.DuckDBPyConnection, folder: Path, data: bytes | None, message: str
) -> None:
    theme = replace(sources()["theme_definition"], min_rows=1)
    load_source(connection, theme)
    theme.path.unlink()
    if data is not None:
        theme.path.write_bytes(data)
    error = fails(connection, theme)
    assert message in str(error)
    assert str(error).endswith("Correct the file, or restore it from git.")  # it has no reader to regenerate it


def test_a_folder_in_place_of_the_file_is_an_error(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    theme = sources()["theme_definition"]
    load_source(connection, theme)
    theme.path.unlink()
    theme.path.mkdir()
    assert "the file cannot be read (Is a directory)" in str(fails(connection, theme))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-40],
        lambda data: data[:200],
        lambda data: data[:99] + b"\xff\xff" + data[101:],
        lambda _: b"x",
    ],
    ids=["cut at the end", "cut early", "changed", "no gzip"],
)
def test_a_compressed_seed(
    connection: duckdb.DuckDBPyConnection, sample: Source, spoil: Callable[[bytes], bytes]
) -> None:
    packed = replace(sample, seed=SAMPLE + ".gz")
    data = gzip.compress(sample.path.read_bytes())
    packed.path.write_bytes(data)
    assert load_source(connection, packed).rows == ROWS
    packed.path.write_bytes(spoil(data))
    assert "the compressed file is truncated or damaged" in str(fails(connection, packed))


def test_without_a_valid_list_of_areas_the_others_load_unchecked(
    connection: duckdb.DuckDBPyConnection, sample: Source
) -> None:
    damage(sample, cell(3, "area_code", "Leeds"))
    area = sources()["area"]
    good = area.path.read_bytes()
    for spoilt in (good[:-7], None):
        area.path.unlink()
        if spoilt is not None:
            area.path.write_bytes(spoilt)
        assert not load_source(connection, sample).area_codes_checked
        assert load_source(
            connection, sources()["theme_definition"]
        ).area_codes_checked  # it has no area codes to check
        with pytest.raises(SeedError, match=r"seeds/geography/area\.csv"):
            load_source(connection, area)
        area.path.write_bytes(good)
    with pytest.raises(SeedError, match="'Leeds'"):
        load_source(connection, sample)


def test_load_all_lists_every_failure_and_loads_the_rest(
    connection: duckdb.DuckDBPyConnection, sample: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = {i: sources()[i] for i in ("area", "hexagon", "theme_definition", "county_change")} | {
        "trafford_cycling": sample
    }
    monkeypatch.setattr(registry, "sources", lambda: some)
    reported: list[str] = []
    assert [loaded.source_id for loaded in load_all(connection)] == [*some, "source_file"]
    damage(sample, cell(3, "value", "x"))
    some["hexagon"].path.unlink()
    with pytest.raises(SeedError) as caught:
        load_all(connection, lambda loaded: reported.append(loaded.source_id))
    assert reported == ["area", "theme_definition", "county_change", "source_file"]
    first, *lines = str(caught.value).splitlines()
    assert first == "seeds: 2 of 6 tables could not be loaded"
    assert [line.split(":")[0] for line in lines] == [
        "seeds/geography/hexagon.csv",
        f"seeds/{SAMPLE}, line 3, column value",
    ]


def test_the_registry_is_a_table(connection: duckdb.DuckDBPyConnection) -> None:
    loaded = load_registry(connection)
    table = connection.table("raw.source_file")
    assert tuple(table.columns) == loaded.columns
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.fetchall()]
    assert rows == list(registry.source_file_rows())
    assert loaded.rows == len(rows)


def test_the_registry_needs_our_own_seeds(
    connection: duckdb.DuckDBPyConnection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme = sources()["theme_definition"]
    monkeypatch.setattr(registry, "sources", lambda: {"theme_definition": theme})
    theme.path.unlink()
    with pytest.raises(SeedError, match=r"seeds/framework/theme_definition\.csv: the file is missing"):
        load_registry(connection)


def test_every_seed_of_the_project_loads(connection: duckdb.DuckDBPyConnection) -> None:
    results = load_all(connection)
    assert [loaded.source_id for loaded in results] == [*sources(), "source_file"]
    for loaded in results[:-1]:
        path = sources()[loaded.source_id].path
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        assert connection.table(f"raw.{loaded.source_id}").count("*").fetchall() == [(data.count(b"\n") - 1,)]
        assert (loaded.rows, loaded.area_codes_checked) == (data.count(b"\n") - 1, True)


@st.composite
def damaged(draw: st.DrawFn, good: bytes) -> bytes:
    """The bytes after one to three accidents: truncation, changed byte, lost span, swapped cells or repeated line."""
    for _ in range(draw(st.integers(1, 3))):
        at, to = sorted((draw(st.integers(0, len(good))), draw(st.integers(0, len(good)))))
        accident = draw(st.sampled_from(["cut", "change", "lose", "swap", "double"]))
        if accident == "cut":
            good = good[:at]
        elif accident == "change":
            good = (
                good[:at]
                + draw(st.sampled_from([b'"', b",", b"\n", b"\r", b"\0", b" ", b"\xff", b"9"]))
                + good[at + 1 :]
            )
        elif accident == "lose":
            good = good[:at] + good[min(to, at + 200) :]
        elif accident == "swap":
            cells = good.split(b",")
            one, other = at % len(cells), to % len(cells)
            cells[one], cells[other] = cells[other], cells[one]
            good = b",".join(cells)
        else:
            lines = good.splitlines(keepends=True)
            good = b"".join([*lines, lines[at % len(lines)]]) if lines else good
    return good


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_damage_of_any_kind_is_an_error_or_harmless(suffix: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.MonkeyPatch.context() as patch, duckdb.connect() as connection:
        folder = make_folder(tmp_path_factory.mktemp("damage") / "seeds", patch)
        source = replace(sources()["trafford_cycling"], seed=SAMPLE + suffix, min_rows=1)
        good = (folder / SAMPLE).read_bytes()

        @settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
        @given(damaged(gzip.compress(good) if suffix else good))
        def check(data: bytes) -> None:
            source.path.write_bytes(data)
            try:
                loaded = load_source(connection, source)
            except SeedError as error:
                assert str(error).startswith(f"seeds/{source.seed}")
            else:
                text = gzip.decompress(data) if suffix else data
                assert loaded.rows == text.count(b"\n") - 1

        check()
