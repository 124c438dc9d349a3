"""Load a seed file into one checked and typed table, `raw.<source_id>`, in the build file and as Parquet.

Belongs here: reading a seed, checking it against its layout, and the table of the registry itself. The rules for any
CSV are in csv_rules.py. The Parquet files, which Spark reads, are in the folder `raw` beside the build file. No Dagster
(see the assets) and no cleaning of figures (see dbt's staging models).
"""

from __future__ import annotations

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

from missions import csv_rules
from missions.csv_rules import (
    TYPES,
    CsvFile,
    as_text,
    column_names,
    misfit,
    nearest,
    read_bytes,
    read_csv,
    read_rows,
    shown,
)
from missions.errors import FileFault, RegistryError, SeedError
from missions.files import sha256
from missions.paths import SEEDS
from missions.sources import registry
from missions.sources.registry import RAW_SOURCE, SOURCE_FILE, Column, Layout, Source
from missions.sql import quoted_name, quoted_text


@dataclass(frozen=True)
class Loaded:
    """The result of a load. `area_codes_checked` is false only if the list of areas itself could not be read."""

    source_id: str
    rows: int
    columns: tuple[str, ...]
    bytes: int
    sha256: str
    area_codes_checked: bool


@dataclass(frozen=True)
class _Check:
    """A check of a column: the SQL condition that finds the cells in breach, and what is expected instead."""

    column: str
    breach: str
    expected: str
    known: frozenset[str] = frozenset()  # searched for the name that was probably meant


_LARGEST_SEED = 500_000_000  # bytes, decompressed; ten times the largest seed in use
_FURTHEST_AHEAD = timedelta(days=366)  # a period may end after the snapshot date: an estimate for this year


def load_source(connection: duckdb.DuckDBPyConnection, source: Source) -> Loaded:
    """Check the seed and replace `raw.<source_id>` with it, rows in file order.

    A seed that has not changed since it was last checked is not read again: the table is made from its Parquet file.
    Raises SeedError for the first fault; the table then keeps the last good load.
    """
    columns = source.layout.columns
    has_areas = any(column.area for column in columns)
    areas = _area_codes() if has_areas else None
    made_from = _made_from(source, areas)
    file = _parquet_file(connection, source.source_id)
    if made_from and file and _is_made_from(connection, file, made_from):
        _check_sum(source)
        rows = _replace_by_file(connection, source.source_id, file)
    else:
        try:
            _read(connection, source)
            _check_cells(connection, source, areas)
            _check_sum(source)
            typed = ", ".join(f"{_typed(c)} AS {quoted_name(c.name)}" for c in columns)
            query = f"SELECT {typed} FROM temp.seed_text"
            rows = _replace_table(connection, source.source_id, query, made_from=made_from)
        finally:
            connection.execute("DROP TABLE IF EXISTS temp.seed_text")
    return _loaded(source.source_id, source.layout, rows, source.path, not has_areas or areas is not None)


def load_registry(connection: duckdb.DuckDBPyConnection) -> Loaded:
    """Replace `raw.source_file` with the registry of sources."""
    layout = registry.layouts()[SOURCE_FILE]
    for source in registry.sources().values():
        if not source.files and not source.path.is_file():
            raise _file(source).fault("the file is missing, so it has no checksum for the registry")
    rows = list(registry.source_file_rows())
    texts = [[None if row[c.name] is None else str(row[c.name]) for row in rows] for c in layout.columns]
    typed = ", ".join(
        f"CAST(unnest(CAST(? AS VARCHAR[])) AS {TYPES[c.type].sql}) AS {quoted_name(c.name)}" for c in layout.columns
    )
    loaded = _replace_table(connection, SOURCE_FILE, f"SELECT {typed}", texts)
    return _loaded(SOURCE_FILE, layout, loaded, SEEDS / "sources.yml", True)


