"""Refresh against a real HTTP server that serves publishers' files and goes wrong in every way that a server can.

The files are written here from the seeds, in the publishers' formats. Each case is a row of docs/operations.md.
"""

import csv
import email.utils
import gzip
import hashlib
import io
import json
import random
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import numpy as np
import pandas as pd
import pytest
import requests
import yaml
from typer.testing import CliRunner

from missions.cli import app
from missions.errors import FetchError, KeptSeedsError, RegistryError
from missions.files import sha256
from missions.publication import seeds as editions
from missions.sources import landing, load, refresh, registry, snapshot
from missions.sources.compare import Comparison, compare, read_seed
from missions.sources.landing import Fetcher, Limits
from missions.sources.load import seed_text
from missions.sources.registry import Bounds, Source, sources
from tests.conftest import ROOT, SHARED

OBESITY = "ons_adult_obesity_prevalence"
RECYCLING = "trafford_recycling"
SEEDS_NEEDED = [
    "sources.yml",
    "SHA256SUMS",
    "framework/indicator_measure.csv",
    "framework/small_area_indicator.csv",
    "geography/area.csv",
    "geography/authority.csv",
    "geography/dfe_local_authority_number.csv",
    "geography/partnership.csv",
    f"observations/{OBESITY}.csv",
    f"observations/{RECYCLING}.csv",
]
LIMITS = Limits(file_bytes=5_000_000)
HASTY = replace(LIMITS, read_timeout=0.2, file_timeout=0.3)  # only where every attempt is to fail by it
TABLE_BEGIN, TABLE_END = "<!-- refresh cases -->", "<!-- /refresh cases -->"

Table = pd.DataFrame
Change = Callable[[Table], Table]


# --- Publishers' formats, written from seeds --------------------------------------------------------------------------


def explore_local_statistics(seed: Table) -> Table:
    """The publisher's table that a seed was read from."""
    names = pd.read_csv(ROOT / "seeds/geography/area.csv", dtype=str).set_index("area_code")["area_name"]
    return pd.DataFrame(
        {
            "areacd": seed["area_code"],
            "areanm": seed["area_code"].map(names),
            "geography": "Local authority",
            "indicator": seed["measure"],
            "period": [iso(s, e) for s, e in zip(seed["period_start_date"], seed["period_end_date"], strict=True)],
            "observation": seed["value"],
            "measure": "Percentage",
            "unit": "%",
            "lci_95": seed["lower_95"],
            "uci_95": seed["upper_95"],
            "status": seed["marker"],
            "notes": "",
        }
    )


def trafford_data_lab(seed: Table) -> Table:
    start = seed["period_start_date"].str[:4]
    return pd.DataFrame(
        {
            "area_code": seed["area_code"],
            "area_name": "somewhere",
            "period": start + "/" + (start.astype(int) + 1).astype(str).str[2:],
            "indicator": seed["measure"],
            "measure": "Proportion",
            "unit": "Percent",
            "value": seed["value"].where(seed["marker"] == "", seed["marker"]),
        }
    )


def iso(start: str, end: str) -> str:
    first, after = date.fromisoformat(start), date.fromisoformat(end) + timedelta(days=1)
    return start if start == end else f"{start}/P{after.year - first.year}Y"


def as_csv(table: Table, bom: bool = False) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n" if bom else "\n")
    writer.writerows([list(table.columns), *table.to_numpy().tolist()])
    return text.getvalue().encode("utf-8-sig" if bom else "utf-8")


@cache
def publishers_table(source_id: str) -> Table:
    seed = pd.read_csv(ROOT / f"seeds/observations/{source_id}.csv", dtype=str, keep_default_na=False)
    return explore_local_statistics(seed) if source_id == OBESITY else trafford_data_lab(seed)


def as_it_is(table: Table) -> Table:
    return table


@cache
def publishers_files(source_id: str, change: Change = as_it_is) -> dict[str, bytes]:
    """A source's files by their path on the server."""
    source = sources()[source_id]
    contents = [as_csv(change(publishers_table(source_id)), bom=source_id == OBESITY)]
    if source_id == OBESITY:
        contents.append(json.dumps({"label": "Adult obesity prevalence"}).encode())
    paths = [f"/{source.distributor}/HEAD/{file.distributor_path}" for file in source.files]
    return dict(zip(paths, contents, strict=True))


# --- The server -------------------------------------------------------------------------------------------------------


class Publisher(ThreadingHTTPServer):
    """Serves `files` as GitHub's host does. `answers` come first, one a request for a CSV file."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.forget()

    def forget(self) -> None:
        self.files: dict[str, bytes] = {}
        self.answers: list[Callable[[Handler, bytes], None]] = []
        self.always: Callable[[Handler, bytes], None] | None = None
        self.asked: list[tuple[str, int, dict[str, str]]] = []
        self.connections = 0
        self.by_date_only = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Publisher

    def setup(self) -> None:
        self.server.connections += 1
        super().setup()

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        body = self.server.files.get(self.path.removeprefix("/elsewhere"), b"")
        if self.path.endswith(".csv") and self.server.answers:
            self.server.answers.pop(0)(self, body)
        elif self.path.endswith(".csv") and self.server.always:
            self.server.always(self, body)
        elif not body:
            self.answer(404, b"404: Not Found")
        else:
            serve(self, body)

    def answer(self, status: int, body: bytes = b"", length: int | None = None, **headers: str) -> None:
        self.server.asked.append((self.path, status, dict(self.headers)))
        self.send_response(status)
        headers = {"Content-Type": "text/plain; charset=utf-8", **{k.replace("_", "-"): v for k, v in headers.items()}}
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()}"'


def serve(handler: Handler, body: bytes) -> None:
    """As a good server does: the file, a part of it, or that it is the same."""
    asked, dated = handler.headers, email.utils.formatdate(len(body), usegmt=True)
    validators = {"Last_Modified": dated} if handler.server.by_date_only else {"ETag": etag(body)}
    if etag(body) == asked["If-None-Match"] or dated == asked["If-Modified-Since"]:
        handler.answer(304, **validators)
    elif asked["Range"] and asked["If-Range"] in validators.values():
        start = int(asked["Range"].removeprefix("bytes=").rstrip("-"))
        span = {"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
        handler.answer(206, body[start:], **validators, **span)
    else:
        handler.answer(200, body, **validators)


def cut_midway(handler: Handler, body: bytes) -> None:
    handler.answer(200, body[: len(body) // 2], len(body), ETag=etag(body))
    handler.hang_up()


def trickle(handler: Handler, body: bytes) -> None:
    handler.answer(200, b"", len(body))
    for byte in body:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.02)


def trickle_headers(handler: Handler, body: bytes) -> None:
    """Bytes enough that no timeout between two of them ever ends it."""
    for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.05)


def trickle_without_length(handler: Handler, body: bytes) -> None:
    """Whole lines, so that a cut looks like the end of the file."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    for line in body.splitlines(keepends=True)[:100]:
        handler.wfile.write(line)
        handler.wfile.flush()
        time.sleep(0.02)


def trickle_chunk_sizes(handler: Handler, body: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.send_header("Connection", "close")
    handler.end_headers()
    for byte in b"5;" + b"x" * 100:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.05)


def silence(handler: Handler, body: bytes) -> None:
    handler.answer(200, b"", len(body))
    time.sleep(0.5)
    handler.hang_up()


def too_long(handler: Handler, body: bytes) -> None:
    handler.answer(200, body, len(body) + 1000)
    handler.hang_up()


