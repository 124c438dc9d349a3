"""Landing: the newest files of a source's distributor, fetched over HTTP into build/landing/, never over older ones.

Belongs here: asking politely, resuming, giving up, and telling a publisher's file from anything else that a server may
send. Whether an edition may be used is for comparison.py and refresh.py.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from missions.errors import FetchError
from missions.files import sha256
from missions.paths import PROJECT
from missions.sources.registry import Source, SourceFile, is_listed, live_address

LANDING = PROJECT / "build" / "landing"
EDITION = "edition.json"
_ATTEMPT = "attempt.json"
_KEPT_EDITIONS = 6  # of a source, the newest; the seeds of editions in use are kept with the publications
_CHUNK = 1 << 16
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}
_CONTENT_TYPES = {
    "application/csv",
    "application/gzip",
    "application/json",
    "application/octet-stream",
    "application/vnd.apache.parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/x-gzip",
    "text/csv",
    "text/plain",
}
_HTML = re.compile(rb"\s*<(!doctype html|html|head|body|script|\?xml)", re.IGNORECASE)


class _Transient(Exception):
    """Something that may go well at the next attempt, after `wait` seconds if the server asks for that."""

    def __init__(self, problem: str, wait: float = 0.0) -> None:
        super().__init__(problem)
        self.wait = wait


@dataclass(frozen=True)
class Limits:
    """How patient a fetch is and how much it takes. Seconds and bytes."""

    attempts: int = 5
    first_wait: float = 2.0  # doubled after each attempt
    longest_wait: float = 60.0
    longest_retry_after: float = 300.0  # a server that asks for more is left until the next refresh
    connect_timeout: float = 10.0
    read_timeout: float = 30.0  # without a byte
    file_timeout: float = 300.0  # for the whole of one file in one attempt, with connection and headers
    refresh_timeout: float = 1800.0  # for everything that one refresh fetches; Dagster ends its runs after 3,600
    redirects: int = 5
    file_bytes: int = 64 << 20
    total_bytes: int = 512 << 20  # of everything that one refresh takes


@dataclass(frozen=True)
class LandedFile:
    """One fetched file: where it was, what the server said to ask by next time, and what came."""

    path: str
    address: str
    etag: str | None
    last_modified: str | None
    fetched_at: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Edition:
    """The files of a source as they stood at its distributor at one time, in a folder of their own."""

    folder: Path
    source_id: str
    fetched_at: str
    checked_at: str  # when the distributor last had just these files
    files: tuple[LandedFile, ...]

    @property
    def digests(self) -> dict[str, str]:
        return {file.path: file.sha256 for file in self.files}


@dataclass(frozen=True)
class Attempt:
    """How it went when a source's distributor was last asked, and when it last went well."""

    attempted_at: str
    is_good: bool
    message: str
    succeeded_at: str | None


