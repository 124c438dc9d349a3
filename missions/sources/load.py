"""Loading: a seed file in, one checked and typed table `raw.<source_id>` out, as Parquet and in the build file.

Belongs here: reading a seed, checking it against its layout, saying in plain words what is wrong with it, and the table
of the registry itself. The Parquet files stand in the folder `raw` beside the build file: Spark reads them. No Dagster
(that is for the assets) and no cleaning of figures (that is for dbt's staging).
"""

from __future__ import annotations

import csv
import difflib
import glob
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path

import duckdb

from missions.errors import RegistryError, SeedError
from missions.files import sha256
from missions.paths import SEEDS
from missions.sources import registry
from missions.sources.registry import RAW_SOURCE, SOURCE_FILE, Column, Layout, Source
from missions.sql import quoted_name, quoted_text


@dataclass(frozen=True)
class Loaded:
    """What a load did. `area_codes_checked` is false only where the list of areas could not itself be read."""

    source_id: str
    rows: int
    columns: tuple[str, ...]
    bytes: int
    sha256: str
    area_codes_checked: bool


@dataclass(frozen=True)
class _Type:
    """How a layout's type is stored, and how a seed writes it: DuckDB's own casts would let ' 5' and NaN pass."""

    sql: str
    pattern: str
    expected: str


_TYPES = {
    "text": _Type("VARCHAR", "", "a text"),
    # The digits are bounded so that every number is finite as a double.
    "number": _Type("DOUBLE", r"-?[0-9]{1,20}(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?", "a number such as 12.5"),
    "integer": _Type("BIGINT", "-?[0-9]+", "a whole number such as 12"),
    "date": _Type("DATE", "[12][0-9]{3}-[0-9]{2}-[0-9]{2}", "a date such as 2024-12-31"),
    "boolean": _Type("BOOLEAN", "(?i:true|false)", "true or false"),
}


@dataclass(frozen=True)
class _Check:
    """What must hold for a column: a SQL condition that finds the cells in breach, and what belongs in them."""

    column: str
    breach: str
    expected: str
    known: frozenset[str] = frozenset()  # among which a likely slip of the pen is looked up


_LARGEST_SEED = 500_000_000  # bytes, unpacked; the largest seed in use has a tenth of it
_FURTHEST_AHEAD = timedelta(days=366)  # a period may end after the day of the snapshot: an estimate for this year
_CONTROL_CHARACTER = re.compile(r"[\x00-\x08\n-\x1f]")  # all but the tab


def load_source(connection: duckdb.DuckDBPyConnection, source: Source) -> Loaded:
    """Check the seed and replace `raw.<source_id>` with it, rows in file order.

    Raises SeedError for the first fault; the table of the last good load is then left as it was.
    """
    columns = source.layout.columns
    has_areas = any(column.area for column in columns)
    areas = _area_codes() if has_areas else None
    try:
        _read(connection, source)
        _check_cells(connection, source, areas)
        _check_sum(source)
        typed = ", ".join(f"{_typed(c)} AS {quoted_name(c.name)}" for c in columns)
        rows = _replace_table(connection, source.source_id, f"SELECT {typed} FROM temp.seed_text")
    finally:
        connection.execute("DROP TABLE IF EXISTS temp.seed_text")
    return _loaded(source.source_id, source.layout, rows, source.path, not has_areas or areas is not None)


def load_registry(connection: duckdb.DuckDBPyConnection) -> Loaded:
    """Replace `raw.source_file` with the registry of sources."""
    layout = registry.layouts()[SOURCE_FILE]
    for source in registry.sources().values():
        if not source.files and not source.path.is_file():
            raise _fault(source, "the file is missing, so the registry has no checksum for it")
    rows = list(registry.source_file_rows())
    texts = [[None if row[c.name] is None else str(row[c.name]) for row in rows] for c in layout.columns]
    typed = ", ".join(
        f"CAST(unnest(CAST(? AS VARCHAR[])) AS {_TYPES[c.type].sql}) AS {quoted_name(c.name)}" for c in layout.columns
    )
    loaded = _replace_table(connection, SOURCE_FILE, f"SELECT {typed}", texts)
    return _loaded(SOURCE_FILE, layout, loaded, SEEDS / "sources.yml", True)