def too_short(handler: Handler, body: bytes) -> None:
    handler.answer(200, body[: len(body) // 2 + 7].rstrip(b"\r\n"))


def endless(handler: Handler, body: bytes) -> None:
    handler.server.asked.append((handler.path, 200, dict(handler.headers)))
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65536)


def status(code: int, **headers: str) -> Callable[[Handler, bytes], None]:
    return lambda handler, body: handler.answer(code, b"", **headers)


def web_page(handler: Handler, body: bytes) -> None:
    handler.answer(200, b"<!DOCTYPE html><html><body>Please log in</body></html>", Content_Type="text/html")


def web_page_as_text(handler: Handler, body: bytes) -> None:
    handler.answer(200, b"\n<html><body>Please log in</body></html>\n")


def packed(handler: Handler, body: bytes) -> None:
    handler.answer(200, body, Content_Encoding="gzip")


def redirect_here(handler: Handler, body: bytes) -> None:
    handler.answer(302, b"", Location=f"/elsewhere{handler.path}")


def redirect_for_ever(handler: Handler, body: bytes) -> None:
    handler.answer(302, b"", Location=handler.path)


# --- Changes to a publisher's table -----------------------------------------------------------------------------------

FIRST, SECOND = "E06000001", "E06000002"


def figures(table: Table) -> str:
    return "observation" if "observation" in table else "value"


def codes(table: Table) -> pd.Series:
    return table[table.columns[0]]


def next_period(table: Table) -> Table:
    """The newest period again, a year later, every figure a little higher; a few old figures are revised."""
    last = table[table["period"] == table["period"].max()]
    number = int(last["period"].iloc[0][:4]) + 1
    text = last["period"].iloc[0]
    later = f"{number}{text[4:]}" if "P" in text else f"{number}/{(number + 1) % 100:02}"
    name = figures(table)
    higher = last[name].map(lambda cell: cell if cell in ("", "NA") else repr(float(cell) * 1.01))
    revised = table.copy()
    is_number = ~revised[name].isin(["", "NA"])
    row = revised.index[is_number][5]
    revised.loc[row, name] = repr(float(str(revised.loc[row, name])) * 1.02)
    return pd.concat([revised, last.assign(**{"period": later, name: higher})], ignore_index=True)


def hundredfold(table: Table) -> Table:
    names = [c for c in (figures(table), "lci_95", "uci_95") if c in table]
    return table.assign(
        **{n: table[n].map(lambda cell: cell if cell in ("", "NA") else repr(float(cell) * 100)) for n in names}
    )


def hundredfold_from_now(table: Table) -> Table:
    """Only the next period is in the new unit."""
    longer = next_period(table)
    is_new = longer.index >= len(table)
    return pd.concat([longer[~is_new], hundredfold(longer[is_new])])


def recoded(to: str) -> Change:
    return lambda table: table.assign(**{table.columns[0]: codes(table).replace({FIRST: to})})


def barnsley_renamed(table: Table) -> Table:
    """Between the two codes of one council."""
    column = codes(table)
    old, new = "E08000016", "E08000038"
    assert (old in set(column)) != (new in set(column))
    return table.assign(**{table.columns[0]: column.replace({old: new} if old in set(column) else {new: old})})


def rows_swapped(table: Table) -> Table:
    return table.assign(**{table.columns[0]: codes(table).replace({FIRST: SECOND, SECOND: FIRST})})


def names_swapped(table: Table) -> Table:
    """The names of two columns change places and their figures stay."""
    return table.rename(columns={"observation": "lci_95", "lci_95": "observation"})


def columns_moved(table: Table) -> Table:
    return table[[*table.columns[:5][::-1], *table.columns[5:]]]


def half_of_the_councils(table: Table) -> Table:
    return table[~codes(table).str.startswith("E07")]


def times(table: Table, factor: Any) -> Table:
    """Every figure with its limits times a factor, which may be one a row."""
    names = [c for c in (figures(table), "lci_95", "uci_95") if c in table]
    factors = pd.Series(factor, index=table.index)
    return table.assign(
        **{
            name: [c if c in ("", "NA") else repr(float(c) * by) for c, by in zip(table[name], factors, strict=True)]
            for name in names
        }
    )


def sharply_revised(table: Table) -> Table:
    return times(table, 1.3)


def newest_period_revised(table: Table) -> Table:
    """The figures that the index shows nearly double, among many older ones that hardly change."""
    return times(table, (table["period"] == table["period"].max()).map({True: 1.9, False: 1.001}))


def one_council_fiftyfold(table: Table) -> Table:
    return times(table, (codes(table) == FIRST).map({True: 50.0, False: 1.0001}))


def one_council_fiftyfold_from_now(table: Table) -> Table:
    longer = next_period(table)
    return times(longer, ((codes(longer) == FIRST) & (longer.index >= len(table))).map({True: 50.0, False: 1.0}))


def five_councils_thinned(table: Table) -> Table:
    """All but their newest rows are gone, so that every code is there still."""
    five = codes(table).isin([f"E0600000{n}" for n in range(1, 6)])
    return table[~five | (table["period"] == table["period"].max())]


def without_a_newest_figure(most: int) -> Change:
    """The next period, in which so many councils have none."""

    def change(table: Table) -> Table:
        longer = next_period(table)
        with_figure = longer[(longer.index >= len(table)) & ~longer[figures(table)].isin(["", "NA"])]
        chosen = with_figure[codes(with_figure).str.startswith("E07")]
        return longer.drop(chosen.index[:most])

    return change


def far_future(table: Table) -> Table:
    last = table[table["period"] == table["period"].max()]
    return pd.concat([table, last.assign(period=last["period"].str.replace(r"^\d{4}", "2205", regex=True))])


def one_word(table: Table) -> Table:
    changed = table.copy()
    changed.loc[changed.index[3], figures(table)] = "see note"
    return changed


def without_measure(table: Table) -> Table:
    return table.assign(indicator="Adult obesity (new definition)")


def half_emptied(table: Table) -> Table:
    names = [c for c in (figures(table), "lci_95", "uci_95") if c in table]
    changed = table.copy()
    changed.loc[changed.index[::2], names] = ""
    return changed


# --- The cases --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One way in which a refresh can go; the first four fields are its row in docs/operations.md."""

    name: str
    happens: str
    status: str
    exit_code: int
    said: str = ""
    change: Change | None = next_period
    answers: list[Callable[[Handler, bytes], None]] = field(default_factory=list)
    always: Callable[[Handler, bytes], None] | None = None
    statuses: list[int] | None = None  # of the answers to requests for the CSV
    waits: list[float] = field(default_factory=list)
    source_id: str = OBESITY
    by_date_only: bool = False
    limits: Limits = LIMITS


STAYS = "the edition in use stays"
BACKOFF = [2.0, 4.0, 8.0, 16.0]
CASES = [
    Case("304, by ETag", "nothing is fetched again", "unchanged", 0, change=None, statuses=[304]),
    Case("304, by date", "the same where a server gives dates only", "unchanged", 0, change=None, by_date_only=True),
    Case("404", f"no second attempt; {STAYS}", "failed", 1, "404", always=status(404), statuses=[404]),
    Case(
        "429 with Retry-After",
        "waits as long as the server asks, then takes the edition",
        "taken",
        0,
        answers=[status(429, Retry_After="7")],
        statuses=[429, 200],
        waits=[7.0],
    ),
    Case(
        "429, to come back in an hour",
        f"leaves the server alone until the next refresh; {STAYS}",
        "failed",
        1,
        "3,600 seconds",
        always=status(429, Retry_After="3600"),
        statuses=[429],
    ),
    Case(
        "500 twice and then well",
        "waits 2 and 4 seconds, then takes the edition",
        "taken",
        0,
        answers=[status(500), status(500)],
        statuses=[500, 500, 200],
        waits=[2.0, 4.0],
    ),
    Case(
        "500 for ever",
        f"five attempts, each wait twice the last and at most 60 seconds; {STAYS}",
        "failed",
        1,
        "given up after 5 attempts",
        always=status(500),
        statuses=[500] * 5,
        waits=BACKOFF,
    ),
    Case(
        "connection cut midway",
        "asks for the rest only (Range with If-Range), then takes the edition",
        "taken",
        0,
        answers=[cut_midway],
        statuses=[200, 206],
        waits=[2.0],
    ),
    Case(
        "a trickle of bytes",
        f"each attempt ends when the time for a file (300 seconds) is over; {STAYS}",
        "failed",
        1,
        "not whole after 0.3 seconds",
        always=trickle,
        waits=BACKOFF,
        limits=HASTY,
    ),
    Case(
        "a trickle of headers",
        f"the same, as the time for a file counts from the request on; {STAYS}",
        "failed",
        1,
        "not whole after 0.3 seconds",
        always=trickle_headers,
        waits=BACKOFF,
        limits=HASTY,
    ),
    Case(
        "a trickle without a length",
        f"the same: what came until then is not taken for the whole; {STAYS}",
        "failed",
        1,
        "not whole after 0.3 seconds",
        always=trickle_without_length,
        waits=BACKOFF,
        limits=HASTY,
    ),
    Case(
        "a trickle of a chunk's size",
        f"the same; {STAYS}",
        "failed",
        1,
        "not whole after 0.3 seconds",
        always=trickle_chunk_sizes,
        waits=BACKOFF,
        limits=HASTY,
    ),
    Case(
        "no byte more",
        f"each attempt ends after 30 seconds without a byte; {STAYS}",
        "failed",
        1,
        "no answer in time",
        always=silence,
        waits=BACKOFF,
        limits=HASTY,
    ),
    Case(
        "HTML with status 200",
        f"refused by its content type; {STAYS}",
        "failed",
        1,
        "text/html",
        always=web_page,
        statuses=[200],
    ),
    Case(
        "HTML that calls itself text",
        f"refused by its first bytes; {STAYS}",
        "failed",
        1,
        "a web page",
        always=web_page_as_text,
        statuses=[200],
    ),
    Case(
        "packed though asked not to",
        f"refused, so that nothing small unpacks to something huge; {STAYS}",
        "failed",
        1,
        "packed (gzip)",
        always=packed,
        statuses=[200],
    ),
    Case("length too long", f"counts as cut short; {STAYS}", "failed", 1, "after", always=too_long, waits=BACKOFF),
    Case(
        "length too short",
        f"the last line has no line break: refused; {STAYS}",
        "failed",
        1,
        "cut short",
        always=too_short,
        statuses=[200],
    ),
    Case(
        "a file without end",
        f"broken off at the largest size (64 MiB; 512 MiB for one refresh); {STAYS}",
        "failed",
        1,
        "larger than",
        always=endless,
    ),
    Case(
        "redirect to the same host",
        "followed, then takes the edition",
        "taken",
        0,
        answers=[redirect_here],
        statuses=[302, 200],
    ),
    Case(
        "redirect to another host",
        f"not followed; {STAYS}",
        "failed",
        1,
        "not the listed host",
        always=status(302, Location="https://example.org/adult-obesity-prevalence.csv"),
        statuses=[302],
    ),
    Case(
        "redirect for ever",
        f"given up after five; {STAYS}",
        "failed",
        1,
        "more than 5 redirects",
        always=redirect_for_ever,
        statuses=[302] * 6,
    ),
    Case(
        "changed header of a column in use",
        f"cannot be read, says which column is missing; {STAYS}",
        "unreadable",
        1,
        "no column 'observation'",
        lambda table: table.rename(columns={"observation": "figure"}),
    ),
    Case(
        "changed header of another column",
        f"a person decides; {STAYS}",
        "waiting",
        3,
        "without areanm, with area_name",
        lambda table: table.rename(columns={"areanm": "area_name"}),
    ),
    Case(
        "dropped column in use",
        f"cannot be read, says which column is missing; {STAYS}",
        "unreadable",
        1,
        "no column 'lci_95'",
        lambda table: table.drop(columns="lci_95"),
    ),
    Case(
        "dropped column of another kind",
        f"a person decides; {STAYS}",
        "waiting",
        3,
        "without unit",
        lambda table: table.drop(columns="unit"),
    ),
    Case(
        "columns in another order",
        "read by their names: takes the edition, no figure changed",
        "taken",
        0,
        "0 figures",
        columns_moved,
    ),
    Case(
        "two columns swapped under their names",
        f"figures stand outside their limits: a person decides; {STAYS}",
        "waiting",
        3,
        "have the columns of the figure and of its limits changed places?",
        names_swapped,
    ),
    Case(
        "doubled rows",
        f"two rows with one key cannot be read; {STAYS}",
        "unreadable",
        1,
        "two rows with the key",
        lambda table: pd.concat([table, table]),
    ),
    Case(
        "a word where a number belongs",
        f"cannot be read, says in which row; {STAYS}",
        "unreadable",
        1,
        "'see note' is not a number",
        one_word,
    ),
    Case(
        "measure under another name",
        f"cannot become a seed, as the indicator's measure is not there; {STAYS}",
        "unreadable",
        1,
        "no row of it",
        without_measure,
    ),
    Case(
        "unit changed a hundredfold",
        f"the scale is out of bounds: a person decides; {STAYS}",
        "waiting",
        3,
        "100 times",
        hundredfold,
    ),
    Case(
        "unit changed a hundredfold, Trafford's format",
        f"the same; {STAYS}",
        "waiting",
        3,
        "100 times",
        hundredfold,
        source_id=RECYCLING,
    ),
    Case(
        "unit changed from the next period on",
        f"the new period's scale is out of bounds: a person decides; {STAYS}",
        "waiting",
        3,
        "scale of a new period: 101 times",
        hundredfold_from_now,
    ),
    Case(
        "figures revised by 30 %",
        f"a person decides; {STAYS}",
        "waiting",
        3,
        "by 30.00% in the middle",
        sharply_revised,
    ),
    Case(
        "newest period revised by 90 %, older ones by 0.1 %",
        f"a person decides; {STAYS}",
        "waiting",
        3,
        "newest by 90.00% in the middle",
        newest_period_revised,
    ),
    Case(
        "one council's figures fiftyfold, others by 0.01 %",
        f"a person decides; {STAYS}",
        "waiting",
        3,
        "areas whose figures were revised by themselves: E06000001; by 50 times",
        one_council_fiftyfold,
    ),
    Case(
        "one council's figure fiftyfold in the next period",
        f"a person decides; {STAYS}",
        "waiting",
        3,
        "areas that stepped by themselves into a new period: E06000001; by 50 times",
        one_council_fiftyfold_from_now,
    ),
    Case(
        "five councils lose all but their newest rows",
        f"a person decides; {STAYS}",
        "waiting",
        3,
        "areas that lost most of a measure's figures: 5 of",
        five_councils_thinned,
    ),
    Case(
        "next period without thirty of the councils",
        f"a person decides; {STAYS}",
        "waiting",
        3,
        "areas without a figure in a measure's newest period: 30 of",
        without_a_newest_figure(30),
    ),
    Case(
        "next period without three of the councils",
        "figures that are suppressed are no question: takes the edition",
        "taken",
        0,
        change=without_a_newest_figure(3),
    ),
    Case(
        "half of the figures emptied",
        f"a person decides; {STAYS}",
        "waiting",
        3,
        "figures emptied",
        half_emptied,
    ),
    Case(
        "an authority recoded, code not listed",
        f"cannot become a seed until the code is in seeds/geography/area.csv; {STAYS}",
        "unreadable",
        1,
        "E06000999",
        recoded("E06000999"),
    ),
    Case(
        "an authority recoded, code listed",
        f"a person decides, and is told which code has its figures; {STAYS}",
        "waiting",
        3,
        "E07000004 has the figures that E06000001 had",
        recoded("E07000004"),
    ),
    Case(
        "an authority under its other code",
        "Barnsley's old code and its new one are one council: takes the edition",
        "taken",
        0,
        change=barnsley_renamed,
    ),
    Case(
        "half of the councils missing",
        f"a person decides; {STAYS}",
        "waiting",
        3,
        "no longer published",
        half_of_the_councils,
    ),
    Case(
        "two authorities' rows swapped",
        f"a person decides; {STAYS}",
        "waiting",
        3,
        "E06000001 with E06000002",
        rows_swapped,
    ),
    Case(
        "two authorities' rows swapped, Trafford's format",
        f"the same; {STAYS}",
        "waiting",
        3,
        "E06000001 with E06000002",
        rows_swapped,
        source_id=RECYCLING,
    ),
    Case("next period added", "takes the edition", "taken", 0),
    Case("next period added, Trafford's format", "takes the edition", "taken", 0, source_id=RECYCLING),
    Case(
        "a period in the far future",
        f"cannot become a seed, as a load refuses it; {STAYS}",
        "unreadable",
        1,
        "a year ahead",
        far_future,
    ),
]


# --- Fixtures ---------------------------------------------------------------------------------------------------------


@dataclass
class Place:
    """A folder of seeds with its registry and landing folder, and the server that it is refreshed from."""

    folder: Path
    server: Publisher
    waits: list[float]

    def source(self, source_id: str = OBESITY) -> Source:
        return sources()[source_id]

    def offer(self, change: Change = next_period, source_id: str = OBESITY) -> None:
        self.server.files.update(publishers_files(source_id, change))

    def run(self, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
        """Run `missions refresh --json`."""
        result = CliRunner().invoke(app, ["refresh", "--json", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, json.loads(result.stdout) if result.stdout.startswith("[") else [{"e": result.stderr}]

    def one(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        code, (outcome,) = self.run(*arguments)
        return code, outcome

    def state(self) -> dict[str, str]:
        """The checksum of every seed."""
        return {str(p): sha256(p) for p in sorted((self.folder / "seeds").rglob("*")) if p.is_file()}

    def landed(self, source_id: str = OBESITY) -> list[Path]:
        return sorted((self.folder / "landing" / source_id).glob("2*"))


@pytest.fixture(scope="module")
def server() -> Iterator[Publisher]:
    with Publisher() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def settle_in(folder: Path, monkeypatch: pytest.MonkeyPatch, server: Publisher) -> list[float]:
    """Make all modules work in `folder`, and nobody wait."""
    waits: list[float] = []
    for module in (registry, load, snapshot, refresh, editions):
        monkeypatch.setattr(module, "SEEDS", folder / "seeds")
    monkeypatch.setattr(refresh, "SOURCES_PAGE", folder / "SOURCES.md")
    monkeypatch.setattr(landing, "LANDING", folder / "landing")
    monkeypatch.setattr(refresh, "Fetcher", lambda: Fetcher(LIMITS, sleep=waits.append))
    monkeypatch.setenv(registry.LIVE_BASE_VARIABLE, server.address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    registry.forget()
    return waits


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, server: Publisher) -> Iterator[Path]:
    """Seeds that were refreshed once from the server's files: no figure of them changed."""
    folder = tmp_path_factory.mktemp("refresh") / "template"
    for seed in SEEDS_NEEDED:
        (folder / "seeds" / seed).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "seeds" / seed, folder / "seeds" / seed)
    with pytest.MonkeyPatch.context() as monkeypatch:
        settle_in(folder, monkeypatch, server)
        server.forget()
        for source_id in (OBESITY, RECYCLING):
            server.files.update(publishers_files(source_id))
        outcomes = refresh.refresh([sources()[OBESITY], sources()[RECYCLING]])
        assert [(o.status, o.message) for o in outcomes] == [("taken", "0 figures new or changed")] * 2
    registry.forget()
    yield folder


@pytest.fixture
def place(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch, server: Publisher) -> Iterator[Place]:
    folder = tmp_path / "project"
    shutil.copytree(template, folder)
    server.forget()
    waits = settle_in(folder, monkeypatch, server)
    for source_id in (OBESITY, RECYCLING):
        server.files.update(publishers_files(source_id))
    yield Place(folder, server, waits)
    monkeypatch.undo()
    registry.forget()


# --- Tests ------------------------------------------------------------------------------------------------------------


def test_files_are_written_as_publishers_write_them(place: Place) -> None:
    """Read by the project's own reader they give the very seeds that they were written from."""
    for source_id in (OBESITY, RECYCLING):
        text, _ = snapshot.read_publisher(place.source(source_id), place.landed(source_id)[0])
        assert text == (ROOT / f"seeds/observations/{source_id}.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_happens(place: Place, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "Fetcher", lambda: Fetcher(case.limits, sleep=place.waits.append))
    if case.by_date_only:
        place.server.by_date_only = True
        place.landed()[0].joinpath(landing.EDITION).unlink()  # what it says of ETags
        place.run(case.source_id)
        place.server.asked.clear()
    if case.change:
        place.offer(case.change, case.source_id)
    before, landed = place.state(), place.landed(case.source_id)
    place.server.answers, place.server.always = list(case.answers), case.always

    began = time.monotonic()
    code, outcome = place.one(case.source_id)

    if case.limits is HASTY:
        assert time.monotonic() - began < 8  # five attempts of 0.3 seconds
    assert (outcome["status"], code) == (case.status, case.exit_code), outcome["message"]
    assert case.said in outcome["message"]
    statuses = [status for path, status, _ in place.server.asked if path.endswith(".csv")]
    if case.statuses is not None:
        assert statuses == case.statuses
    if case.by_date_only:
        assert statuses == [304]
    assert place.waits == case.waits
    after = place.state()
    source = place.source(case.source_id)
    if case.status == "taken":
        (new,) = set(place.landed(case.source_id)) - set(landed)
        assert {f.path: f.sha256 for f in source.files} == {f.path: sha256(new / f.path) for f in source.files}
        assert seed_text(source) == snapshot.read_publisher(source, new)[0]
        served = place.server.files[f"/{source.distributor}/HEAD/{source.files[0].distributor_path}"]
        assert (new / source.files[0].path).read_bytes() == served
        assert str(source.snapshot_date) == new.name[:10]
        # Nothing but this seed and the registry.
        changed = {Path(path).name for path in after if after[path] != before[path]}
        assert changed <= {"sources.yml", "SHA256SUMS", f"{case.source_id}.csv"}
        with duckdb.connect() as connection:
            load.load_source(connection, source)
    else:
        assert after == before
    if case.status in ("waiting", "unreadable"):
        (new,) = set(place.landed(case.source_id)) - set(landed)
        report = (new / refresh.REPORT_TEXT).read_text(encoding="utf-8")
        assert case.said.split(": ")[-1] in report
        assert (case.status == "waiting") == (f"missions refresh --accept {case.source_id}" in report)
        assert json.loads((new / refresh.REPORT_JSON).read_text(encoding="utf-8"))["status"] == case.status
        # Asked again, the server says that nothing is new; the question stays open.
        place.server.asked.clear()
        again, outcome = place.one(case.source_id)
        assert (again, outcome["status"]) == (case.exit_code, case.status)
        assert {status for _, status, _ in place.server.asked} == {304}
    if case.status == "failed":
        assert place.landed(case.source_id) == landed


def test_the_operations_page_lists_the_cases() -> None:
    """What happens in each case stands in docs/operations.md, made from the cases above."""
    rows = [f"| {c.name} | {c.happens} | {c.status} | {c.exit_code} |" for c in CASES]
    table = "\n".join(["| Case | What happens | Status | Exit code |", "|---|---|---|---|", *rows])
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert page.split(TABLE_BEGIN)[1].split(TABLE_END)[0].strip() == table


def test_the_page_of_sources_follows(place: Place) -> None:
    refresh.SOURCES_PAGE.write_text("old", encoding="utf-8")
    place.offer()
    place.run(OBESITY)
    assert refresh.SOURCES_PAGE.read_text(encoding="utf-8") == registry.sources_page()


def test_check_changes_nothing(place: Place) -> None:
    before = place.state()
    place.offer()
    assert place.one("--check", OBESITY)[1]["status"] == "newer"
    assert place.state() == before
    code, outcome = place.one(OBESITY)  # 304 now, and taken from where it landed
    assert (code, outcome["status"]) == (0, "taken")
    assert place.state() != before


def test_a_person_accepts_what_is_out_of_bounds(place: Place) -> None:
    place.offer(rows_swapped)
    assert place.run(OBESITY)[0] == 3
    place.server.always = status(500)  # nothing is fetched: what the report was about is taken
    code, outcome = place.one("--accept", OBESITY)
    assert (code, outcome["status"]) == (0, "taken")
    assert "accepted by a person though out of bounds" in outcome["message"]
    assert seed_text(place.source()) == snapshot.read_publisher(place.source(), place.landed()[-1])[0]
    place.server.always = None
    assert place.one(OBESITY)[1]["status"] == "unchanged"


def test_what_cannot_be_read_cannot_be_accepted(place: Place) -> None:
    place.offer(recoded("E06000999"))
    place.run(OBESITY)
    before = place.state()
    assert place.run("--accept", OBESITY)[0] == 1
    assert place.state() == before


def test_a_publisher_takes_an_edition_back(place: Place) -> None:
    """The edition in use is the newest again: nothing waits any more, and nothing landed is written over."""
    place.offer(hundredfold)
    assert place.run(OBESITY)[0] == 3
    contents = {p: sha256(p) for f in place.landed() for p in f.rglob("*.csv")}
    place.server.files.update(publishers_files(OBESITY))
    assert place.one(OBESITY)[1]["status"] == "unchanged"
    assert {p: sha256(p) for f in place.landed() for p in f.rglob("*.csv")} == contents
    assert refresh.standing(place.source()).is_good


def test_a_cut_download_is_resumed_by_the_next_refresh(place: Place) -> None:
    place.offer()
    place.server.always = cut_midway
    with pytest.raises(FetchError), Fetcher(replace(LIMITS, attempts=1), sleep=place.waits.append) as fetcher:
        fetcher.land(place.source())
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
    """The table is as it was, its description is new: both stand in the new edition."""
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
    assert "bytes in all" in outcomes[-1].message


def test_one_source_that_fails_does_not_keep_the_others_back(place: Place) -> None:
    place.offer(source_id=RECYCLING)
    place.server.files = {p: b for p, b in place.server.files.items() if "obesity" not in p}
    code, outcomes = place.run(OBESITY, RECYCLING)
    # The file is gone, though nothing newer was asked for.
    assert (code, [o["status"] for o in outcomes]) == (1, ["failed", "taken"])


def test_without_a_network_only_the_first_source_waits(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv(registry.LIVE_BASE_VARIABLE, f"http://127.0.0.1:{unused.getsockname()[1]}")
        code, outcomes = place.run(OBESITY, RECYCLING)
    assert (code, place.waits) == (1, BACKOFF)
    assert all("no connection" in outcome["message"] for outcome in outcomes)


def test_a_damaged_note_beside_a_part_is_no_trouble(place: Place) -> None:
    place.offer()
    place.server.always = cut_midway
    with pytest.raises(FetchError), Fetcher(replace(LIMITS, attempts=1), sleep=place.waits.append) as fetcher:
        fetcher.land(place.source())
    (note,) = (place.folder / "landing").rglob("*.part.json")
    note.write_text("{", encoding="utf-8")
    place.server.always = None
    assert place.one(OBESITY)[1]["status"] == "taken"


def test_a_damaged_seed_in_use_is_told(place: Place) -> None:
    place.offer()
    place.source().path.write_bytes(b"\xff")
    code, outcome = place.one(OBESITY)
    assert (code, outcome["status"]) == (1, "failed")
    assert "is not UTF-8" in outcome["message"]
    code, (told,) = place.run("--accept", OBESITY)
    assert code == 1
    assert "is not UTF-8" in told["e"]


def test_two_refreshes_do_not_run_at_once(place: Place) -> None:
    with refresh._alone():
        code, (told,) = place.run(OBESITY)
    assert code == 1
    assert "another refresh is under way" in told["e"]


@contextmanager
def another_run(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if another process held the build, and nobody waited long for it."""
    from orchestration import run as pipeline

    monkeypatch.setattr(pipeline, "_LOCK", place.folder / "build" / ".run.lock")
    with pipeline.only_run(), monkeypatch.context() as other:
        other.setattr(pipeline, "_holds_lock", False)
        other.setattr(refresh, "_PATIENCE", 0.1)
        yield


def test_seeds_are_not_swapped_under_a_run(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source that waits in vain for the run's end fails by that; those before and after it are as they would be."""
    place.offer()
    before = place.state()
    with another_run(place, monkeypatch):
        code, outcomes = place.run(RECYCLING, OBESITY, RECYCLING)
    assert (code, [o["status"] for o in outcomes]) == (1, ["unchanged", "failed", "unchanged"])
    assert "Another run is under way" in outcomes[1]["message"]
    assert f"missions refresh {OBESITY}" in outcomes[1]["message"]
    assert place.state() == before
    assert refresh.standing(place.source()).status == "failed"
    assert place.one(OBESITY)[1]["status"] == "taken"
    assert refresh.standing(place.source()).status == "unchanged"


def test_what_a_person_accepted_waits_for_a_run_too(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.offer(rows_swapped)
    place.run(OBESITY)
    with another_run(place, monkeypatch):
        code, outcome = place.one("--accept", OBESITY)
    assert (code, outcome["status"]) == (1, "failed")
    assert f"missions refresh --accept {OBESITY}" in outcome["message"]
    assert place.one("--accept", OBESITY)[1]["status"] == "taken"


def test_a_trickle_in_a_tls_handshake_ends_too() -> None:
    """Downloads are over HTTPS, where the first answer is no header yet."""

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
    """A server that keeps one source for ever does not keep the run: those left are told as failed, and not asked."""
    place.offer()
    place.offer(source_id=RECYCLING)
    place.server.always = trickle
    place.server.asked.clear()
    began = time.monotonic()
    with Fetcher(replace(LIMITS, refresh_timeout=0.5), sleep=place.waits.append) as fetcher:
        outcomes = refresh.refresh([place.source(), place.source(RECYCLING)], fetcher=fetcher)
    assert time.monotonic() - began < 8
    assert [outcome.status for outcome in outcomes] == ["failed", "failed"]
    assert all("the time for one refresh (0.5 seconds) is over" in outcome.message for outcome in outcomes)
    assert len([path for path, _, _ in place.server.asked if path.endswith(".csv")]) == 1
    place.server.always = None
    assert place.run(OBESITY, RECYCLING)[0] == 0


def test_a_refresh_ends_before_dagster_ends_its_run() -> None:
    settings = yaml.safe_load((ROOT / "orchestration/dagster.yaml").read_text(encoding="utf-8"))
    longest = settings["run_monitoring"]["max_runtime_seconds"]
    assert Limits().refresh_timeout + refresh._PATIENCE < longest
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert f"{Limits().refresh_timeout / 60:.0f} minutes" in page


def test_a_source_that_cannot_be_fetched_does_not_look_healthy(place: Place) -> None:
    source = place.source()
    assert refresh.standing(source).status == "unchanged"
    place.server.always = status(404)
    assert place.run(OBESITY)[0] == 1
    told = refresh.standing(source)
    assert (told.status, told.is_good) == ("failed", False)
    assert "404" in told.message and "it went well on" in told.message
    place.server.always = None
    assert place.run("--check", OBESITY)[0] == 0
    assert refresh.standing(source).status == "unchanged"


def test_a_source_that_was_never_fetched_well_is_told_too(place: Place) -> None:
    shutil.rmtree(place.folder / "landing" / OBESITY)
    assert refresh.standing(place.source()).message == "no edition has been fetched yet"
    place.server.always = status(404)
    place.run(OBESITY)
    assert refresh.standing(place.source()).status == "failed"
    # A note that was damaged says nothing.
    (place.folder / "landing" / OBESITY / "attempt.json").write_text("{", encoding="utf-8")
    assert refresh.standing(place.source()).status == "unchanged"


def test_what_waits_for_a_person_goes_on_waiting_where_a_fetch_fails(place: Place) -> None:
    place.offer(rows_swapped)
    place.run(OBESITY)
    place.server.always = status(404)
    place.run(OBESITY)
    told = refresh.standing(place.source())
    assert told.status == "waiting"
    assert "E06000001 with E06000002" in told.message and "404" in told.message


def test_files_that_a_person_lacks_are_no_failed_fetch(place: Place, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert place.run("--from", str(tmp_path / "empty"), OBESITY)[0] == 1
    assert refresh.standing(place.source()).status == "unchanged"


def test_a_source_not_asked_in_its_rhythm_is_overdue(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    source = place.source()
    assert source.release_rhythm == "annual"
    asked = datetime.fromisoformat(landing.last_attempt(OBESITY).succeeded_at)  # type: ignore[union-attr, arg-type]
    monkeypatch.setattr(refresh, "_now", lambda: asked + timedelta(days=365))
    assert refresh.standing(source).overdue is None
    # An attempt that fails makes it no younger, one that finds nothing new does.
    monkeypatch.setattr(refresh, "_now", lambda: asked + timedelta(days=367))
    place.server.always = status(404)
    place.run(OBESITY)
    said = refresh.standing(source).overdue
    assert said and f"last asked with success on {asked:%Y-%m-%d}" in said and "annual" in said
    place.server.always = None
    monkeypatch.setattr(landing, "_now", lambda: (asked + timedelta(days=367)).isoformat())
    place.run(OBESITY)
    assert refresh.standing(source).overdue is None
    # Where nothing ever landed, the day of the snapshot counts.
    shutil.rmtree(place.folder / "landing" / OBESITY)
    assert refresh.standing(source).overdue


def test_a_kill_between_seed_and_registry_mends_itself(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.offer()
    with monkeypatch.context() as killed:
        killed.setattr(refresh, "write_registry", lambda document: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            refresh.refresh([place.source()])
    code, outcome = place.one(OBESITY)
    assert (code, outcome["message"]) == (0, "0 figures new or changed")
    assert place.one(OBESITY)[1]["status"] == "unchanged"


def test_files_fetched_by_hand_pass_the_same_gate(place: Place, tmp_path: Path) -> None:
    """Where only a person can fetch: here with a refreshable source, as its format can be written."""
    file = place.source(RECYCLING).files[0]
    by_hand = tmp_path / "by hand" / file.path
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(as_csv(rows_swapped(publishers_table(RECYCLING))))
    folder = str(tmp_path / "by hand")
    assert place.one("--from", folder, RECYCLING)[0] == 3
    by_hand.write_bytes(as_csv(next_period(publishers_table(RECYCLING))))
    assert place.one("--from", folder, RECYCLING)[1]["status"] == "taken"
    assert place.server.asked == []


@pytest.mark.skipif(not SHARED.is_dir(), reason="the publishers' files are not beside this checkout")
def test_publishers_own_files_are_the_editions_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of each format lands, is found to be in use, and compared all the same differs in no figure."""
    monkeypatch.setattr(landing, "LANDING", tmp_path)
    by_reader = {source.reader: source for source in sources().values() if source.is_refreshable}
    assert len(by_reader) == 4
    for source in by_reader.values():
        edition = landing.land_from(source, SHARED / "sources")
        assert refresh.consider(source, edition, take=True).status == "unchanged"
        changed = replace(source, files=tuple(replace(f, sha256="0" * 64) for f in source.files))
        outcome = refresh.consider(changed, edition, take=False)
        assert (outcome.status, outcome.message[:9]) == ("newer", "0 figures"), outcome.message


def test_every_refreshable_source_has_a_live_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(registry.LIVE_BASE_VARIABLE, raising=False)
    chosen = refresh.refreshable()
    assert len(chosen) >= 39
    for source in chosen:
        for file in source.files:
            address = registry.live_address(source, file)
            assert address == f"https://raw.githubusercontent.com/{source.distributor}/HEAD/{file.distributor_path}"
            assert registry.is_listed(address)
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
    monkeypatch.setenv(registry.LIVE_BASE_VARIABLE, base)
    with pytest.raises(RegistryError, match="only name a server on this machine"):
        registry.live_base()


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
    monkeypatch.delenv(registry.LIVE_BASE_VARIABLE, raising=False)
    assert not registry.is_listed(address)


def test_what_a_person_must_fetch_is_listed_with_how(place: Place) -> None:
    listed = json.loads(CliRunner().invoke(app, ["refresh", "--manual", "--json"]).stdout)
    assert set(listed) == {s.source_id for s in sources().values() if s.files and not s.is_refreshable}
    assert all(how.startswith("fetch from ") and "`missions " in how for how in listed.values())
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert "missions refresh --manual" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "there is no source 'nonsense'"),
        (["desnz_fuel_poverty"], "missions refresh --from FOLDER desnz_fuel_poverty"),
        (["framework"], "a table of the project itself"),
        (["--accept", "nonsense"], "there is no source 'nonsense'"),
        (["--accept", OBESITY, "--check"], "choose one"),
        (["--accept", OBESITY, "--manual"], "exclude each other"),
        (["--from", "."], "name the sources"),
    ],
)
def test_wrong_words_are_told(place: Place, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["refresh", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr


# --- Bounds -----------------------------------------------------------------------------------------------------------


def compared(source: Source, old: Table, new: Table) -> Comparison:
    return compare(source, "edition", old, new, councils=refresh.present_areas())


def test_a_file_of_the_newest_period_may_roll_on() -> None:
    seed = read_seed(seed_text(sources()[RECYCLING]))
    last = seed["period_end_date"].max()
    old = seed[seed["period_end_date"] == last]
    new = old.assign(period_start_date="2024-04-01", period_end_date="2025-03-31")
    source = sources()[RECYCLING]
    assert [f.what for f in compared(source, old, new).outside] == ["periods lost"]
    rolling = replace(source, bounds=Bounds(may_drop_periods=True))
    assert compared(rolling, old, new).is_within
    assert compared(rolling, old, pd.concat([old, new])).is_within
    # But not backwards.
    back = old.assign(period_start_date="2021-04-01", period_end_date="2022-03-31")
    assert "periods lost" in [f.what for f in compared(rolling, old, back).outside]


def observations() -> Iterator[tuple[Source, Table]]:
    for source in sources().values():
        if source.is_comparable and source.group == "observations":
            yield source, read_seed(seed_text(source))


def multiplied(seed: Table, by: pd.Series | float) -> Table:
    """A seed with every figure and its limits times a factor, rounded as publishers round."""
    names = [c.name for c in sources()[OBESITY].layout.columns if c.name in seed and c.name.startswith(("value", "lo"))]
    names = [name for name in [*names, "upper_95"] if name in seed]
    return seed.assign(**{n: ["" if v != v else f"{v:.6g}" for v in pd.to_numeric(seed[n]) * by] for n in names})


def test_every_seed_is_within_its_bounds_of_itself() -> None:
    for source, seed in observations():
        comparison = compared(source, seed, seed)
        assert comparison.is_within, comparison.text()
        assert comparison.figures_changed == 0


def test_a_usual_next_edition_of_every_seed_is_within_its_bounds() -> None:
    """Old figures revised by up to 3 %, a next period of each measure with up to 20 % more or less, two suppressed."""
    rng = np.random.default_rng(7)
    for source, seed in observations():
        revised = multiplied(seed, pd.Series(rng.uniform(0.97, 1.03, len(seed)), index=seed.index))
        ends = pd.to_datetime(seed["period_end_date"])
        last = seed[ends == ends.groupby(seed["measure"]).transform("max")]
        later = multiplied(last, pd.Series(rng.uniform(0.8, 1.2, len(last)), index=last.index))
        for name in ("period_start_date", "period_end_date"):
            later[name] = (pd.to_datetime(later[name]) + pd.DateOffset(years=1)).dt.strftime("%Y-%m-%d")
        later.loc[later.index[[0, -1]], "value"] = ""
        comparison = compared(source, seed, pd.concat([revised, later], ignore_index=True))
        # The measures of this table end years apart, so that its next periods are never whole.
        known = {"rows of a new period"} if source.source_id == "dfe_local_authority_interactive_tool" else set()
        assert {finding.what for finding in comparison.outside} <= known, comparison.text()


def test_the_newest_editions_that_publishers_made_were_within_their_bounds() -> None:
    """Each seed without its newest period, and then as it is: real steps, gaps and suppressed figures."""
    outside = {}
    for source, seed in observations():
        ends = seed["period_end_date"]
        of_measure = ends.groupby(seed["measure"])
        older = seed[(ends != of_measure.transform("max")) | (ends == of_measure.transform("min"))]
        if found := [finding.what for finding in compared(source, older, seed).outside]:
            outside[source.source_id] = found
    assert outside == {
        # 53 of 283 councils have no newest figure: worth a person's look.
        "ons_cancer_diagnosis_at_stage_1_and_2": ["areas without a figure in a measure's newest period"],
        "dfe_local_authority_interactive_tool": ["rows of a new period"],
    }


def test_one_measure_does_not_hide_among_others() -> None:
    source = sources()["fingertips_life_expectancy"]
    seed = read_seed(seed_text(source))
    measure = seed["measure"].iloc[0]
    is_one = seed["measure"] == measure
    revised = compared(source, seed, multiplied(seed, is_one.map({True: 1.9, False: 1.001})))
    assert [f.what for f in revised.outside] == ["figures revised"]
    assert f"those of {measure} by 90.00% in the middle" in revised.text()
    # Twenty areas lose one measure of 23; a single one may, as when its figure is suppressed.
    crime = sources()["ons_recorded_crime"]
    seed = read_seed(seed_text(crime))
    measure = seed["measure"].iloc[0]
    rows = seed.index[(seed["measure"] == measure) & (seed["value"] != "")]
    found = compared(crime, seed, seed.drop(rows[:20]))
    assert "areas that lost most of a measure's figures" in [f.what for f in found.outside], found.text()
    assert compared(crime, seed, seed.drop(rows[:1])).is_within


def test_a_measure_that_loses_its_newest_period_is_seen() -> None:
    """Another one has it still, so that no period is lost."""
    source = sources()["fingertips_life_expectancy"]
    seed = read_seed(seed_text(source))
    gone = (seed["measure"] == seed["measure"].iloc[0]) & (seed["period_end_date"] == seed["period_end_date"].max())
    outside = [f.what for f in compared(source, seed, seed[~gone]).outside]
    assert "areas without a figure in a measure's newest period" in outside


def test_a_single_areas_correction_of_an_old_year_is_no_question() -> None:
    seed = read_seed(seed_text(sources()[RECYCLING]))
    old = seed.index[(seed["area_code"] == FIRST) & (seed["period_end_date"] == seed["period_end_date"].min())]
    by = pd.Series(1.0, index=seed.index)
    by.loc[old] = 1.08
    assert compared(sources()[RECYCLING], seed, multiplied(seed, by)).is_within


def test_a_years_usual_revision_is_no_swap() -> None:
    """All figures a little revised, rounded so that many coincide: chance alone swaps no two areas."""
    for source_id in (RECYCLING, OBESITY):
        seed = read_seed(seed_text(sources()[source_id]))
        rng = random.Random(7)
        for column in ("value", "lower_95", "upper_95"):
            seed[column] = [v and f"{float(v):.2f}" for v in seed[column]]
        revised = seed.assign(value=[v and f"{float(v) * rng.uniform(0.97, 1.03):.2f}" for v in seed["value"]])
        comparison = compared(sources()[source_id], seed, revised)
        assert not [f.what for f in comparison.outside if "each other" in f.what], comparison.text()


def test_bounds_are_named_rightly() -> None:
    with pytest.raises(TypeError, match="max_row_ratio"):
        Bounds(**{"max_row_ratio": 2.0})
    own = {source.source_id: source.bounds for source in sources().values() if source.bounds != Bounds()}
    assert all(bounds == Bounds(may_drop_periods=True) for bounds in own.values())
    # They hold one period; its successor comes in its place.
    for source_id in own:
        assert read_seed(seed_text(sources()[source_id]))["period_end_date"].nunique() == 1


# --- Dagster ----------------------------------------------------------------------------------------------------------


def test_the_job_refreshes_and_its_checks_say_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.refresh import CHECK, newest_editions, refresh_job

    def evaluated(instance: dg.DagsterInstance, source_id: str) -> dg.AssetCheckEvaluation:
        key = dg.AssetCheckKey(dg.AssetKey(["raw", source_id]), CHECK)
        (record,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
        assert record.event
        return record.event.dagster_event.asset_check_evaluation_data

    newest = max(source.snapshot_date for source in sources().values())
    monkeypatch.setattr(refresh, "_now", lambda: datetime(newest.year, newest.month, newest.day, tzinfo=UTC))
    place.offer(source_id=RECYCLING)
    place.offer(rows_swapped)
    config = {"ops": {"fetch_editions": {"config": {"sources": [OBESITY, RECYCLING]}}}}
    with dg.DagsterInstance.ephemeral() as instance:
        result = refresh_job.execute_in_process(run_config=config, instance=instance, raise_on_error=False)
        assert not result.success
        (failure,) = [e.step_failure_data for e in result.all_events if e.is_step_failure]
        assert f"missions refresh --accept {OBESITY}" in failure.user_failure_data.description
        assert RECYCLING not in failure.user_failure_data.description
        assert evaluated(instance, RECYCLING).passed
        refused = evaluated(instance, OBESITY)
        assert not refused.passed
        assert "! areas that have each other's figures: E06000001 with E06000002" in refused.metadata["report"].value

        # A run of the index asks nobody and says the same.
        place.server.asked.clear()
        defs = dg.Definitions(
            assets=[dg.AssetSpec(["raw", i]) for i in (OBESITY, RECYCLING)],
            asset_checks=[newest_editions],
            jobs=[dg.define_asset_job("checks", dg.AssetSelection.checks(newest_editions))],
            executor=dg.in_process_executor,
        )
        result = defs.resolve_job_def("checks").execute_in_process(instance=instance)
        found = {e.asset_key.path[-1]: e.passed for e in result.get_asset_check_evaluations()}
        assert set(found) == {source.source_id for source in refresh.refreshable()}
        assert [source_id for source_id, passed in found.items() if not passed] == [OBESITY]
        assert place.server.asked == []

        # It warns of a source that could not be fetched, and of those that nobody asked for long.
        place.server.always = status(404)
        place.run(RECYCLING)
        monkeypatch.setattr(refresh, "_now", lambda: datetime(2100, 1, 1, tzinfo=UTC))
        result = defs.resolve_job_def("checks").execute_in_process(instance=instance)
        told = {e.asset_key.path[-1]: e for e in result.get_asset_check_evaluations()}
        assert not any(evaluation.passed for evaluation in told.values())
        assert told[OBESITY].severity == dg.AssetCheckSeverity.ERROR
        assert told[RECYCLING].severity == dg.AssetCheckSeverity.WARN
        assert "404" in told[RECYCLING].description and "overdue" in told[RECYCLING].description
        assert told[RECYCLING].metadata["status"].value == "failed"
        assert told[RECYCLING].metadata["is_overdue"].value is True
        assert told[RECYCLING].metadata["last_checked_at"].value < "2100"
        assert told["ons_claimant_count"].severity == dg.AssetCheckSeverity.WARN


# --- Editions ---------------------------------------------------------------------------------------------------------


def publish_what_stands(place: Place, name: str) -> Path:
    """A publication as far as editions go: what it says it was built from, and the seeds kept."""
    published = place.folder / "published"
    folder = published / "history" / name
    (folder / "csv").mkdir(parents=True)
    seeds = [p.relative_to(place.folder / "seeds") for p in (place.folder / "seeds").rglob("*") if p.suffix != ""]
    rows = [f"{p.stem},{p},{sha256(place.folder / 'seeds' / p)},2026-11-25" for p in sorted(seeds)]
    (folder / "csv/source_edition.csv").write_text(
        "\n".join(["source_id,seed_path,seed_sha256,snapshot_date", *rows, ""]), encoding="utf-8"
    )
    (published / "current").unlink(missing_ok=True)
    (published / "current").symlink_to(f"history/{name}")
    assert editions.keep(published) == []
    return folder


def test_an_earlier_publications_seeds_are_laid_out_again(place: Place, tmp_path: Path) -> None:
    published = place.folder / "published"
    before = place.state()
    first = publish_what_stands(place, "20261125T080000Z-00000000")
    place.offer()
    assert place.run(OBESITY)[0] == 0
    publish_what_stands(place, "20261125T090000Z-11111111")
    assert place.state() != before
    editions.restore(first, published, tmp_path / "seeds")
    found = {p.relative_to(tmp_path): sha256(p) for p in (tmp_path / "seeds").rglob("*") if p.suffix}
    assert found == {Path(p).relative_to(place.folder): s for p, s in before.items() if Path(p).suffix}
    # A load accepts them as recorded.
    listed = registry.sums_text({k: v for k, v in _sums(tmp_path).items() if OBESITY in k})
    assert listed == f"{before[str(place.folder / f'seeds/observations/{OBESITY}.csv')]}  observations/{OBESITY}.csv\n"
    # What no publication needs any more is let go; then it is said what is missing.
    kept = {p.name for p in (published / "editions").iterdir()}
    shutil.rmtree(first)
    editions.keep(published)
    gone = kept - {p.name for p in (published / "editions").iterdir()}
    assert len(gone) == 2  # this seed and the registry
    with pytest.raises(KeptSeedsError, match="not empty"):
        editions.restore(published / "current", published, tmp_path / "seeds")


def _sums(folder: Path) -> dict[str, list[str]]:
    lines = (folder / "seeds/SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return {line.split("  ")[1]: [line.split("  ")[0]] for line in lines}


def test_a_seed_that_is_nowhere_is_named(place: Place, tmp_path: Path) -> None:
    first = publish_what_stands(place, "20261125T080000Z-00000000")
    shutil.rmtree(place.folder / "published/editions")
    (place.folder / f"seeds/observations/{OBESITY}.csv").write_text("", encoding="utf-8")
    with pytest.raises(KeptSeedsError, match=f"1 of .* observations/{OBESITY}.csv"):
        editions.restore(first, place.folder / "published", tmp_path / "seeds")
    assert not (tmp_path / "seeds").exists()


def damage(path: Path) -> None:
    """A byte in the middle of what is compressed."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize("harm", [damage, lambda p: p.write_bytes(b""), lambda p: p.write_bytes(p.read_bytes()[:-9])])
def test_a_damaged_kept_seed_is_told_and_mended(place: Place, tmp_path: Path, harm: Callable[[Path], object]) -> None:
    published = place.folder / "published"
    first = publish_what_stands(place, "20261125T080000Z-00000000")
    kept = published / "editions" / f"{sha256(place.source().path)}.gz"
    whole = kept.read_bytes()
    assert editions.faults(published, [first]) == []
    harm(kept)
    (said,) = editions.faults(published, [first])
    assert f"{kept} is damaged" in said and "the next publication from it mends this" in said
    # The copy in seeds/ is as good.
    assert len(editions.restore(first, published, tmp_path / "seeds")) == len(editions.built_from(first))
    editions.keep(published)
    assert kept.read_bytes() == whole
    # Without one there is an error that says so, and no part of the seeds.
    harm(kept)
    place.source().path.write_text("other", encoding="utf-8")
    (said,) = editions.faults(published, [first])
    assert "from a backup" in said
    with pytest.raises(KeptSeedsError, match=f"1 of .* observations/{OBESITY}.csv"):
        editions.restore(first, published, tmp_path / "again")
    assert editions.keep(published) == [f"observations/{OBESITY}.csv"]
    kept.unlink()
    (said,) = editions.faults(published, [first])
    assert f"{kept} is missing" in said


def test_history_verifies_the_kept_seeds(publication: Path, home: Path, tmp_path: Path) -> None:
    published = tmp_path / "published"
    shutil.copytree(publication, published, symlinks=True)
    arguments = ["--published", str(published), "history", "--verify"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    kept = min((published / "editions").iterdir())
    damage(kept)
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert kept.name in "".join(result.stderr.split())
    assert CliRunner().invoke(app, arguments[:-1]).exit_code == 0


def test_publication_records_and_keeps_the_seeds_it_was_built_from(publication: Path, home: Path) -> None:
    recorded = editions.built_from(publication / "current")
    assert {e.source_id for e in recorded} == {*sources(), registry.SOURCE_FILE}
    for edition in recorded:
        assert edition.seed_sha256 == sha256(home / "seeds" / edition.seed_path), edition.seed_path
        kept = publication / "editions" / f"{edition.seed_sha256}.gz"
        assert hashlib.sha256(gzip.decompress(kept.read_bytes())).hexdigest() == edition.seed_sha256
    listed = json.loads(CliRunner().invoke(app, ["--published", str(publication), "editions", "--json"]).stdout)
    assert [row["seed_sha256"] for row in listed] == [edition.seed_sha256 for edition in recorded]
