"""Landing: keeps each edition of a source in its own folder under build/landing/ and never overwrites one.

Belongs here: which files a source's distributor has, telling a publisher's file from anything else, and the notes
beside the files. HTTP belongs in fetch.py; compare.py and refresh.py decide whether an edition may be used.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from missions.errors import FetchError
from missions.files import read_json, sha256, write_json
from missions.paths import PROJECT
from missions.sources.addresses import live_address
from missions.sources.fetch import Fetcher, Version
from missions.sources.registry import Source

LANDING = PROJECT / "build" / "landing"
EDITION = "edition.json"
_ATTEMPT = "attempt.json"
_KEPT_EDITIONS = 6  # per source, the newest; seeds of published editions are kept with the publications
_HTML = re.compile(rb"\s*<(!doctype html|html|head|body|script|\?xml)", re.IGNORECASE)


@dataclass(frozen=True)
class LandedFile:
    """One fetched file: its address, the validators for the next request, and what arrived."""

    path: str
    address: str
    etag: str | None
    last_modified: str | None
    fetched_at: str
    sha256: str
    bytes: int

    @property
    def version(self) -> Version:
        return Version(self.address, self.etag, self.last_modified)


@dataclass(frozen=True)
class Edition:
    """A source's files as its distributor had them at one time, in their own folder."""

    folder: Path
    source_id: str
    fetched_at: str
    checked_at: str  # when the distributor last had exactly these files
    files: tuple[LandedFile, ...]

    @property
    def digests(self) -> dict[str, str]:
        return {file.path: file.sha256 for file in self.files}


@dataclass(frozen=True)
class Attempt:
    """The result of the last attempt to fetch a source, and when an attempt last succeeded."""

    attempted_at: str
    is_good: bool
    message: str
    succeeded_at: str | None


def land(source: Source, fetcher: Fetcher) -> Edition:
    """Land the newest edition of a source; the last one landed, if the distributor still has exactly that.

    Raises FetchError; earlier editions are then unchanged, and a partial download is resumed next time.
    """
    root = LANDING / source.source_id
    before = newest_edition(source.source_id)
    known = {file.path: file for file in before.files} if before else {}
    files = []
    for file in source.files:
        target = root / ".partial" / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        old = known.get(file.path)
        version = fetcher.fetch(live_address(source, file), target, old.version if old else None)
        if version is None:
            assert before is not None and old is not None
            shutil.copyfile(before.folder / file.path, target)
            files.append(old)
        else:
            files.append(_landed(file.path, target, version))
    return _settle(root, source, files)


def land_from(source: Source, folder: Path) -> Edition:
    """Land the files that a person downloaded into `folder`, under their paths in the registry."""
    root = LANDING / source.source_id
    files = []
    for file in source.files:
        origin, target = folder / file.path, root / ".partial" / file.path
        if not origin.is_file():
            raise FetchError(f"{folder} has no {file.path}; save the file under that name")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, target)
        files.append(_landed(file.path, target, Version(f"by hand: {file.path}", None, None)))
    return _settle(root, source, files)


def _landed(path: str, target: Path, version: Version) -> LandedFile:
    _check_content(target)
    return LandedFile(path, **asdict(version), fetched_at=_now(), sha256=sha256(target), bytes=target.stat().st_size)


def newest_edition(source_id: str) -> Edition | None:
    """The edition that the distributor had most recently, or None if none has landed completely."""
    editions = _editions(LANDING / source_id)
    return editions[-1] if editions else None


def landed_edition(source: Source) -> Edition | None:
    """The landed edition from which the current seed was made, if it landed here."""
    editions = _editions(LANDING / source.source_id)
    return next((edition for edition in editions if edition.digests == in_use(source)), None)


def note_attempt(source_id: str, problem: str | None = None) -> None:
    """Record that the distributor was asked just now, and the problem if the attempt failed."""
    before, now = last_attempt(source_id), _now()
    succeeded_at = now if problem is None else before.succeeded_at if before else None
    attempt = Attempt(now, problem is None, problem or "", succeeded_at)
    root = LANDING / source_id
    root.mkdir(parents=True, exist_ok=True)
    write_json(root / _ATTEMPT, asdict(attempt))


