"""A finished build file in, one whole publication folder out: written, verified, then switched to by one rename.

Belongs here: the files of a publication, their checksums, the switch of `current`, the bound on old publications.
Does not: dbt, Dagster, or the name of any mart; whatever tables stand in the schema `marts` are published.
"""

import errno
import fcntl
import hashlib
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from missions.errors import PublicationError
from missions.sql import quoted_name, quoted_text

TITLE = "Missions Index"
DATABASE = "missions_index.duckdb"
WORKBOOK = "missions_index.xlsx"
DESCRIPTOR = "datapackage.json"
ATTRIBUTION = "ATTRIBUTION.md"
SUMS = "SHA256SUMS"
SITE = "site"  # added to a publication afterwards, and made again at will: its files have no checksums
# What readers open: links in the published folder that lead through `current`.
FIXED_NAMES = (DATABASE, WORKBOOK, DESCRIPTOR, "csv", "parquet", ATTRIBUTION, SUMS)

KEYED_ROWS = 150_000  # above this a key's index would take several times the room of the rows; the build has checked it
SHEET_ROWS = 25_000  # above this a sheet is no longer something a person scrolls through
CELL_CHARACTERS = 32_767  # Excel's own limit
SHEET_NAME_CHARACTERS = 31  # Excel's own limit

LICENCE = {
    "name": "OGL-UK-3.0",
    "path": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    "title": "Open Government Licence v3.0",
}

# Said in full, so that no reader guesses.
DIALECT = {
    "delimiter": ",",
    "lineTerminator": "\n",
    "quoteChar": '"',
    "doubleQuote": True,
    "skipInitialSpace": False,
    "header": True,
}

# A text that begins so is a formula to a spreadsheet that opens a CSV file (OWASP, CSV Injection), unless it is a plain
# number or a single sign. Spreadsheets take the last four, which are wider, for the first four.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
NO_FORMULA = r"[+-]?[0-9]+([.,][0-9]+)*([eE][+-]?[0-9]+)?%?|."

_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}(-\d+)?")
_TROUBLES = {
    errno.ENOSPC: "the disk is full: free some space (a publication needs about as much as the last one took)",
    errno.EDQUOT: "the disk quota is used up: free some space",
    errno.EROFS: "the file system is read-only: remount it for writing, or publish elsewhere",
    errno.EACCES: "this user may not write there: give it the right to, or publish elsewhere",
    errno.EPERM: "this user may not write there: give it the right to, or publish elsewhere",
}


@dataclass(frozen=True)
class Publication:
    """One publication that `current` was switched to; `bytes` is the size of all its files together."""

    id: str
    path: Path
    database: Path
    created: datetime
    tables: dict[str, int]
    bytes: int


@dataclass(frozen=True)
class _Column:
    name: str
    field_type: str  # as the Data Package standard calls it: string, integer, number, boolean, date, datetime
    description: str | None
    is_required: bool
    is_text: bool  # and no list, whose text begins with a bracket


@dataclass(frozen=True)
class _Mart:
    name: str
    ddl: str
    description: str | None
    columns: list[_Column]
    key: list[str]
    references: set[str]
    rows: int

    @property
    def in_order(self) -> str:
        """What follows SELECT … to read the published table in the order of its primary key."""
        return f"FROM publication.marts.{quoted_name(self.name)} ORDER BY {', '.join(map(quoted_name, self.key))}"


