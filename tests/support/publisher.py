"""A publisher's files, written from the seeds, and an HTTP server that can fail in every way."""

import csv
import email.utils
import hashlib
import io
import json
import socket
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pandas as pd

from missions.sources.registry import sources
from tests.conftest import ROOT

OBESITY = "ons_adult_obesity_prevalence"
RECYCLING = "trafford_recycling"

Table = pd.DataFrame
Change = Callable[[Table], Table]


# --- Publishers' formats, written from seeds --------------------------------------------------------------------------


def explore_local_statistics(seed: Table) -> Table:
    """The publisher's table from which a seed was read."""
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
    """A source's files, by path on the server."""
    source = sources()[source_id]
    contents = [as_csv(change(publishers_table(source_id)), bom=source_id == OBESITY)]
    if source_id == OBESITY:
        contents.append(json.dumps({"label": "Adult obesity prevalence"}).encode())
    paths = [f"/{source.distributor}/HEAD/{file.distributor_path}" for file in source.files]
    return dict(zip(paths, contents, strict=True))


# --- The server -------------------------------------------------------------------------------------------------------


class Publisher(ThreadingHTTPServer):
    """Serves `files` as GitHub's host does. `answers` are used first, one per request for a CSV file."""

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
        """Ignore clients that give up: they are part of the tests."""


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
    """Answer as a good server does: with the file, part of it, or 'not modified'."""
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
    """Send bytes often enough that no timeout between two bytes applies."""
    for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.05)


def trickle_without_length(handler: Handler, body: bytes) -> None:
    """Send whole lines, so that a cut looks like the end of the file."""
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
