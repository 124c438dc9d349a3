"""A finished build file in, one whole publication out: written, verified, then put in force by one rename.

Belongs here: the order in which the files of a publication are written, and its id. What each file holds is in the
module that writes it, and the folder in folder.py. No mart is named: whatever is in the schema `marts` is published.
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
    only_publisher,
    prune,
    put_in_force,
    sweep,
    verify,
)
from missions.publication.marts import Mart, read_marts, verify_rows, write_database
from missions.publication.workbook import write_workbook


@dataclass(frozen=True)
class Publication:
    """One publication that `current` was switched to; `bytes` is the size of all its files together."""

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
    """Publish every table of the build file's schema `marts` and make it what the fixed names lead to.

    The folder appears as `published/history/<id>` only when it is complete and verified; `current` changes by one
    rename after that, so a run that fails or is killed leaves the last good publication in force. The newest `keep`
    publications stay, and always the current one and the one that it replaces: a reader may have followed the links to
    that and be about to open it. The last part of the id is the same whenever the marts are, but for those named in
    `unhashed`, which say how a publication came about and not what it holds. Those named in `no_sheets` are left out
    of the workbook.

    Raises PublicationError where the build cannot be read or has marts that are missing, empty, views or without a
    primary key, and where the disk is full or read-only; BusyError where another run is publishing.
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
            folder = put_in_force(partial, published, imprint.id)
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
    """Write the database and the flat files; leaves the database attached as `publication`."""
    connection.execute("SET TimeZone = 'UTC'")  # the files must not depend on where the machine is
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
    """Write what depends on the id: the workbook, the descriptor and the attribution; then the checksums of all."""
    write_workbook(connection, folder / WORKBOOK, marts, no_sheets, imprint)
    write_descriptor(connection, folder, marts, imprint)
    (folder / ATTRIBUTION).write_text(imprint.attribution, encoding="utf-8")
    sums = [f"{sha256(file)}  {file.relative_to(folder).as_posix()}\n" for file in files_in(folder)]
    (folder / SUMS).write_text("".join(sums), encoding="utf-8")