def publish(
    warehouse: Path,
    published: Path,
    *,
    attribution: str,
    keep: int = 10,
    unhashed: Collection[str] = (),
    no_sheets: Collection[str] = (),
) -> Publication:
    """Publish every table of the build file's schema `marts` and make it what the fixed names lead to.

    The folder appears as `published/history/<id>` only when it is complete and verified; `current` changes by one
    rename after that, so a run that fails or is killed leaves the last good publication in force. The newest `keep`
    publications stay, and always the current one and the one that it replaces: a reader may have followed the links to
    that and be about to open it. The last part of the id is the same whenever the marts are, but for those named in
    `unhashed`, which say how a publication came about and not what it holds. Those named in `no_sheets` are left out
    of the workbook.

    Raises PublicationError where the build cannot be read or has marts that are missing, empty, views or without a
    primary key, where the disk is full or read-only, and where another run is publishing.
    """
    with _in_plain_words(published):
        history = published / "history"
        history.mkdir(parents=True, exist_ok=True)
        with _only_publisher(published):
            _sweep(published)
            created = datetime.now(UTC).replace(microsecond=0)
            partial = history / f".{created:%Y%m%dT%H%M%SZ}.partial"
            try:
                partial.mkdir()
                publication_id, marts = _write(warehouse, partial, history, created, attribution, unhashed, no_sheets)
                for path in (partial, *partial.rglob("*")):
                    _flush(path)
                verify(partial)
                _verify_rows(partial / DATABASE, marts)
                folder = history / publication_id
                # From here on nothing is written but names, and the switch of `current` comes last: whatever fails
                # before it has changed nothing for readers.
                for name in FIXED_NAMES:
                    _link(published / name, f"current/{name}")
                replaced = current(published)
                partial.rename(folder)
                try:
                    _link(published / "current", f"history/{publication_id}")
                except OSError:
                    folder.rename(partial)
                    raise
            finally:
                shutil.rmtree(partial, ignore_errors=True)
            _flush(history)
            _flush(published)
            _prune(history, keep, {publication_id, replaced.name if replaced else "", _site_of(published)})
    return Publication(
        id=publication_id,
        path=folder,
        database=published / DATABASE,
        created=created,
        tables={mart.name: mart.rows for mart in marts},
        bytes=sum(file.stat().st_size for file in _files(folder)),
    )


def add_site(published: Path, write: Callable[[Path, Path, Path | None], int]) -> tuple[Path, int]:
    """Add a site to the publication in force, and have `published/site` lead there; returns it and what `write` did.

    `write` gets the publication, the folder to fill, and the last good site or None. Readers see its work only when
    it is whole: where it fails, `published/site` leads where it led before.

    Raises PublicationError where nothing is published, and where another run is publishing.
    """
    link = published / SITE
    with _in_plain_words(published), _only_publisher(published):
        folder = current(published)
        if folder is None:
            raise PublicationError(f"There is no publication in {published} to make a site of. Publish first.")
        previous = link.resolve() if link.exists() else None
        site = folder / SITE
        partial, replaced = (folder.with_name(f".{folder.name}.{name}.partial") for name in (SITE, f"old-{SITE}"))
        try:
            shutil.rmtree(partial, ignore_errors=True)
            result = write(folder, partial, previous)
            if site.exists():
                site.rename(replaced)
            partial.rename(site)
            _link(link, f"history/{folder.name}/{SITE}")
        finally:
            for leftover in (partial, replaced):
                shutil.rmtree(leftover, ignore_errors=True)
        _flush(published)
    return site, result


def current(published: Path) -> Path | None:
    """The folder of the publication in force, or None where nothing was published yet."""
    link = published / "current"
    return link.resolve() if link.exists() else None


def kept(published: Path) -> list[Path]:
    """The folders of the publications that are kept, newest first. Ids sort by time."""
    history = published / "history"
    found = [entry for entry in history.iterdir() if _ID.fullmatch(entry.name)] if history.is_dir() else []
    return sorted(found, key=lambda folder: folder.name, reverse=True)


def verify(folder: Path) -> None:
    """Recompute every checksum of a publication.

    Raises PublicationError naming the first file that is changed, missing, or there without being listed.
    """
    sums = folder / SUMS
    if not sums.is_file():
        raise PublicationError(f"{sums} is missing: {folder} is not a whole publication. Publish again.")
    listed = set()
    for line in sums.read_text(encoding="utf-8", errors="replace").splitlines():
        expected, _, name = line.partition("  ")
        listed.add(name)
        file = folder / name
        if not file.is_file():
            raise PublicationError(f"{file} is listed in {SUMS} but missing. Publish again.")
        if (found := _sha256(file)) != expected:
            raise PublicationError(
                f"{file} is not as it was published: sha256 {found}, expected {expected}. Publish again."
            )
    for file in _files(folder):
        inside = file.relative_to(folder)
        if file != sums and inside.parts[0] != SITE and inside.as_posix() not in listed:
            raise PublicationError(f"{file} is no part of the publication: {SUMS} does not list it. Remove it.")