def last_attempt(source_id: str) -> Attempt | None:
    """The last attempt on record, or None if there is none or it cannot be read."""
    try:
        return Attempt(**read_json(LANDING / source_id / _ATTEMPT))
    except (OSError, TypeError):
        return None


def in_use(source: Source) -> dict[str, str]:
    """The checksum of each publisher's file from which the seed was made."""
    return {file.path: file.sha256 for file in source.files}


def _settle(root: Path, source: Source, files: list[LandedFile]) -> Edition:
    """Move the files from .partial to their own folder, or find the folder that already has them."""
    now = _now()
    sums = "".join(f"{file.sha256}  {file.path}\n" for file in files)
    digest = sha256(sums.encode())
    partial = root / ".partial"
    same = [edition for edition in _editions(root) if edition.digests == {file.path: file.sha256 for file in files}]
    if same:
        edition = replace(same[-1], checked_at=now, files=tuple(files))
        shutil.rmtree(partial)
    else:
        folder = root / f"{now[:10]}-{digest[:8]}"
        if folder.exists():  # damaged since it landed, otherwise it would have been found
            folder.rename(root / f".damaged-{folder.name}-{time.time_ns()}")
        edition = Edition(folder, source.source_id, now, now, tuple(files))
        for stray in [*partial.rglob("*.part"), *partial.rglob("*.part.json")]:
            stray.unlink()
        _write_note(edition, partial)
        partial.rename(folder)
    _write_note(edition, edition.folder)
    for old in _editions(root)[:-_KEPT_EDITIONS]:
        if old.digests != in_use(source):
            shutil.rmtree(old.folder)
    return edition


def _write_note(edition: Edition, folder: Path) -> None:
    note = {
        "source_id": edition.source_id,
        "fetched_at": edition.fetched_at,
        "checked_at": edition.checked_at,
        "files": [asdict(file) for file in edition.files],
    }
    write_json(folder / EDITION, note)


def _editions(root: Path) -> list[Edition]:
    """The source's complete editions, in the order in which the distributor last had them."""
    editions = []
    for note in root.glob(f"[0-9]*/{EDITION}"):
        try:
            item: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
            files = tuple(LandedFile(**file) for file in item.pop("files"))
            edition = Edition(folder=note.parent, files=files, **item)
            whole = all(sha256(edition.folder / file.path) == file.sha256 for file in files)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            continue  # damaged by hand: it will be fetched again
        if whole:
            editions.append(edition)
    return sorted(editions, key=lambda edition: edition.checked_at)


def _check_content(path: Path) -> None:
    """Refuse a file that is not what its name says; a reader would fail later and less clearly."""
    suffix, size = path.suffix.lower(), path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(4096)
        stream.seek(max(0, size - 4))
        tail = stream.read()
    if _HTML.match(head.removeprefix(b"\xef\xbb\xbf")):
        problem = "a web page, not data"
    elif suffix == ".csv" and b"\0" in head:
        problem = "not text, so not a CSV file"
    elif suffix == ".csv" and not tail.endswith(b"\n"):
        problem = "cut short: the last line does not end with a line break"
    elif suffix == ".parquet" and not (head.startswith(b"PAR1") and tail == b"PAR1"):
        problem = "not a complete Parquet file"
    elif suffix == ".json" and not _is_json(path):
        problem = "not JSON"
    elif suffix == ".xlsx" and not head.startswith(b"PK"):
        problem = "not a workbook"
    else:
        return
    path.unlink()
    raise FetchError(f"{path.name}: the file received is {problem}")


def publisher_columns(path: Path) -> list[str] | None:
    """The column names in a file's first row, or None for a type of file without them."""
    if path.suffix == ".parquet":
        import pyarrow.parquet

        return list(pyarrow.parquet.read_schema(path).names)
    if path.suffix != ".csv":
        return None
    with path.open(encoding="utf-8-sig", newline="") as stream:
        first = next(csv.reader(stream), [])
    return first if len(first) > 1 and all(first) else None  # a title above the table


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError:
        return False
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
