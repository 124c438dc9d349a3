"""The published folder: publications side by side, the links that lead to the current one, and their checksums.

Belongs here: the names of the files, the lock, the switch of `current`, pruning, and adding a site. The files are
written elsewhere, so that reading a publication does not import the libraries that write one.
"""

import errno
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from missions.errors import PublicationError
from missions.files import lock, read_json, sha256

TITLE = "Missions Index"
DATABASE = "missions_index.duckdb"
WORKBOOK = "missions_index.xlsx"
DESCRIPTOR = "datapackage.json"
ATTRIBUTION = "ATTRIBUTION.md"
SUMS = "SHA256SUMS"
SITE = "site"  # added to a publication afterwards and rebuilt at any time, so its files have no checksums
# What readers open: links in the published folder that go through `current`.
FIXED_NAMES = (DATABASE, WORKBOOK, DESCRIPTOR, "csv", "parquet", ATTRIBUTION, SUMS)

_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}(-\d+)?")
_TROUBLES = {
    errno.ENOSPC: "the disk is full: free some space (a publication takes about as much as the previous one)",
    errno.EDQUOT: "the disk quota is used up: free some space",
    errno.EROFS: "the file system is read-only: remount it for writing, or publish elsewhere",
    errno.EACCES: "this user may not write there: grant write permission, or publish elsewhere",
    errno.EPERM: "this user may not write there: grant write permission, or publish elsewhere",
}


@dataclass(frozen=True)
class Imprint:
    """What the files of a publication state about it: its id, when it was created (UTC), and whom to credit."""

    id: str
    created: datetime
    attribution: str


def current(published: Path) -> Path | None:
    """The folder of the current publication, or None if nothing has been published yet."""
    link = published / "current"
    return link.resolve() if link.exists() else None


def publication_id(folder: Path) -> str:
    """The id of the publication in a folder; empty if there is none, as where a database was copied."""
    folder = folder.resolve()
    if _ID.fullmatch(folder.name):
        return folder.name
    descriptor = folder / DESCRIPTOR
    return str(read_json(descriptor).get("id", "")) if descriptor.is_file() else ""


def kept(published: Path) -> list[Path]:
    """The folders of all kept publications, newest first. Ids sort by time, to the second."""
    history = published / "history"
    found = [entry for entry in history.iterdir() if _ID.fullmatch(entry.name)] if history.is_dir() else []
    return sorted(found, key=lambda folder: folder.name, reverse=True)


def files_in(folder: Path) -> list[Path]:
    """All files in a folder and its subfolders, sorted by path."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def verify(folder: Path) -> None:
    """Recompute every checksum of a publication.

    Raises PublicationError naming the first file that has changed, is missing, or is not listed.
    """
    sums = folder / SUMS
    if not sums.is_file():
        raise PublicationError(f"{sums} is missing, so {folder} is not a complete publication. Publish again.")
    listed = set()
    for line in sums.read_text(encoding="utf-8", errors="replace").splitlines():
        expected, _, name = line.partition("  ")
        listed.add(name)
        file = folder / name
        if not file.is_file():
            raise PublicationError(f"{file} is listed in {SUMS} but missing. Publish again.")
        if (found := sha256(file)) != expected:
            raise PublicationError(
                f"{file} has changed since it was published: sha256 {found}, expected {expected}. Publish again."
            )
    for file in files_in(folder):
        inside = file.relative_to(folder)
        if file != sums and inside.parts[0] != SITE and inside.as_posix() not in listed:
            raise PublicationError(f"{file} is not part of the publication: {SUMS} does not list it. Remove it.")


def add_site(published: Path, write: Callable[[Path, Path, Path | None], int]) -> tuple[Path, int]:
    """Add a site to the current publication and point `published/site` to it; returns its folder and `write`'s result.

    `write` is given the publication, the folder to fill, and the previous site or None. Readers see the new site only
    when it is complete: if `write` fails, `published/site` is unchanged.

    Raises PublicationError if nothing is published, and BusyError if another run is publishing.
    """
    link = published / SITE
    with only_publisher(published):
        folder = current(published)
        if folder is None:
            raise PublicationError(f"There is no publication in {published} to build a site for. Publish first.")
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
        flush(published)
    return site, result


@contextmanager
def only_publisher(published: Path) -> Iterator[None]:
    """Hold the lock on the published folder.

    Raises BusyError if another run holds it. Errors of the system and of DuckDB become a PublicationError in plain
    words; both quote the system's own message, by which the cause is recognised.
    """
    try:
        with lock(
            published / ".lock",
            lambda _: f"Another run is publishing to {published}. Wait for it to finish, then try again.",
        ):
            yield
    except (OSError, duckdb.Error) as error:
        trouble = next((text for code, text in _TROUBLES.items() if os.strerror(code) in str(error)), str(error))
        raise PublicationError(
            f"Could not publish to {published}: {trouble}. The previous publication is unchanged."
        ) from error


def sweep(published: Path) -> None:
    """Remove what a killed run left behind. Call it with the lock held: otherwise it could be work in progress."""
    for leftover in (published / "history").glob(".*.partial"):
        shutil.rmtree(leftover)
    for name in ("current", SITE, *FIXED_NAMES):
        _fresh(published / name).unlink(missing_ok=True)


def make_current(partial: Path, published: Path, publication_id: str) -> Path:
    """Give a complete publication its name and point `current` to it; returns its folder.

    Only names are written, and `current` is switched last: a failure before that changes nothing for readers.
    """
    for name in FIXED_NAMES:
        _link(published / name, f"current/{name}")
    folder = partial.rename(published / "history" / publication_id)
    try:
        _link(published / "current", f"history/{publication_id}")
    except OSError:
        folder.rename(partial)
        raise
    return folder


def prune(published: Path, keep: int, spared: Collection[str]) -> None:
    """Remove all but the newest `keep` publications, the `spared` ids, and the one whose site readers see."""
    site = published / SITE
    if site.exists():
        spared = {*spared, site.resolve().parent.name}
    for old in kept(published)[keep:]:
        if old.name not in spared:
            # Renamed first, so that a kill halfway leaves something to sweep rather than half a publication.
            doomed = old.rename(old.with_name(f".{old.name}.partial"))
            shutil.rmtree(doomed, ignore_errors=True)


def flush(path: Path) -> None:
    """Force a file's content, or a folder's names, to disk before anything depends on them."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _link(link: Path, target: str) -> None:
    """Point a relative link at `target` by one rename: readers find the old target or the new one."""
    if link.is_symlink() and str(link.readlink()) == target:
        return
    fresh = _fresh(link)
    fresh.symlink_to(target)
    fresh.replace(link)


def _fresh(link: Path) -> Path:
    return link.with_name(f".{link.name}.new")
