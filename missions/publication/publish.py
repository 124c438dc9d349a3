"""A finished build file in, one complete publication out: written, verified, then made current by one rename.

Belongs here: the order in which the files of a publication are written, and its id. Each kind of file has a module of
its own; the folder is in folder.py. No mart is named: every table in the schema `marts` is published.
"""

import shutil
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from missions.files import sha256
from missions.publication.datapackage import write_descriptor
from missions.publication.flat_files import content_hash, write_flat_files
from missions.publication.folder import (
    ATTRIBUTION,
    DATABASE,
    SUMS,
    WORKBOOK,
    Imprint,
    current,
    files_in,
    flush,
    make_current,
    only_publisher,
    prune,
    sweep,
    verify,
)
from missions.publication.marts import Mart, read_marts, verify_rows, write_database
from missions.publication.workbook import write_workbook


@dataclass(frozen=True)
class Publication:
    """A publication just made current: its rows by table, and the size of all its files in bytes."""

    id: str
    path: Path
    database: Path
    created: datetime
    tables: dict[str, int]
    bytes: int


def publish(
    warehouse: Path,
    published: Path,
    *,
    attribution: str,
    keep: int = 10,
    unhashed: Collection[str] = (),
    no_sheets: Collection[str] = (),
) -> Publication:
    """Publish every table in the build file's schema `marts` and point the fixed names to the result.

    The folder appears as `published/history/<id>` only when it is complete and verified; then one rename switches
    `current`. A run that fails or is killed therefore leaves the previous publication current. The newest `keep`
    publications are kept, and always the current one and the one it replaces: a reader may have followed the links to
    that and be about to open it. Equal marts give an equal last part of the id; marts in `unhashed`, which describe how
    a publication came about rather than what it holds, do not count. Marts in `no_sheets` are left out of the workbook.

    Raises PublicationError if the build cannot be read, if a mart is missing, empty, a view or without a primary key,
    or if the disk is full or read-only; BusyError if another run is publishing.
    """
    with only_publisher(published):
        history = published / "history"
        history.mkdir(exist_ok=True)
        sweep(published)
        created = datetime.now(UTC).replace(microsecond=0)
        partial = history / f".{created:%Y%m%dT%H%M%SZ}.partial"
        try:
            partial.mkdir()
            with duckdb.connect() as connection:
                marts = _write_tables(connection, warehouse, partial)
                hashed = content_hash(partial, [mart for mart in marts if mart.name not in unhashed])
                imprint = Imprint(_unused_id(history, created, hashed), created, attribution)
                _write_around(connection, partial, marts, imprint, no_sheets)
            for path in (partial, *partial.rglob("*")):
                flush(path)
            verify(partial)
            verify_rows(partial / DATABASE, marts)
            replaced = current(published)
            folder = make_current(partial, published, imprint.id)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        flush(history)
        flush(published)
        prune(published, keep, {imprint.id, replaced.name if replaced else ""})
    return Publication(
        id=imprint.id,
        path=folder,
        database=published / DATABASE,
        created=created,
        tables={mart.name: mart.rows for mart in marts},
        bytes=sum(file.stat().st_size for file in files_in(folder)),
    )


def _write_tables(connection: duckdb.DuckDBPyConnection, warehouse: Path, folder: Path) -> list[Mart]:
    """Write the database and the flat files, and leave the database attached as `publication`."""
    connection.execute("SET TimeZone = 'UTC'")  # the files must not depend on the machine's time zone
    marts = read_marts(connection, warehouse)
    write_database(connection, folder / DATABASE, marts)
    (folder / "csv").mkdir()
    (folder / "parquet").mkdir()
    for mart in marts:
        write_flat_files(connection, folder, mart)
    return marts


def _unused_id(history: Path, created: datetime, hashed: str) -> str:
    first = candidate = f"{created:%Y%m%dT%H%M%SZ}-{hashed}"
    number = 1
    while (history / candidate).exists():
        number += 1
        candidate = f"{first}-{number}"
    return candidate


def _write_around(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    marts: list[Mart],
    imprint: Imprint,
    no_sheets: Collection[str],
) -> None:
    """Write the files that state the id (workbook and descriptor), the attribution, and last the checksums of all."""
    write_workbook(connection, folder / WORKBOOK, marts, no_sheets, imprint)
    write_descriptor(connection, folder, marts, imprint)
    (folder / ATTRIBUTION).write_text(imprint.attribution, encoding="utf-8")
    sums = [f"{sha256(file)}  {file.relative_to(folder).as_posix()}\n" for file in files_in(folder)]
    (folder / SUMS).write_text("".join(sums), encoding="utf-8")