def load_all(
    connection: duckdb.DuckDBPyConnection, report: Callable[[Loaded], None] = lambda loaded: None
) -> list[Loaded]:
    """Load every source and the registry, and tell `report` of each.

    What is good is loaded even where other seeds fail; then one SeedError lists all the failures, a line each.
    """
    results: list[Loaded] = []
    failures: list[SeedError] = []
    for source in [*registry.sources().values(), None]:
        try:
            results.append(load_source(connection, source) if source else load_registry(connection))
        except SeedError as error:
            failures.append(error)
        else:
            report(results[-1])
    if failures:
        counted = f"{len(failures)} of {len(failures) + len(results)} tables could not be loaded"
        raise SeedError("seeds", "\n".join([counted, *map(str, failures)]))
    return results


def _read(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Put the seed into temp.seed_text, all cells as text and every row with its line in the file."""
    lines = _check_lines(source)
    columns = {c.name: "VARCHAR" for c in source.layout.columns}
    try:
        [(rows,)] = connection.execute(
            "CREATE OR REPLACE TEMP TABLE seed_text AS "
            "SELECT row_number() OVER () + 1 AS seed_line, * "
            f"FROM read_csv($path, columns = {columns}, auto_detect = false, header = true, strict_mode = true, "
            "delim = ',', quote = '\"', escape = '\"', nullstr = '')",
            {"path": glob.escape(str(source.path))},
        ).fetchall()
    except duckdb.Error as error:
        raise _fault(source, f"DuckDB cannot read the file ({str(error).splitlines()[0]})") from error
    if rows != lines - 1:  # a quotation mark after a space can join lines; no line number would be right from there on
        raise _fault(source, f"DuckDB reads {rows} rows from {lines} lines; a quotation mark may be out of place")


def _check_lines(source: Source) -> int:
    """Check that the file is whole and that every line has the layout's cells. Gives the number of lines.

    DuckDB alone would skip an empty line, take a comma too many at a line's end, and join a cell that is broken over
    lines to one row; each would pass unseen or put the line numbers wrong.
    """
    names = [c.name for c in source.layout.columns]
    text = seed_text(source)
    lines = text.split("\r\n" if text.partition("\n")[0].endswith("\r") else "\n")
    found = [name.strip('"') for name in lines[0].split(",")]
    for position, (has, belongs) in enumerate(zip_longest(found, names), 1):
        if has != belongs:
            raise _fault(
                source,
                f"column {position} is {_shown(has)} where {_shown(belongs)} belongs; the header is "
                f"{_shown(lines[0], 400)} and must be {','.join(names)!r}",
                1,
                belongs,
            )
    rest = lines.pop()
    if rest:
        raise _fault(source, "the file is cut short: its last line does not end with a line break", len(lines) + 1)
    for line, content in enumerate(lines, 1):
        if stray := _CONTROL_CHARACTER.search(content):
            raise _fault(source, f"a stray line break or control character ({stray[0]!r})", line)
    reader = csv.reader(lines, strict=True)
    line = 1
    try:
        for cells in reader:
            if reader.line_num != line:
                raise csv.Error("line break inside a cell")
            if len(cells) != len(names):
                raise _fault(source, f"{len(cells)} cells where {len(names)} belong", line)
            line += 1
    except csv.Error as error:
        raise _fault(
            source, f"a quotation mark out of place; a quoted cell must close in its own line ({error})", line
        ) from error
    if len(lines) - 1 < source.min_rows:
        raise _fault(
            source,
            f"{len(lines) - 1} rows where at least {source.min_rows} are expected (min_rows in seeds/sources.yml); "
            "the file may be cut short",
        )
    return len(lines)


def seed_text(source: Source) -> str:
    """The seed's text, decompressed."""
    try:
        data = source.path.read_bytes()
    except FileNotFoundError as error:
        raise _fault(source, "the file is missing") from error
    except OSError as error:
        raise _fault(source, f"the file cannot be read ({error.strerror})") from error
    if source.path.suffix == ".gz":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                data = stream.read(_LARGEST_SEED + 1)
        except (EOFError, OSError, zlib.error) as error:
            raise _fault(source, f"the compressed file is cut short or damaged ({error})") from error
    if len(data) > _LARGEST_SEED:
        raise _fault(source, f"the file holds more than {_LARGEST_SEED // 1_000_000:,} million bytes")
    if not data:
        raise _fault(source, "the file is empty")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _fault(source, f"byte 0x{data[error.start]:02x} is not UTF-8 text", line) from error


def _check_cells(connection: duckdb.DuckDBPyConnection, source: Source, areas: frozenset[str] | None) -> None:
    """Check temp.seed_text against the layout. One query finds the first line in breach of each check."""
    checks = list(_checks(source, areas))
    parameters = {"areas": list(areas or ())} if any(check.known for check in checks) else {}
    first_lines = ", ".join(f"min(seed_line) FILTER (WHERE {check.breach})" for check in checks)
    [found] = connection.execute(f"SELECT {first_lines} FROM temp.seed_text", parameters).fetchall()
    breaches = [(line, check) for line, check in zip(found, checks, strict=True) if line is not None]
    if breaches:
        line, check = min(breaches, key=lambda breach: breach[0])
        raise _breach(connection, source, line, check)
    key = [c for c in source.layout.columns if c.name in source.layout.key]
    duplicate = connection.execute(
        f"SELECT {', '.join(map(_typed, key))}, min(seed_line), max(seed_line) AS last_line FROM temp.seed_text "
        "GROUP BY ALL HAVING count(*) > 1 ORDER BY last_line LIMIT 1"
    ).fetchone()
    if duplicate:
        *values, first, last = duplicate
        cells = ", ".join(f"{c.name} {_shown(v)}" for c, v in zip(key, values, strict=True))
        raise _fault(source, f"the same key as line {first} ({cells}); only one row may have it", last)


def _check_sum(source: Source) -> None:
    """Check that a publisher's figures are those that were recorded: a wrong digit breaks no rule of a layout.

    The project's own tables have no reader and are edited by hand; a seed elsewhere is not one in use.
    """
    if not source.reader or Path(source.seed).is_absolute():
        return
    try:
        recorded = registry.recorded_sums().get(source.seed, set())
    except RegistryError as error:
        raise SeedError(f"seeds/{source.seed}", str(error)) from error
    found = sha256(source.path)
    if found not in recorded:
        has = " or ".join(f"{digest[:12]}…" for digest in sorted(recorded)) or "none"
        raise _fault(
            source,
            f"well formed, but not the file that was recorded: its sha256 is {found[:12]}… and seeds/"
            f"{registry.SEED_SUMS} has {has}. If it was changed on purpose, `make docs` records it",
        )


def _checks(source: Source, areas: frozenset[str] | None) -> Iterator[_Check]:
    for column in source.layout.columns:
        cell, form = quoted_name(column.name), _TYPES[column.type]
        if column.required:
            yield _Check(column.name, f"{cell} IS NULL", form.expected)
        if form.pattern:
            well_formed = f"regexp_full_match({cell}, '{form.pattern}') AND TRY_CAST({cell} AS {form.sql}) IS NOT NULL"
            yield _Check(column.name, f"{cell} IS NOT NULL AND NOT ({well_formed})", form.expected)
        if column.area and areas is not None:
            listed = "(SELECT unnest($areas))"
            yield _Check(column.name, f"{cell} NOT IN {listed}", "an area code of seeds/geography/area.csv", areas)
    names = {column.name for column in source.layout.columns}
    if {"period_start_date", "period_end_date"} <= names:
        before = "TRY_CAST(period_end_date AS DATE) < TRY_CAST(period_start_date AS DATE)"
        yield _Check("period_end_date", before, "a date not before period_start_date")
    if "period_end_date" in names:
        # A clock that is wrong lets pass what the snapshot's own day lets pass.
        latest = max(source.snapshot_date, date.today()) + _FURTHEST_AHEAD
        later = f"TRY_CAST(period_end_date AS DATE) > DATE '{latest}'"
        yield _Check("period_end_date", later, f"a date not after {latest}, a year ahead,")
    if "period_end_date" in names and source.first_period_end:
        earlier = f"TRY_CAST(period_end_date AS DATE) < DATE '{source.first_period_end}'"
        expected = f"a date not before {source.first_period_end} (first_period_end in seeds/sources.yml)"
        yield _Check("period_end_date", earlier, expected)


def _breach(connection: duckdb.DuckDBPyConnection, source: Source, line: int, check: _Check) -> SeedError:
    parameters = {"areas": list(check.known)} if check.known else {}
    [(value, count)] = connection.execute(
        f"SELECT min_by(coalesce({quoted_name(check.column)}, ''), seed_line), count(*) FROM temp.seed_text "
        f"WHERE {check.breach}",
        parameters,
    ).fetchall()
    near = difflib.get_close_matches(value, check.known, n=1, cutoff=0.85)
    more = f", and in {count - 1:,} more lines" if count > 1 else ""
    hint = f" (perhaps {near[0]})" if near else " (list it there first if it is new)" if check.known else ""
    return _fault(source, f"{_shown(value)} where {check.expected} belongs{hint}{more}", line, check.column)


@lru_cache(maxsize=1)
def _area_codes_at(path: Path, modified_ns: int) -> frozenset[str] | None:
    """The codes in area.csv, or None where it has a fault, which its own load reports. Arguments: the cache's key."""
    with duckdb.connect() as connection:
        try:
            source = registry.sources()["area"]
            _read(connection, source)
            _check_cells(connection, source, None)
        except SeedError:
            return None
        return frozenset(code for (code,) in connection.execute("SELECT area_code FROM temp.seed_text").fetchall())


def _area_codes() -> frozenset[str] | None:
    """Every code that a seed may carry, from the seed itself: no raw table then has to wait for another."""
    path = registry.sources()["area"].path
    try:
        return _area_codes_at(path, path.stat().st_mtime_ns)
    except OSError:
        return None


def _replace_table(
    connection: duckdb.DuckDBPyConnection, name: str, query: str, parameters: Sequence[object] = ()
) -> int:
    """Replace a raw table by the query's rows, in one statement and so in one transaction. Gives the number of rows.

    The rows go to a Parquet file that both engines read, and from there to the table. A database in memory has none.
    """
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {RAW_SOURCE}")
    [(database,)] = connection.execute(
        "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
    ).fetchall()
    if database:
        folder = Path(database).with_name(RAW_SOURCE)
        folder.mkdir(exist_ok=True)
        file, unfinished = folder / f"{name}.parquet", folder / f"{name}.parquet.part"
        try:
            connection.execute(f"COPY ({query}) TO {quoted_text(unfinished)} (FORMAT parquet)", parameters)
            unfinished.replace(file)
        finally:
            unfinished.unlink(missing_ok=True)
        query, parameters = f"FROM read_parquet({quoted_text(glob.escape(str(file)))})", ()
    [(rows,)] = connection.execute(
        f"CREATE OR REPLACE TABLE {RAW_SOURCE}.{quoted_name(name)} AS {query}", parameters
    ).fetchall()
    return int(rows)


def _loaded(source_id: str, layout: Layout, rows: int, path: Path, area_codes_checked: bool) -> Loaded:
    columns = tuple(column.name for column in layout.columns)
    return Loaded(source_id, rows, columns, path.stat().st_size, sha256(path), area_codes_checked)


def _fault(source: Source, problem: str, line: int | None = None, column: str | None = None) -> SeedError:
    if source.reader:
        remedy = "Restore the file from git, or make it anew with `missions snapshot`."
    else:
        remedy = "Correct the file, or restore it from git."
    return SeedError(f"seeds/{source.seed}", problem, line, column, remedy)


def _typed(column: Column) -> str:
    return f"CAST({quoted_name(column.name)} AS {_TYPES[column.type].sql})"


def _shown(value: object, longest: int = 60) -> str:
    """A value as an error shows it: in quotation marks, cut if it is long."""
    if value is None:
        return "nothing"
    if value == "":
        return "an empty cell"
    text = str(value)
    return repr(text if len(text) <= longest else text[:longest] + "…")