class _Watchdog:
    """Cuts the connections of a session at a deadline: timeouts of requests and of sockets begin anew with each byte.

    It keeps a twin of each socket, as TLS takes the socket itself over before its handshake has ended. How long a name
    is looked up is the system's to bound.
    """

    def __init__(self) -> None:
        self.has_cut = False
        self._twins: list[socket.socket] = []

    def mount(self, session: requests.Session) -> None:
        """Let all connections of the session be seen."""
        watchdog = self

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return watchdog._seen(super()._new_conn())

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return watchdog._seen(super()._new_conn())

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        class Adapter(HTTPAdapter):
            def init_poolmanager(self, *arguments: Any, **settings: Any) -> None:
                super().init_poolmanager(*arguments, **settings)
                self.poolmanager.pool_classes_by_scheme = pools

            def proxy_manager_for(self, *arguments: Any, **settings: Any) -> Any:
                manager = super().proxy_manager_for(*arguments, **settings)
                manager.pool_classes_by_scheme = pools
                return manager

        pools = {"http": PlainPool, "https": SecurePool}
        adapter = Adapter(pool_connections=1, pool_maxsize=1, pool_block=True, max_retries=0)
        session.mount("https://", adapter)
        session.mount("http://", adapter)

    @contextmanager
    def until(self, deadline: float) -> Iterator[None]:
        """Watch what happens within; has_cut says whether it took too long."""
        self.has_cut = False
        timer = threading.Timer(max(0.0, deadline - time.monotonic()), self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def forget(self) -> None:
        """Let go of the connections; they are closed when the session lets go of them too."""
        while self._twins:
            self._twins.pop().close()

    def _seen(self, connection: socket.socket) -> socket.socket:
        self._twins.append(connection.dup())
        if self.has_cut:  # while it was being made
            self._cut()
        return connection

    def _cut(self) -> None:
        self.has_cut = True
        for twin in self._twins:
            with suppress(OSError):  # closed already
                twin.shutdown(socket.SHUT_RDWR)


class Fetcher:
    """One session for a refresh: a connection a host, one request at a time, all its bytes counted together."""

    def __init__(self, limits: Limits | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        self.limits = limits or Limits()
        self.bytes = 0
        self._sleep = sleep
        self._is_cut_off = False  # the host could not be reached at all: others need not wait to find that out again
        self.ends = time.monotonic() + self.limits.refresh_timeout
        self._session = requests.Session()
        self._watchdog = _Watchdog()
        self._watchdog.mount(self._session)
        # No credentials from a .netrc, and the file's own bytes: lengths and ranges are then those of the file.
        self._session.auth = lambda request: request
        self._session.headers.update({"User-Agent": user_agent(), "Accept": "*/*", "Accept-Encoding": "identity"})

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        self._session.close()  # it opens a new connection when it is asked again
        self._watchdog.forget()

    def land(self, source: Source, landing: Path | None = None) -> Edition:
        """The newest edition of a source: the one landed last if the distributor still has just that.

        Raises FetchError; what has landed before is then as it was, and a file cut short is resumed next time.
        """
        root = (landing or LANDING) / source.source_id
        partial = root / ".partial"
        partial.mkdir(parents=True, exist_ok=True)
        before = newest_edition(source.source_id, landing)
        known = {file.path: file for file in before.files} if before else {}
        files = []
        for file in source.files:
            target = partial / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            landed = self._fetch(source, file, target, known.get(file.path))
            if landed is None:
                assert before is not None
                landed = known[file.path]
                shutil.copyfile(before.folder / file.path, target)
            files.append(landed)
        return _settle(root, source, files)

    def _fetch(self, source: Source, file: SourceFile, target: Path, known: LandedFile | None) -> LandedFile | None:
        """Fetch one file to `target`; None where the server says that the known one is still the newest."""
        address = live_address(source, file)
        attempts = 1 if self._is_cut_off else self.limits.attempts
        for attempt in range(1, attempts + 1):
            self._check_time(address, 0.0)
            try:
                landed = self._attempt(address, target, known)
            except _Transient as trouble:
                problem, wait = str(trouble), trouble.wait
                self._is_cut_off = False
            except requests.RequestException as error:
                problem, wait = _in_words(error), 0.0
                # A connection that broke is no proof that there is none to be had.
                self._is_cut_off = attempt == attempts and isinstance(error, requests.ConnectionError)
            else:
                self._is_cut_off = False
                if landed is not None:
                    _check_content(target)
                return None if landed is None else replace(landed, path=file.path)
            if wait > self.limits.longest_retry_after:
                raise FetchError(f"{address}: {problem}; it asks to be left alone for {wait:,.0f} seconds")
            if attempt < attempts:
                waited = min(self.limits.longest_wait, self.limits.first_wait * 2 ** (attempt - 1))
                self._check_time(f"{address}: {problem}", max(waited, wait))
                self._sleep(max(waited, wait))
        counted = f"{attempts} attempts" if attempts > 1 else "1 attempt, as the host could not be reached before"
        raise FetchError(f"{address}: {problem}; given up after {counted}")

    def _check_time(self, address: str, wait: float) -> None:
        if time.monotonic() + wait >= self.ends:
            limit = self.limits.refresh_timeout
            raise FetchError(f"{address}: the time for one refresh ({limit:,.4g} seconds) is over; refresh it again")

    def _attempt(self, address: str, target: Path, known: LandedFile | None) -> LandedFile | None:
        """One request with its redirects, which ends at its deadline whatever the server does."""
        began = time.monotonic()
        deadline = min(began + self.limits.file_timeout, self.ends)
        try:
            with self._watchdog.until(deadline):
                landed = self._asked(address, target, known)
        except (_Transient, requests.RequestException) as error:
            self._close()
            if not self._watchdog.has_cut:
                raise
            raise _Transient(f"the answer was not whole after {deadline - began:.4g} seconds") from error
        except FetchError:
            self._close()
            raise
        return landed

    def _asked(self, address: str, target: Path, known: LandedFile | None) -> LandedFile | None:
        part, note = target.with_name(target.name + ".part"), target.with_name(target.name + ".part.json")
        headers, have, sent = {}, 0, {}
        if part.is_file() and note.is_file():
            sent = _read_json(note)
            have = part.stat().st_size
            # Only a strong validator says that the rest belongs to what is here already.
            validators = [sent.get("etag"), sent.get("last_modified")]
            strong = next((text for text in validators if text and not text.startswith("W/")), None)
            if have and strong and sent.get("address") == address:
                headers = {"Range": f"bytes={have}-", "If-Range": strong}
        if not headers:
            have = 0
            if known and known.address == address:
                if known.etag:
                    headers["If-None-Match"] = known.etag
                if known.last_modified:
                    headers["If-Modified-Since"] = known.last_modified
        response = self._get(address, headers)
        with response:
            if response.status_code == 304:
                response.raw.release_conn()  # nothing follows; the next request may use the connection
                if not headers.keys() & {"If-None-Match", "If-Modified-Since"}:
                    raise FetchError(f"{address}: the server says 'not modified' (304) though it was not asked")
                return None
            if response.status_code == 416:  # the part is no part of the newest file
                part.unlink(missing_ok=True)
                raise _Transient("the server cannot resume the file (416)")
            _check_answer(address, response)
            length = _length(response)
            if response.status_code == 206:
                span = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", response.headers.get("Content-Range", ""))
                if not have or not span or int(span[1]) != have:
                    part.unlink(missing_ok=True)
                    raise _Transient("the server sent another part of the file than was asked for (206)")
                total: int | None = int(span[3])
            else:
                have, total = 0, length
            self._check_size(address, have, total)
            etag, modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
            note.write_text(json.dumps({"address": address, "etag": etag, "last_modified": modified}), encoding="utf-8")
            size = self._receive(address, response, part, have, total)
        if self._watchdog.has_cut:  # where the server gave no length, a cut looks like the end of the file
            raise _Transient("cut")
        if total is not None and size != total:
            raise _Transient(f"cut short after {size:,} of {total:,} bytes")
        if not size:
            raise FetchError(f"{address}: the server sent an empty file")
        part.replace(target)
        note.unlink()
        return LandedFile("", address, etag, modified, _now(), sha256(target), size)

    def _get(self, address: str, headers: dict[str, str]) -> requests.Response:
        """The answer after redirects, each of which must lead to a listed host."""
        place = address
        for _ in range(self.limits.redirects + 1):
            if not is_listed(place):
                raise FetchError(f"{address}: leads to {place}, which is not the listed host over HTTPS")
            timeouts = (self.limits.connect_timeout, self.limits.read_timeout)
            response = self._session.get(place, headers=headers, timeout=timeouts, stream=True, allow_redirects=False)
            if response.status_code not in _REDIRECTS:
                return response
            if _length(response) == 0:
                response.raw.release_conn()
            response.close()
            place = urljoin(place, response.headers.get("Location", ""))
        raise FetchError(f"{address}: more than {self.limits.redirects} redirects")

    def _receive(self, address: str, response: requests.Response, part: Path, have: int, total: int | None) -> int:
        """Write the body to the part as it comes in, so that nothing of it is lost, and give the part's size."""
        size = have
        with part.open("ab" if have else "wb") as stream:
            while True:
                try:
                    block = response.raw.read1(_CHUNK)
                except Exception as error:  # urllib3 and http.client have a score of them
                    raise _Transient(f"the connection broke after {size:,} bytes ({_in_words(error)})") from error
                if not block:
                    return size
                stream.write(block)
                size += len(block)
                self.bytes += len(block)
                self._check_size(address, size, total)
                if total is not None and size >= total:
                    response.raw.release_conn()  # as above
                    return size

    def _check_size(self, address: str, size: int, total: int | None) -> None:
        if max(size, total or 0) > self.limits.file_bytes:
            raise FetchError(f"{address}: larger than {self.limits.file_bytes:,} bytes")
        if self.bytes > self.limits.total_bytes:
            raise FetchError(f"{address}: this refresh has taken more than {self.limits.total_bytes:,} bytes in all")


def land_from(source: Source, folder: Path, landing: Path | None = None) -> Edition:
    """Land the files of a source that a person fetched into `folder`, under the paths that the registry gives them."""
    root = (landing or LANDING) / source.source_id
    files = []
    for file in source.files:
        origin, target = folder / file.path, root / ".partial" / file.path
        if not origin.is_file():
            raise FetchError(f"{folder} has no {file.path}")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, target)
        _check_content(target)
        size = target.stat().st_size
        files.append(LandedFile(file.path, f"by hand: {file.path}", None, None, _now(), sha256(target), size))
    return _settle(root, source, files)


def newest_edition(source_id: str, landing: Path | None = None) -> Edition | None:
    """The edition that the distributor had last, or None where nothing has landed whole."""
    editions = _editions((landing or LANDING) / source_id)
    return editions[-1] if editions else None


def landed_edition(source: Source, landing: Path | None = None) -> Edition | None:
    """The landed edition that the seed in use was made from, if it landed here."""
    editions = _editions((landing or LANDING) / source.source_id)
    return next((edition for edition in editions if edition.digests == in_use(source)), None)


def note_attempt(source_id: str, problem: str | None = None, landing: Path | None = None) -> None:
    """Note that the distributor was asked just now, and whether it went well or what the problem was."""
    before, now = last_attempt(source_id, landing), _now()
    succeeded_at = now if problem is None else before.succeeded_at if before else None
    attempt = Attempt(now, problem is None, problem or "", succeeded_at)
    root = (landing or LANDING) / source_id
    root.mkdir(parents=True, exist_ok=True)
    write_json(root / _ATTEMPT, asdict(attempt))


def last_attempt(source_id: str, landing: Path | None = None) -> Attempt | None:
    """What was noted last, or None where nothing was or it cannot be read."""
    try:
        return Attempt(**_read_json((landing or LANDING) / source_id / _ATTEMPT))
    except (OSError, TypeError):
        return None


def in_use(source: Source) -> dict[str, str]:
    """The checksum of each publisher's file that the seed was made from."""
    return {file.path: file.sha256 for file in source.files}


def user_agent() -> str:
    """Who asks."""
    try:
        number = version("missions-index")
    except PackageNotFoundError:
        number = "0"
    return f"missions-index/{number} (weekly refresh of public statistics) python-requests/{requests.__version__}"


def _settle(root: Path, source: Source, files: list[LandedFile]) -> Edition:
    """Give the files fetched into .partial a folder of their own, or say that they have one already."""
    now = _now()
    sums = "".join(f"{file.sha256}  {file.path}\n" for file in files)
    digest = hashlib.sha256(sums.encode()).hexdigest()
    partial = root / ".partial"
    same = [edition for edition in _editions(root) if edition.digests == {file.path: file.sha256 for file in files}]
    if same:
        edition = replace(same[-1], checked_at=now, files=tuple(files))
        shutil.rmtree(partial)
    else:
        folder = root / f"{now[:10]}-{digest[:8]}"
        if folder.exists():  # damaged since it landed, or it would have been found
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


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a note for people and programs in one go: who reads it finds the old one or the new one."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(path)


def _editions(root: Path) -> list[Edition]:
    """The source's landed editions that are whole, in the order in which the distributor last had them."""
    editions = []
    for note in root.glob(f"[0-9]*/{EDITION}"):
        try:
            item: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
            files = tuple(LandedFile(**file) for file in item.pop("files"))
            edition = Edition(folder=note.parent, files=files, **item)
            whole = all(sha256(edition.folder / file.path) == file.sha256 for file in files)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            continue  # damaged by hand: it is fetched anew
        if whole:
            editions.append(edition)
    return sorted(editions, key=lambda edition: edition.checked_at)


def _check_answer(address: str, response: requests.Response) -> None:
    status = response.status_code
    asked = _retry_after(response)
    if status in _TRANSIENT or (status == 403 and asked):
        raise _Transient(f"the server answered {status} {response.reason}", asked)
    if status not in (200, 206):
        gone = " (moved or withdrawn: look at the distributor's page and correct seeds/sources.yml)"
        more = gone if status in (404, 410) else ""
        raise FetchError(f"{address}: the server answered {status} {response.reason}{more}")
    content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type and content_type not in _CONTENT_TYPES:
        raise FetchError(f"{address}: the server sent {content_type}, not data")
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding != "identity":
        raise FetchError(f"{address}: the server sent the file packed ({encoding}) though it was asked not to")


def _check_content(path: Path) -> None:
    """Refuse a file that is not of the kind that its name says; a reader would find out later and less plainly."""
    suffix, size = path.suffix.lower(), path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(4096)
        stream.seek(max(0, size - 4))
        tail = stream.read()
    if _HTML.match(head.removeprefix(b"\xef\xbb\xbf")):
        problem = "a web page, not data"
    elif suffix == ".csv" and b"\0" in head:
        problem = "not a text, so no CSV"
    elif suffix == ".csv" and not tail.endswith(b"\n"):
        problem = "cut short: the last line does not end with a line break"
    elif suffix == ".parquet" and not (head.startswith(b"PAR1") and tail == b"PAR1"):
        problem = "not a whole Parquet file"
    elif suffix == ".json" and not _is_json(path):
        problem = "not JSON"
    elif suffix == ".xlsx" and not head.startswith(b"PK"):
        problem = "not a workbook"
    else:
        return
    path.unlink()
    raise FetchError(f"{path.name}: what came is {problem}")


def publisher_columns(path: Path) -> list[str] | None:
    """The columns that a file names in its first row, or None for a kind of file that has none there."""
    if path.suffix == ".parquet":
        import pyarrow.parquet

        return list(pyarrow.parquet.read_schema(path).names)
    if path.suffix != ".csv":
        return None
    with path.open(encoding="utf-8-sig", newline="") as stream:
        first = next(csv.reader(stream), [])
    return first if len(first) > 1 and all(first) else None  # a title above the table


def _read_json(path: Path) -> dict[str, Any]:
    """A note of our own; one that a kill or a full disk left damaged says nothing."""
    try:
        item = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return item if isinstance(item, dict) else {}


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError:
        return False
    return True


def _length(response: requests.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def _retry_after(response: requests.Response) -> float:
    """The seconds that a server asks to wait, given as such or as a time; 0 where it does not say."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _in_words(error: Exception) -> str:
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return " ".join(str(error).split())[:200]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