def load_all(
    connection: duckdb.DuckDBPyConnection, report: Callable[[Loaded], None] = lambda loaded: None
) -> list[Loaded]:
    """Load every source and the registry, and call `report` after each.

    Good seeds are loaded even if others fail; one SeedError then lists all failures, one per line.
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
    """Read the seed into temp.seed_text: all cells as text, and the line number of every row."""
    found = _check_rows(source)
    columns = [column.name for column in source.layout.columns]
    try:
        [(read,)] = connection.execute(
            "CREATE OR REPLACE TEMP TABLE seed_text AS "
            f"SELECT row_number() OVER () + 1 AS seed_line, * FROM {read_csv(columns)}",
            {"path": glob.escape(str(source.path))},
        ).fetchall()
    except duckdb.Error as error:
        raise _file(source).fault(f"DuckDB cannot read the file ({str(error).splitlines()[0]})") from error
    if read != found:  # a quotation mark after a space can join lines, which makes later line numbers wrong
        problem = f"DuckDB reads {read} rows from {found + 1} lines; a quotation mark may be misplaced"
        raise _file(source).fault(problem)


def _check_rows(source: Source) -> int:
    """Check that the file is complete and every line has the layout's columns. Returns the number of rows.

    DuckDB alone would skip empty lines, accept an extra comma at the end of a line, and join a cell broken over several
    lines into one row: faults would pass unnoticed, or line numbers be wrong.
    """
    file, text = _file(source), seed_text(source)
    names = [column.name for column in source.layout.columns]
    first_line = text.partition("\n")[0]
    rule = f"the header must be {','.join(names)!r}, not {shown(first_line.rstrip(), 400)}"
    for position, (has, belongs) in enumerate(zip_longest(column_names(file, text), names), 1):
        if has != belongs:
            raise file.fault(f"column {position}: expected {shown(belongs)}, found {shown(has)}; {rule}", 1, belongs)
    if not text.endswith("\n"):
        problem = "the file is truncated: its last line has no line break"
        raise file.fault(problem, text.count("\n") + 1)
    if stray := re.search(r"\r(?!\n)|(?<!\r)\n" if first_line.endswith("\r") else r"\r", text):
        raise file.fault(f"stray line break {stray[0]!r}", text.count("\n", 0, stray.start()) + 1)
    found = sum(1 for _ in read_rows(file, text, one_line_each=True))
    if found < source.min_rows:
        raise file.fault(
            f"expected at least {source.min_rows} rows, found {found} (min_rows in seeds/sources.yml); "
            "the file may be truncated"
        )
    return found


def seed_text(source: Source) -> str:
    """The seed's text, decompressed."""
    file = _file(source)
    data = read_bytes(file)
    if source.path.suffix == ".gz":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                data = stream.read(_LARGEST_SEED + 1)
        except (EOFError, OSError, zlib.error) as error:
            raise file.fault(f"the compressed file is truncated or damaged ({error})") from error
    if len(data) > _LARGEST_SEED:
        raise file.fault(f"the file holds more than {_LARGEST_SEED // 1_000_000:,} million bytes")
    return as_text(file, data)


def _check_cells(connection: duckdb.DuckDBPyConnection, source: Source, areas: frozenset[str] | None) -> None:
    """Check temp.seed_text against the layout. One query finds the first line that fails each check."""
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
        cells = ", ".join(f"{c.name} {shown(v)}" for c, v in zip(key, values, strict=True))
        raise _file(source).fault(f"duplicate key (first on line {first}): {cells}", last)