# --- Safety: errors, lock, links, leftovers -----------------------------------------------------------------------


@contextmanager
def _in_plain_words(published: Path) -> Iterator[None]:
    """Turn what the system and DuckDB report into a PublicationError; both quote the system's own words."""
    try:
        yield
    except (OSError, duckdb.Error) as error:
        trouble = next((text for code, text in _TROUBLES.items() if os.strerror(code) in str(error)), str(error))
        raise PublicationError(
            f"Could not publish to {published}: {trouble}. The last good publication is untouched."
        ) from error


@contextmanager
def _only_publisher(published: Path) -> Iterator[None]:
    """Hold the lock on the published folder; the system frees it when the process ends, however it ends."""
    with (published / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PublicationError(
                f"Another run is publishing to {published} at this moment. Wait until it has ended and try again."
            ) from None
        yield


def _sweep(published: Path) -> None:
    """Remove what a killed run left. Only the holder of the lock may: to anyone else it could be work in progress."""
    for leftover in (published / "history").glob(".*.partial"):
        shutil.rmtree(leftover)
    for name in ("current", SITE, *FIXED_NAMES):
        _fresh(published / name).unlink(missing_ok=True)


def _link(link: Path, target: str) -> None:
    """Point a relative link at `target` by one rename: a reader finds the old target or the new one, never none."""
    if link.is_symlink() and str(link.readlink()) == target:
        return
    fresh = _fresh(link)
    fresh.symlink_to(target)
    fresh.replace(link)


def _fresh(link: Path) -> Path:
    return link.with_name(f".{link.name}.new")


def _site_of(published: Path) -> str:
    """The id of the publication whose site readers see; it is an older one where the newest has none."""
    link = published / SITE
    return link.resolve().parent.name if link.exists() else ""


def _prune(history: Path, keep: int, in_force: Collection[str]) -> None:
    """Remove all but the newest `keep` publications and those in force. Ids sort by time, to the second."""
    ids = sorted((entry.name for entry in history.iterdir() if _ID.fullmatch(entry.name)), reverse=True)
    for old in ids[keep:]:
        if old not in in_force:
            # Renamed first, so that a kill half-way leaves something to sweep and not half a publication.
            doomed = (history / old).rename(history / f".{old}.partial")
            shutil.rmtree(doomed, ignore_errors=True)


def _flush(path: Path) -> None:
    """Have the disk itself hold a file's content, or a folder's names, before anything depends on them."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# --- The files ----------------------------------------------------------------------------------------------------


def _write(
    warehouse: Path,
    folder: Path,
    history: Path,
    created: datetime,
    attribution: str,
    unhashed: Collection[str],
    no_sheets: Collection[str],
) -> tuple[str, list[_Mart]]:
    """Write all files of a publication into `folder`. Returns its id, unused in `history` so far, and its marts."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")  # the files must not depend on where the machine stands
        marts = _read_marts(connection, warehouse)
        _write_database(connection, folder / DATABASE, marts)
        (folder / "csv").mkdir()
        (folder / "parquet").mkdir()
        for mart in marts:
            _write_flat_files(connection, folder, mart)
        publication_id = _new_id(
            history, created, _content_hash(folder, [mart for mart in marts if mart.name not in unhashed])
        )
        _write_workbook(connection, folder / WORKBOOK, marts, no_sheets, publication_id, created, attribution)
        descriptor = _descriptor(folder, marts, publication_id, created, _sources(connection, marts))
    (folder / DESCRIPTOR).write_text(json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / ATTRIBUTION).write_text(attribution, encoding="utf-8")
    sums = [f"{_sha256(file)}  {file.relative_to(folder).as_posix()}\n" for file in _files(folder)]
    (folder / SUMS).write_text("".join(sums), encoding="utf-8")
    return publication_id, marts


