"""Debian's Caddy with deploy/Caddyfile: HTTPS, the login, headers, compression, and a site that shows what is current.

The web server behind it is a stand-in; tests/orchestration/test_deploy.py starts the real one.
"""

import os
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from tests.conftest import ROOT
from tests.support.ports import free_port

CADDY = shutil.which("caddy")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.tools,
    pytest.mark.skipif(CADDY is None, reason="Caddy is not installed"),
]
PINNED = "20260101T000000Z-0123abcd"
PAGE = "<p>Need in 317 councils</p>" * 200


class _Dagster(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"dagster {self.path}".encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass
class Served:
    """The address, the certificate authority of the run, and the folder whose site is served."""

    address: str
    authority: Path
    home: Path

    def get(self, path: str, **headers: str) -> HTTPResponse | HTTPError:
        context = ssl.create_default_context(cafile=str(self.authority))
        try:
            answer: HTTPResponse = urlopen(Request(self.address + path, headers=headers), context=context, timeout=30)
        except HTTPError as error:
            return error
        return answer


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("caddy")
    (folder / "home/published/history/first/site").mkdir(parents=True)
    (folder / "home/published/history/first/site/index.html").write_text(PAGE)
    (folder / "home/published/site").symlink_to("history/first/site")
    for name in ("404.html", "pruned.html"):
        (folder / "home/published/history/first/site" / name).write_text(name)
    pinned = folder / f"home/published/history/{PINNED}/site/index.html"
    pinned.parent.mkdir(parents=True)
    pinned.write_text("an earlier page")
    (folder / "home/published/missions_index.xlsx").write_text("a workbook")
    dagster = HTTPServer(("127.0.0.1", 0), _Dagster)
    threading.Thread(target=dagster.serve_forever, daemon=True).start()
    hashed = subprocess.run(
        [str(CADDY), "hash-password", "--plaintext", "secret"], capture_output=True, text=True, check=True
    )
    (folder / "Caddyfile").write_text(
        f"{{\n\tadmin off\n\thttp_port {free_port()}\n\tskip_install_trust\n}}\nimport {ROOT}/deploy/Caddyfile\n"
    )
    port = free_port()
    settings = {
        **{"MISSIONS_SITE": f"https://localhost:{port}", "MISSIONS_TLS": "tls internal", "MISSIONS_USER": "officer"},
        **{"MISSIONS_PASSWORD_HASH": hashed.stdout.strip(), "MISSIONS_HOME": str(folder / "home")},
        **{"MISSIONS_WEBSERVER": f"127.0.0.1:{dagster.server_port}", "XDG_DATA_HOME": str(folder), "HOME": str(folder)},
    }
    words = [str(CADDY), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with subprocess.Popen(words, env={**os.environ, **settings}, stderr=subprocess.PIPE, text=True) as caddy:
        assert caddy.stderr
        said = []
        for line in caddy.stderr:
            said.append(line)
            if "certificate obtained successfully" in line:
                break
        else:
            raise AssertionError("".join(said))
        threading.Thread(target=caddy.stderr.read, daemon=True).start()  # or its log would fill the pipe
        served = Served(settings["MISSIONS_SITE"], folder / "caddy/pki/authorities/local/root.crt", folder / "home")
        for _ in range(100):  # Caddy reports the certificate a moment before it uses it
            try:
                served.get("/")
                break
            except URLError:
                time.sleep(0.1)
        yield served
        caddy.terminate()
    dagster.shutdown()
    dagster.server_close()


def test_the_site_is_compressed_and_has_security_headers(served: Served) -> None:
    answer = served.get("/", **{"Accept-Encoding": "gzip"})
    assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
    assert len(answer.read()) < len(PAGE) / 5
    for name in ("Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"):
        assert answer.headers[name], name
    assert "Server" not in answer.headers


def test_downloads_earlier_publications_and_missing_pages_are_served(served: Served) -> None:
    assert served.get("/missions_index.xlsx").read() == b"a workbook"
    assert served.get(f"/publication/{PINNED}/index.html").read() == b"an earlier page"
    assert served.get("/publication/20200101T000000Z-0123abcd/index.html").read() == b"pruned.html"
    missing = served.get("/authority/nowhere.html")
    assert (missing.status, missing.read()) == (404, b"404.html")


def test_an_unchanged_page_is_not_sent_again_and_a_new_one_shows_at_once(served: Served) -> None:
    answer = served.get("/")
    assert answer.headers["Cache-Control"] == "no-cache"
    same = served.get("/", **{"If-None-Match": answer.headers["ETag"]})
    assert same.status == 304
    published = served.home / "published"
    (published / "history/second/site").mkdir(parents=True)
    (published / "history/second/site/index.html").write_text("second")
    (published / ".site.new").symlink_to("history/second/site")
    (published / ".site.new").replace(published / "site")
    assert served.get("/", **{"If-None-Match": answer.headers["ETag"]}).read() == b"second"


def test_dagster_needs_the_login(served: Served) -> None:
    assert served.get("/dagster/graphql").status == 401
    wrong = served.get("/dagster/", Authorization="Basic b2ZmaWNlcjp3cm9uZw==")
    assert wrong.status == 401
    right = served.get("/dagster/runs", Authorization="Basic b2ZmaWNlcjpzZWNyZXQ=")
    assert (right.status, right.read()) == (200, b"dagster /dagster/runs")


def test_nothing_outside_the_site_is_served(served: Served) -> None:
    for path in ("/../history/first/site/index.html", "/%2e%2e/%2e%2e/pyproject.toml", "/.env"):
        assert served.get(path).status == 404
