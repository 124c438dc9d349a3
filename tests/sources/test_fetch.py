"""Fetching from a real HTTP server: resuming, limits of time and size, and where a download may lead."""

import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from missions.errors import FetchError, RegistryError
from missions.sources import addresses, refresh
from missions.sources.fetch import Fetcher
from missions.sources.landing import land
from tests.sources.refresh_cases import BACKOFF
from tests.support.publisher import OBESITY, RECYCLING, Handler, cut_midway, trickle
from tests.support.refreshing import HASTY, LIMITS, Place


def test_a_cut_download_is_resumed_by_the_next_refresh(place: Place) -> None:
    place.offer()
    place.server.always = cut_midway
    with pytest.raises(FetchError), Fetcher(replace(LIMITS, attempts=1), sleep=place.waits.append) as fetcher:
        land(place.source(), fetcher)
    place.server.always = None
    place.server.asked.clear()
    assert place.one(OBESITY)[1]["status"] == "taken"
    assert [s for path, s, _ in place.server.asked if path.endswith(".csv")] == [206]


def test_a_file_that_changed_while_it_was_cut_is_fetched_whole(place: Place) -> None:
    def cut_an_older_one(handler: Handler, body: bytes) -> None:
        cut_midway(handler, body[::-1])

    place.offer()
    place.server.answers = [cut_an_older_one]
    assert place.one(OBESITY)[1]["status"] == "taken"
    assert [s for path, s, _ in place.server.asked if path.endswith(".csv")] == [200, 200]


def test_only_what_is_new_is_fetched(place: Place) -> None:
    """The table is unchanged and its description is new: the new edition has both."""
    path = next(p for p in place.server.files if p.endswith(".json"))
    place.server.files[path] = b'{"label": "Adult obesity"}'
    code, outcome = place.one(OBESITY)
    assert (code, outcome["message"]) == (0, "0 figures new or changed")
    assert sorted(status for _, status, _ in place.server.asked) == [200, 304]
    assert len(list(Path(outcome["folder"]).rglob("adult-obesity-prevalence.*"))) == 2


def test_asks_as_a_good_guest(place: Place) -> None:
    place.offer(source_id=OBESITY)
    place.offer(source_id=RECYCLING)
    assert place.run(OBESITY, RECYCLING)[0] == 0
    assert place.server.connections == 1
    for _, _, headers in place.server.asked:
        assert headers["User-Agent"].startswith("missions-index/")
        assert headers["Accept-Encoding"] == "identity"
        assert "Authorization" not in headers


def test_a_refresh_takes_no_more_than_its_share(place: Place) -> None:
    place.offer()
    place.offer(source_id=RECYCLING)
    with Fetcher(replace(LIMITS, total_bytes=400_000), sleep=place.waits.append) as fetcher:
        outcomes = refresh.refresh([place.source(), place.source(RECYCLING)], fetcher=fetcher)
    assert "bytes in total" in outcomes[-1].message


def test_without_a_network_only_the_first_source_waits(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv(addresses.LIVE_BASE_VARIABLE, f"http://127.0.0.1:{unused.getsockname()[1]}")
        code, outcomes = place.run(OBESITY, RECYCLING)
    assert (code, place.waits) == (1, BACKOFF)
    assert all("no connection" in outcome["message"] for outcome in outcomes)


def test_a_damaged_note_beside_a_part_is_no_trouble(place: Place) -> None:
    place.offer()
    place.server.always = cut_midway
    with pytest.raises(FetchError), Fetcher(replace(LIMITS, attempts=1), sleep=place.waits.append) as fetcher:
        land(place.source(), fetcher)
    (note,) = (place.folder / "landing").rglob("*.part.json")
    note.write_text("{", encoding="utf-8")
    place.server.always = None
    assert place.one(OBESITY)[1]["status"] == "taken"


def test_a_trickle_in_a_tls_handshake_ends_too() -> None:
    """Downloads are over HTTPS, where the handshake comes before any header."""

    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(b"\x16\x03\x03\x20\x00")  # a handshake of 8,192 bytes
            for _ in range(100):
                connection.sendall(b"\x02")
                time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listener, Fetcher(HASTY) as fetcher:
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        began = time.monotonic()
        with fetcher._watchdog.until(began + 0.3), pytest.raises(requests.ConnectionError):
            fetcher._session.get(f"https://127.0.0.1:{listener.getsockname()[1]}", timeout=10)
        assert fetcher._watchdog.has_cut
        assert time.monotonic() - began < 4


def test_a_refresh_has_an_end(place: Place) -> None:
    """A server that never finishes one source does not hold the run: the remaining sources fail without a request."""
    place.offer()
    place.offer(source_id=RECYCLING)
    place.server.always = trickle
    place.server.asked.clear()
    chosen = [place.source(), place.source(RECYCLING)]  # the registry is read before the clock starts
    began = time.monotonic()
    with Fetcher(replace(LIMITS, refresh_timeout=0.5), sleep=place.waits.append) as fetcher:
        outcomes = refresh.refresh(chosen, fetcher=fetcher)
    assert time.monotonic() - began < 8
    assert [outcome.status for outcome in outcomes] == ["failed", "failed"]
    assert all("the time limit for one refresh (0.5 seconds) has passed" in outcome.message for outcome in outcomes)
    assert len([path for path, _, _ in place.server.asked if path.endswith(".csv")]) == 1
    place.server.always = None
    assert place.run(OBESITY, RECYCLING)[0] == 0


def test_every_refreshable_source_has_a_live_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(addresses.LIVE_BASE_VARIABLE, raising=False)
    chosen = refresh.refreshable()
    assert len(chosen) >= 39
    for source in chosen:
        for file in source.files:
            address = addresses.live_address(source, file)
            assert address == f"https://raw.githubusercontent.com/{source.distributor}/HEAD/{file.distributor_path}"
            assert addresses.is_listed(address)
            assert source.distributor.count("/") == 1 and "*" not in address


@pytest.mark.parametrize(
    "base",
    [
        "https://example.org",
        "http://10.0.0.1",
        "http://127.0.0.1.example.org",
        "http://user@127.0.0.1",
        "ftp://localhost",
    ],
)
def test_tests_server_must_be_on_this_machine(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(addresses.LIVE_BASE_VARIABLE, base)
    with pytest.raises(RegistryError, match="expected a server on this machine"):
        addresses.live_base()


@pytest.mark.parametrize(
    "address",
    [
        "http://raw.githubusercontent.com/a/b/HEAD/c.csv",
        "https://raw.githubusercontent.com.example.org/c.csv",
        "https://raw.githubusercontent.com@example.org/c.csv",
        "https://raw.githubusercontent.com:8443/c.csv",
        "http://127.0.0.1/c.csv",
        "file:///etc/passwd",
        "https://[",
    ],
)
def test_downloads_lead_to_the_listed_host_only(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(addresses.LIVE_BASE_VARIABLE, raising=False)
    assert not addresses.is_listed(address)