def _read_marts(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> list[_Mart]:
    """Attach the build file as `build` and describe its marts, sorted by name."""
    if not warehouse.is_file():
        raise PublicationError(f"There is no build file {warehouse} to publish from. Run the build first.")
    try:
        connection.execute(f"ATTACH {quoted_text(warehouse)} AS build (READ_ONLY)")
    except duckdb.Error as error:
        raise PublicationError(
            f"Cannot open the build file {warehouse}: {error}. Wait until the run that has it open has ended; if none "
            "has, build it anew."
        ) from error
    rows = connection.execute(
        """
        -- YAML's folded texts end with a line break.
        SELECT table_name, table_type, trim(table_comment, chr(10) || ' ')
        FROM information_schema.tables
        WHERE table_catalog = 'build' AND table_schema = 'marts'
        ORDER BY table_name
        """
    ).fetchall()
    if not rows:
        raise PublicationError(f"{warehouse} has no tables in the schema marts. Run the whole build before publishing.")
    ddl = _by_table(connection, "SELECT table_name, sql FROM duckdb_tables()")
    columns = _by_table(
        connection,
        "SELECT table_name, column_name, data_type, trim(comment, chr(10) || ' '), NOT is_nullable "
        "FROM duckdb_columns()",
        "ORDER BY column_index",
    )
    constraints = _by_table(
        connection,
        "SELECT table_name, constraint_type, constraint_column_names, referenced_table FROM duckdb_constraints()",
    )
    marts = []
    for name, table_type, comment in rows:
        where = f"{warehouse}: marts.{name}"
        if table_type != "BASE TABLE":
            raise PublicationError(f"{where} is a view, which cannot be published. Materialise it as a table.")
        keys = [names for kind, names, _ in constraints.get(name, []) if kind == "PRIMARY KEY"]
        if not keys:
            raise PublicationError(f"{where} has no primary key, so its rows have no order. Add one to its contract.")
        fields = [
            _Column(column, _field_type(of), text, must, of == "VARCHAR") for column, of, text, must in columns[name]
        ]
        texts = [field.name for field in fields if field.is_required and field.field_type == "string"]
        blanks = "".join(f", count(*) FILTER ({quoted_name(text)}::VARCHAR = '')" for text in texts)
        count, *blank_counts = _one(connection, f"SELECT count(*){blanks} FROM build.marts.{quoted_name(name)}")
        if not count:
            raise PublicationError(f"{where} is empty. Find out in the build's log why, and build it again.")
        for text, blank in zip(texts, blank_counts, strict=True):
            if blank:  # in CSV and XLSX an empty text and no value look the same
                raise PublicationError(
                    f"{where}: {text} is not null, yet an empty text in {blank:,} rows. Make it null or give it a text."
                )
        marts.append(
            _Mart(
                name=name,
                ddl=ddl[name][0][0],
                description=comment,
                columns=fields,
                key=keys[0],
                references={to for kind, _, to in constraints[name] if kind == "FOREIGN KEY"},
                rows=count,
            )
        )
    return marts


def _write_database(connection: duckdb.DuckDBPyConnection, path: Path, marts: list[_Mart]) -> None:
    """Write the marts with comments, rows in key order, and leave the file attached as `publication`.

    All but the largest have their keys. Not by COPY FROM DATABASE, which takes every schema along. The storage version
    is the oldest there is, so that BI tools with an older DuckDB open the file.
    """
    connection.execute(f"ATTACH {quoted_text(path)} AS publication (STORAGE_VERSION 'v1.0.0')")
    connection.execute("CREATE SCHEMA publication.marts")
    connection.execute("USE publication")  # the build's CREATE TABLE statements name the schema and no database
    by_name = {mart.name: mart for mart in marts}
    # A table that refers to another comes after it.
    for name in TopologicalSorter({mart.name: mart.references - {mart.name} for mart in marts}).static_order():
        mart, table = by_name[name], f"marts.{quoted_name(name)}"
        connection.execute(mart.ddl if mart.rows <= KEYED_ROWS else _without_key(mart.ddl))
        keys = ", ".join(map(quoted_name, mart.key))
        connection.execute(f"INSERT INTO {table} SELECT * FROM build.{table} ORDER BY {keys}")
        if mart.description:
            connection.execute(f"COMMENT ON TABLE {table} IS {quoted_text(mart.description)}")
        for column in mart.columns:
            if column.description:
                connection.execute(
                    f"COMMENT ON COLUMN {table}.{quoted_name(column.name)} IS {quoted_text(column.description)}"
                )
    connection.execute("CHECKPOINT publication")  # closing would checkpoint too, but silently when it fails


def _without_key(ddl: str) -> str:
    return re.sub(r",\s*PRIMARY KEY\s*\([^)]*\)", "", ddl)


def safe_in_spreadsheets(text: str) -> str:
    """A text as a CSV cell that no spreadsheet takes for a formula: after an apostrophe where it would."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not re.fullmatch(NO_FORMULA, text) else text


def safe_column(name: str) -> str:
    """The same of a column, in SQL; `name` is quoted as SQL needs it."""
    starts = ", ".join(f"chr({ord(start)})" for start in FORMULA_STARTS)
    is_formula = f"left({name}, 1) IN ({starts}) AND NOT regexp_full_match({name}, {quoted_text(NO_FORMULA)})"
    return f"CASE WHEN {is_formula} THEN chr(39) || {name} ELSE {name} END AS {name}"


def _write_flat_files(connection: duckdb.DuckDBPyConnection, folder: Path, mart: _Mart) -> None:
    # DuckDB writes dates as ISO 8601 has them, but times with a space where ISO 8601 has a T.
    names = [(quoted_name(column.name), column) for column in mart.columns]
    columns = ", ".join(
        f"replace({name}::VARCHAR, ' ', 'T') AS {name}"
        if column.field_type == "datetime"
        else safe_column(name)
        if column.is_text
        else name
        for name, column in names
    )
    csv, parquet = folder / "csv" / f"{mart.name}.csv", folder / "parquet" / f"{mart.name}.parquet"
    connection.execute(f"COPY (SELECT {columns} {mart.in_order}) TO {quoted_text(csv)} (FORMAT csv, HEADER)")
    connection.execute(f"COPY (SELECT * {mart.in_order}) TO {quoted_text(parquet)} (FORMAT parquet, COMPRESSION zstd)")


def _content_hash(folder: Path, marts: list[_Mart]) -> str:
    """Eight hexadecimal digits that are the same whenever the tables, their types and their rows are the same."""
    digest = hashlib.sha256()
    for mart in marts:
        digest.update(f"{mart.ddl}\n{_sha256(folder / 'csv' / f'{mart.name}.csv')}\n".encode())
    return digest.hexdigest()[:8]


def _new_id(history: Path, created: datetime, content_hash: str) -> str:
    first = candidate = f"{created:%Y%m%dT%H%M%SZ}-{content_hash}"
    number = 1
    while (history / candidate).exists():
        number += 1
        candidate = f"{first}-{number}"
    return candidate


# --- The workbook -------------------------------------------------------------------------------------------------


def _write_workbook(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    marts: list[_Mart],
    no_sheets: Collection[str],
    publication_id: str,
    created: datetime,
    attribution: str,
) -> None:
    """Write a cover sheet and one sheet per mart that Excel can hold; the cover says which are left out and why."""
    import xlsxwriter

    left_out = {mart.name: reason for mart in marts if (reason := _why_no_sheet(connection, mart, no_sheets))}
    sheets = _sheet_names([mart.name for mart in marts if mart.name not in left_out])
    # Put together in memory (some 200 MB for half a million cells) and written at once: XlsxWriter's own temporary
    # files would outlive a kill, and hold on to the space of a full disk.
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "nan_inf_to_errors": True}) as workbook:
        workbook.set_properties({"title": TITLE, "comments": publication_id, "created": created})
        formats = {
            "title": workbook.add_format({"bold": True, "font_size": 16}),
            "header": workbook.add_format({"bold": True, "bottom": 1}),
            "date": workbook.add_format({"num_format": "yyyy-mm-dd"}),
            "datetime": workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "count": workbook.add_format({"num_format": "#,##0"}),
        }
        cover = workbook.add_worksheet("About")
        _write_cover(cover, formats, marts, sheets, left_out, publication_id, created, attribution)
        for mart in marts:
            if mart.name in sheets:
                _write_sheet(connection, workbook.add_worksheet(sheets[mart.name]), formats, mart)
    path.write_bytes(content.getvalue())


def _why_no_sheet(connection: duckdb.DuckDBPyConnection, mart: _Mart, no_sheets: Collection[str]) -> str | None:
    if mart.name in no_sheets:
        return f"{mart.rows:,} rows of detail, for tools rather than for reading"
    if mart.rows > SHEET_ROWS:
        return f"more than {SHEET_ROWS:,} rows"
    texts = [f"max(length({quoted_name(c.name)}::VARCHAR))" for c in mart.columns if c.field_type == "string"]
    if texts:
        longest = _one(connection, f"SELECT {', '.join(texts)} FROM publication.marts.{quoted_name(mart.name)}")
        if max(length or 0 for length in longest) > CELL_CHARACTERS:
            return f"a text longer than the {CELL_CHARACTERS:,} characters that Excel can hold"
    return None


def _sheet_names(marts: list[str]) -> dict[str, str]:
    """Name a sheet after each mart, cut to Excel's limit; Excel tells names apart by neither case nor what was cut."""
    sheets: dict[str, str] = {}
    taken = {"about", "history"}  # the cover's, and one that Excel keeps for itself
    for mart in marts:
        name, number = mart[:SHEET_NAME_CHARACTERS], 1
        while name.lower() in taken:
            number += 1
            name = f"{mart[: SHEET_NAME_CHARACTERS - len(f'_{number}')]}_{number}"
        taken.add(name.lower())
        sheets[mart] = name
    return sheets


def _write_cover(
    cover: Any,
    formats: dict[str, Any],
    marts: list[_Mart],
    sheets: dict[str, str],
    left_out: dict[str, str],
    publication_id: str,
    created: datetime,
    attribution: str,
) -> None:
    cover.set_column(0, 0, 34)
    cover.set_column(1, 1, 24)
    cover.set_column(2, 2, 100)
    cover.write_string(0, 0, TITLE, formats["title"])
    cover.write_string(1, 0, "Publication")
    cover.write_string(1, 1, publication_id)
    cover.write_string(2, 0, "Published (UTC)")
    cover.write_datetime(2, 1, created.replace(tzinfo=None), formats["datetime"])
    row = 4

    def write_headings(*cells: str) -> None:
        nonlocal row
        for column, text in enumerate(cells):
            cover.write_string(row, column, text, formats["header"])
        row += 1

    write_headings("Sheet", "Rows", "What it holds")
    for mart in marts:
        if mart.name in sheets:
            sheet = sheets[mart.name]
            cover.write_url(row, 0, f"internal:'{sheet}'!A1", string=sheet)
            cover.write_number(row, 1, mart.rows, formats["count"])
            cover.write_string(row, 2, mart.description or "")
            row += 1
    if left_out:
        row += 1
        write_headings("Not in this workbook", "Rows", "Why, and where to find it")
        for mart in marts:
            if mart.name in left_out:
                cover.write_string(row, 0, mart.name)
                cover.write_number(row, 1, mart.rows, formats["count"])
                where = f"csv/{mart.name}.csv, parquet/{mart.name}.parquet and {DATABASE}, beside this workbook"
                cover.write_string(row, 2, f"{left_out[mart.name]}: see {where}. {mart.description or ''}".strip())
                row += 1
    row += 1
    write_headings("Sources and licence")
    for line in attribution.splitlines():
        cover.write_string(row, 0, line)
        row += 1


def _write_sheet(connection: duckdb.DuckDBPyConnection, sheet: Any, formats: dict[str, Any], mart: _Mart) -> None:
    """Write one mart: text as text whatever it looks like, dates and numbers as such, NULL as an empty cell."""
    writers = []
    expressions = []
    for index, column in enumerate(mart.columns):
        name, kind = quoted_name(column.name), column.field_type
        # Excel's dates are days since 1899-12-30, which DuckDB counts much faster than XlsxWriter does cell by cell.
        expressions.append(
            {
                "string": f"{name}::VARCHAR",
                "number": f"{name}::DOUBLE",
                "date": f"date_diff('day', DATE '1899-12-30', {name})",
                "datetime": f"epoch({name}) / 86400 + 25569",
            }.get(kind, name)
        )
        write = {"string": sheet.write_string, "boolean": sheet.write_boolean}.get(kind, sheet.write_number)
        writers.append((index, write, formats.get(kind)))
        sheet.set_column(index, index, min(max(len(column.name) + 3, 12), 40))
        sheet.write_string(0, index, column.name, formats["header"])
    for row, values in enumerate(connection.execute(f"SELECT {', '.join(expressions)} {mart.in_order}").fetchall(), 1):
        for index, write, cell_format in writers:
            value = values[index]
            if value is not None:
                write(row, index, value, cell_format)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, mart.rows, len(mart.columns) - 1)