def _check_sum(source: Source) -> None:
    """Check a publisher's figures against the recorded checksum: a wrong digit breaks no rule of a layout.

    The project's own tables have no reader and are edited by hand; a seed outside the folder is not in use.
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
        raise _file(source).fault(
            f"well formed, but not the file that was recorded: its sha256 is {found[:12]}… and seeds/"
            f"{registry.SEED_SUMS} has {has}. If you changed it on purpose, record it with `make docs`"
        )


def _checks(source: Source, areas: frozenset[str] | None) -> Iterator[_Check]:
    for column in source.layout.columns:
        cell, form = quoted_name(column.name), TYPES[column.type]
        if column.required:
            yield _Check(column.name, f"{cell} IS NULL", form.expected)
        if form.pattern:
            yield _Check(column.name, f"{cell} IS NOT NULL AND NOT {form.is_met_by(cell)}", form.expected)
        if column.area and areas is not None:
            listed = "(SELECT unnest($areas))"
            yield _Check(column.name, f"{cell} NOT IN {listed}", "an area code from seeds/geography/area.csv", areas)
    names = {column.name for column in source.layout.columns}
    if {"period_start_date", "period_end_date"} <= names:
        before = "TRY_CAST(period_end_date AS DATE) < TRY_CAST(period_start_date AS DATE)"
        yield _Check("period_end_date", before, "a date on or after period_start_date")
    if "period_end_date" in names:
        # If this machine's clock is behind, the snapshot date is the limit.
        latest = max(source.snapshot_date, date.today()) + _FURTHEST_AHEAD
        later = f"TRY_CAST(period_end_date AS DATE) > DATE '{latest}'"
        yield _Check("period_end_date", later, f"a date no later than {latest}, a year ahead")
    if "period_end_date" in names and source.first_period_end:
        earlier = f"TRY_CAST(period_end_date AS DATE) < DATE '{source.first_period_end}'"
        expected = f"a date on or after {source.first_period_end} (first_period_end in seeds/sources.yml)"
        yield _Check("period_end_date", earlier, expected)


def _breach(connection: duckdb.DuckDBPyConnection, source: Source, line: int, check: _Check) -> FileFault:
    parameters = {"areas": list(check.known)} if check.known else {}
    [(value, count)] = connection.execute(
        f"SELECT min_by(coalesce({quoted_name(check.column)}, ''), seed_line), count(*) FROM temp.seed_text "
        f"WHERE {check.breach}",
        parameters,
    ).fetchall()
    more = f"; {count - 1:,} more line{'s have' if count > 2 else ' has'} this fault" if count > 1 else ""
    hint = (nearest(value, check.known, 0.85) or " (add new codes there first)") if check.known else ""
    return _file(source).fault(misfit(value, check.expected, hint) + more, line, check.column)


@lru_cache(maxsize=1)
def _area_codes_at(path: Path, modified_ns: int) -> frozenset[str] | None:
    """The codes in area.csv, or None if it has a fault, which its own load reports. The arguments are the cache key."""
    with duckdb.connect() as connection:
        try:
            source = registry.sources()["area"]
            _read(connection, source)
            _check_cells(connection, source, None)
        except SeedError:
            return None
        return frozenset(code for (code,) in connection.execute("SELECT area_code FROM temp.seed_text").fetchall())


def _area_codes() -> frozenset[str] | None:
    """Every code that a seed may contain, read from the seed itself so that no raw table has to wait for another."""
    path = registry.sources()["area"].path
    try:
        return _area_codes_at(path, path.stat().st_mtime_ns)
    except OSError:
        return None


def _made_from(source: Source, areas: frozenset[str] | None) -> str:
    """A digest of all that a raw table comes from: the seed, its layout, the codes it may hold, and what reads it.

    Empty if the seed cannot be read, which reading it reports.
    """
    try:
        parts = [sha256(path) for path in (source.path, Path(__file__), Path(csv_rules.__file__))]
    except OSError:
        return ""
    return sha256("\n".join([*parts, repr(source), repr(sorted(areas or ())), duckdb.__version__]).encode())


def _is_made_from(connection: duckdb.DuckDBPyConnection, file: Path, made_from: str) -> bool:
    """Whether a raw table's Parquet file says that it has been made from just that. A damaged one says nothing."""
    try:
        found = connection.execute(
            f"SELECT 1 FROM parquet_kv_metadata({quoted_text(glob.escape(str(file)))}) "
            "WHERE decode(key) = 'made_from' AND decode(value) = ?",
            [made_from],
        ).fetchall()
    except duckdb.Error:
        return False
    return bool(found)


def _parquet_file(connection: duckdb.DuckDBPyConnection, name: str) -> Path | None:
    """Where a raw table's Parquet file belongs, which both engines read; an in-memory database has none."""
    [(database,)] = connection.execute(
        "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
    ).fetchall()
    return Path(database).with_name(RAW_SOURCE) / f"{name}.parquet" if database else None


def _replace_table(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    query: str,
    parameters: Sequence[object] = (),
    made_from: str = "",
) -> int:
    """Replace a raw table, and its Parquet file, with the query's rows. Returns the number of rows."""
    file = _parquet_file(connection, name)
    if not file:
        return _replace_by_query(connection, name, query, parameters)
    file.parent.mkdir(exist_ok=True)
    unfinished = file.with_name(f"{name}.parquet.part")
    options = f"FORMAT parquet, KV_METADATA {{made_from: {quoted_text(made_from)}}}"
    try:
        connection.execute(f"COPY ({query}) TO {quoted_text(unfinished)} ({options})", parameters)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return _replace_by_file(connection, name, file)


def _replace_by_file(connection: duckdb.DuckDBPyConnection, name: str, file: Path) -> int:
    return _replace_by_query(connection, name, f"FROM read_parquet({quoted_text(glob.escape(str(file)))})")


def _replace_by_query(
    connection: duckdb.DuckDBPyConnection, name: str, query: str, parameters: Sequence[object] = ()
) -> int:
    """Replace a raw table with the query's rows in one transaction."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {RAW_SOURCE}")
    [(rows,)] = connection.execute(
        f"CREATE OR REPLACE TABLE {RAW_SOURCE}.{quoted_name(name)} AS {query}", parameters
    ).fetchall()
    return int(rows)


def _loaded(source_id: str, layout: Layout, rows: int, path: Path, area_codes_checked: bool) -> Loaded:
    columns = tuple(column.name for column in layout.columns)
    return Loaded(source_id, rows, columns, path.stat().st_size, sha256(path), area_codes_checked)


def _file(source: Source) -> CsvFile:
    if source.reader:
        remedy = "Restore the file from git, or regenerate it with `missions snapshot`."
    else:
        remedy = "Correct the file, or restore it from git."
    return CsvFile(source.path, f"seeds/{source.seed}", SeedError, remedy)


def _typed(column: Column) -> str:
    return f"CAST({quoted_name(column.name)} AS {TYPES[column.type].sql})"
