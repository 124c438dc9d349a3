"""Fetching one file over HTTP, politely and within limits, resuming where a download was cut.

Belongs here: requests, resuming, retries, giving up, and refusing a response that is not a data file. Which files a
source has and what becomes of them belongs in landing.py.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from urllib3.exceptions import InvalidHeader, MaxRetryError
from urllib3.util import Retry

from missions.errors import FetchError
from missions.files import read_json
from missions.sources.addresses import is_listed
from missions.sources.watchdog import Watchdog

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


class _Transient(Exception):
    """A failure that a retry may cure, after `wait` seconds if the server asks for that."""

    def __init__(self, problem: str, wait: float = 0.0) -> None:
        super().__init__(problem)
        self.wait = wait


@dataclass(frozen=True)
class Limits:
    """How long a fetch may take, in seconds, and how much it may download, in bytes."""

    attempts: int = 5
    first_wait: float = 2.0  # doubled after each attempt
    longest_wait: float = 60.0
    longest_retry_after: float = 300.0  # if a server asks for longer, leave it until the next refresh
    connect_timeout: float = 10.0
    read_timeout: float = 30.0  # without receiving a byte
    file_timeout: float = 300.0  # for one attempt at one file, including connection and headers
    refresh_timeout: float = 1800.0  # for all downloads of one refresh; Dagster ends its runs after 3,600
    redirects: int = 5
    file_bytes: int = 64 << 20
    total_bytes: int = 512 << 20  # for all downloads of one refresh


@dataclass(frozen=True)
class Version:
    """Where a file was fetched from, and the validators to ask with next time."""

    address: str
    etag: str | None
    last_modified: str | None


class _Rules(Retry):
    """What to retry and after how long: urllib3's rules, except that the first retry waits too.

    Fetcher.fetch applies them, not the adapter. An adapter's retries end once the headers have arrived: they can
    neither resume a body nor give each attempt a deadline, they read an error's body whatever its length, and they wait
    for as long as the server asks.
    """

    RETRY_AFTER_STATUS_CODES = frozenset({403, 429, 503})

    def get_backoff_time(self) -> float:
        return super().get_backoff_time() or self.backoff_factor

    def get_retry_after(self, response: Any) -> float:
        """How many seconds the server asks us to wait, from a number or a date; 0 if it does not say."""
        try:
            return super().get_retry_after(response) or 0.0
        except InvalidHeader:
            return 0.0


class Fetcher:
    """One session for a refresh: one connection per host, one request at a time, and one count of bytes."""

    def __init__(self, limits: Limits | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        self.limits = limits or Limits()
        self.bytes = 0
        self._sleep = sleep
        self._rules = _Rules(
            total=self.limits.attempts - 1,
            status_forcelist=_TRANSIENT,
            backoff_factor=self.limits.first_wait,
            backoff_max=self.limits.longest_wait,
        )
        self._is_cut_off = False  # the host could not be reached: the next file gets one attempt
        self.ends = time.monotonic() + self.limits.refresh_timeout
        self._session = requests.Session()
        self._watchdog = Watchdog()
        self._watchdog.mount(self._session)
        # No credentials from a .netrc. No compression: lengths and ranges then refer to the file itself.
        self._session.auth = lambda request: request
        self._session.headers.update({"User-Agent": user_agent(), "Accept": "*/*", "Accept-Encoding": "identity"})

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        self._session.close()  # the next request opens a new connection
        self._watchdog.forget()

    def fetch(self, address: str, target: Path, known: Version | None) -> Version | None:
        """Fetch one file to `target`. Return None if the server says that the known version is still current.

        Raises FetchError. A partial download stays beside `target` and is resumed next time.
        """
        rules = self._rules.new(total=0) if self._is_cut_off else self._rules
        self._is_cut_off = False
        while True:
            self._check_time(address, 0.0)
            try:
                return self._attempt(address, target, known)
            except _Transient as error:
                trouble: Exception = error
                problem, asked = str(error), error.wait
            except requests.RequestException as error:
                trouble = error
                problem, asked = _in_words(error), 0.0
            if asked > self.limits.longest_retry_after:
                raise FetchError(
                    f"{address}: {problem}; Retry-After is {asked:,.0f} seconds, longer than we wait. Refresh it later"
                )
            try:
                rules = rules.increment("GET", address, error=trouble)
            except MaxRetryError:
                # A connection that broke does not mean that the host is unreachable.
                self._is_cut_off = isinstance(trouble, requests.ConnectionError)
                attempts = len(rules.history) + 1
                one = "1 attempt, because the host could not be reached before"
                counted = f"{attempts} attempts" if attempts > 1 else one
                raise FetchError(f"{address}: {problem}; gave up after {counted}") from None
            wait = max(rules.get_backoff_time(), asked)
            self._check_time(f"{address}: {problem}", wait)
            self._sleep(wait)

    def _check_time(self, address: str, wait: float) -> None:
        if time.monotonic() + wait >= self.ends:
            limit = self.limits.refresh_timeout
            raise FetchError(
                f"{address}: the time limit for one refresh ({limit:,.4g} seconds) has passed; refresh it again"
            )

    def _attempt(self, address: str, target: Path, known: Version | None) -> Version | None:
        """One request with its redirects; it ends at its deadline whatever the server does."""
        began = time.monotonic()
        deadline = min(began + self.limits.file_timeout, self.ends)
        try:
            with self._watchdog.until(deadline):
                landed = self._asked(address, target, known)
        except (_Transient, requests.RequestException) as error:
            self._close()
            if not self._watchdog.has_cut:
                raise
            raise _Transient(f"the response was not complete after {deadline - began:.4g} seconds") from error
        except FetchError:
            self._close()
            raise
        return landed

    def _asked(self, address: str, target: Path, known: Version | None) -> Version | None:
        part, note = target.with_name(target.name + ".part"), target.with_name(target.name + ".part.json")
        have, headers = _resumption(part, note, address)
        if not headers and known and known.address == address:
            asked = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
            headers = {name: value for name, value in asked.items() if value}
        with self._get(address, headers) as response:
            if response.status_code == 304:
                response.raw.release_conn()  # no body follows; the next request can use the connection
                if not headers.keys() & {"If-None-Match", "If-Modified-Since"}:
                    raise FetchError(f"{address}: the server answered 'not modified' (304) without being asked")
                return None
            if response.status_code == 416:  # the partial download does not belong to the current file
                part.unlink(missing_ok=True)
                raise _Transient("the server cannot resume the file (416)")
            self._check_answer(address, response)
            total = _length(response)
            if response.status_code == 206:
                span = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", response.headers.get("Content-Range", ""))
                if not have or not span or int(span[1]) != have:
                    part.unlink(missing_ok=True)
                    raise _Transient("the server sent a different part of the file from the one requested (206)")
                total = int(span[3])
            else:
                have = 0
            self._check_size(address, have, total)
            fetched = Version(address, response.headers.get("ETag"), response.headers.get("Last-Modified"))
            note.write_text(json.dumps(asdict(fetched)), encoding="utf-8")
            size = self._receive(address, response, part, have, total)
        if self._watchdog.has_cut:  # without a length from the server, a cut looks like the end of the file
            raise _Transient("cut")
        if total is not None and size != total:
            raise _Transient(f"cut short after {size:,} of {total:,} bytes")
        if not size:
            raise FetchError(f"{address}: the server sent an empty file")
        part.replace(target)
        note.unlink()
        return fetched

    def _get(self, address: str, headers: dict[str, str]) -> requests.Response:
        """The response after any redirects, each of which must lead to the listed host."""
        place = address
        for _ in range(self.limits.redirects + 1):
            if not is_listed(place):
                raise FetchError(f"{address}: redirects to {place}, which is not the listed host over HTTPS")
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
        """Write the body to the partial file as it arrives, so that nothing is lost. Return the file's size."""
        size = have
        with part.open("ab" if have else "wb") as stream:
            while True:
                try:
                    block = response.raw.read1(_CHUNK)
                except Exception as error:  # urllib3 and http.client have many kinds
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
            raise FetchError(f"{address}: this refresh has downloaded over {self.limits.total_bytes:,} bytes in total")

    def _check_answer(self, address: str, response: requests.Response) -> None:
        status = response.status_code
        asked = self._rules.get_retry_after(response)
        if self._rules.is_retry("GET", status, has_retry_after=asked > 0):
            raise _Transient(f"the server answered {status} {response.reason}", asked)
        if status not in (200, 206):
            gone = " (moved or withdrawn: check the distributor's page and correct seeds/sources.yml)"
            more = gone if status in (404, 410) else ""
            raise FetchError(f"{address}: the server answered {status} {response.reason}{more}")
        content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if content_type and content_type not in _CONTENT_TYPES:
            raise FetchError(f"{address}: the server sent {content_type}, not data")
        encoding = response.headers.get("Content-Encoding", "identity").lower()
        if encoding != "identity":
            raise FetchError(f"{address}: the server compressed the file ({encoding}) although we asked it not to")


def user_agent() -> str:
    """How we introduce ourselves to servers."""
    try:
        number = version("missions-index")
    except PackageNotFoundError:
        number = "0"
    return f"missions-index/{number} (weekly refresh of public statistics) python-requests/{requests.__version__}"


def _resumption(part: Path, note: Path, address: str) -> tuple[int, dict[str, str]]:
    """How many bytes we have, and headers that request the rest; none unless it belongs to the same file."""
    if not (part.is_file() and note.is_file()):
        return 0, {}
    sent, have = read_json(note), part.stat().st_size
    # Only a strong validator guarantees that the rest belongs to what we have.
    validators = [sent.get("etag"), sent.get("last_modified")]
    strong = next((text for text in validators if text and not text.startswith("W/")), None)
    if not (have and strong and sent.get("address") == address):
        return 0, {}
    return have, {"Range": f"bytes={have}-", "If-Range": strong}


def _length(response: requests.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def _in_words(error: Exception) -> str:
    if isinstance(error, requests.ConnectTimeout):
        return "timed out while connecting"
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "timed out while waiting for data"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return " ".join(str(error).split())[:200]