# --- The descriptor -----------------------------------------------------------------------------------------------


def _descriptor(
    folder: Path, marts: list[_Mart], publication_id: str, created: datetime, sources: list[dict[str, str]]
) -> dict[str, Any]:
    """The publication as a Frictionless Data Package: one resource for each CSV file."""
    package: dict[str, Any] = {
        "profile": "tabular-data-package",
        "name": "missions-index",
        "id": publication_id,
        "title": TITLE,
        "created": f"{created:%Y-%m-%dT%H:%M:%SZ}",
        "licenses": [LICENCE],
    }
    if sources:
        package["sources"] = sources
    package["resources"] = [_resource(folder, mart) for mart in marts]
    return package


def _resource(folder: Path, mart: _Mart) -> dict[str, Any]:
    path = f"csv/{mart.name}.csv"
    fields = []
    for column in mart.columns:
        field: dict[str, Any] = {"name": column.name, "type": column.field_type}
        if column.description:
            field["description"] = column.description
        if column.is_required:
            field["constraints"] = {"required": True}
        fields.append(field)
    resource: dict[str, Any] = {"profile": "tabular-data-resource", "name": mart.name, "path": path}
    if mart.description:
        resource["description"] = mart.description
    return resource | {
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": DIALECT,
        "bytes": (folder / path).stat().st_size,
        "hash": f"sha256:{_sha256(folder / path)}",
        "schema": {"fields": fields, "primaryKey": mart.key, "missingValues": [""]},
    }


def _sources(connection: duckdb.DuckDBPyConnection, marts: list[_Mart]) -> list[dict[str, str]]:
    """The distinct sources that the marts name: those marts with the columns publisher, dataset and licence."""
    parts = []
    for mart in marts:
        columns = {column.name for column in mart.columns}
        if columns >= {"publisher", "dataset", "licence"}:
            page = "landing_page" if "landing_page" in columns else "NULL"
            parts.append(
                f"SELECT publisher, dataset, licence, {page} AS landing_page "
                f"FROM publication.marts.{quoted_name(mart.name)}"
            )
    if not parts:
        return []
    rows = connection.execute(
        f"""
        SELECT concat_ws(': ', publisher, dataset) || coalesce(' (' || licence || ')', ''), min(landing_page)
        FROM ({" UNION ALL ".join(parts)})
        GROUP BY ALL ORDER BY ALL
        """
    ).fetchall()
    return [{"title": title, "path": page} if page else {"title": title} for title, page in rows]


# --- Small things -------------------------------------------------------------------------------------------------


def _verify_rows(database: Path, marts: list[_Mart]) -> None:
    """Open the written database as a reader would and compare its row counts with the build's."""
    with duckdb.connect(str(database), read_only=True) as connection:
        for mart in marts:
            (found,) = _one(connection, f"SELECT count(*) FROM marts.{quoted_name(mart.name)}")
            if found != mart.rows:
                raise PublicationError(
                    f"{database}: marts.{mart.name} has {found:,} rows, but the build has {mart.rows:,}. Publish again."
                )


def _field_type(duckdb_type: str) -> str:
    if duckdb_type.endswith("]"):  # a list, which CSV and XLSX hold as text
        return "string"
    base = duckdb_type.split("(")[0]
    if base.endswith(("INT", "INTEGER")):
        return "integer"
    if base.startswith("TIMESTAMP"):
        return "datetime"
    numbers = {"FLOAT": "number", "DOUBLE": "number", "DECIMAL": "number"}
    return (numbers | {"BOOLEAN": "boolean", "DATE": "date"}).get(base, "string")


def _by_table(connection: duckdb.DuckDBPyConnection, select: str, order: str = "") -> dict[str, list[tuple[Any, ...]]]:
    """Rows of one of DuckDB's catalogue functions for the build's marts, without the table's name, by that name."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    query = f"{select} WHERE database_name = 'build' AND schema_name = 'marts' {order}"
    for name, *rest in connection.execute(query).fetchall():
        found.setdefault(name, []).append(tuple(rest))
    return found


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    return connection.execute(query).fetchall()[0]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
