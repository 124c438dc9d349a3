"""Serves the site on this machine, for `missions explore`, with earlier publications at their own addresses.

Belongs here: how files are sent.
"""

import re
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from missions.publication.folder import FIXED_NAMES, SITE, kept
from missions.site.pages.about_site import MISSING, PRUNED

_PINNED = re.compile(r"/publication/([^/]+)(/.*)?$")
# What the page of downloads links to, beside the site: the fixed names of the publication.
_DOWNLOAD = re.compile(rf"/(?:publication/)?((?:{'|'.join(map(re.escape, FIXED_NAMES))})(?:/[\w.]+)?)$")


class _Files(SimpleHTTPRequestHandler):
    """Serves the current files without caching, so that a new publication shows without a restart. Logs nothing.

    /publication/ID/PAGE is the page in that publication, as long as it is kept.
    """

    def __init__(self, *args: Any, published: Path, **more: Any) -> None:
        self._published = published
        super().__init__(*args, **more)

    def translate_path(self, path: str) -> str:
        """The file at an address. The standard class keeps what follows inside `directory`."""
        if download := _DOWNLOAD.match(urlsplit(path).path):
            return str(self._published / download[1])
        found = _PINNED.match(urlsplit(path).path)
        if found and (folder := self._kept(found[1])):
            self.directory = str(folder / SITE)
            path = found[2] or "/"
        return super().translate_path(path)

    def send_head(self) -> Any:
        found = _PINNED.match(urlsplit(self.path).path)
        if found and not _DOWNLOAD.match(self.path) and (not self._kept(found[1]) or not found[2]):
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", f"{self.path}/" if self._kept(found[1]) else f"/{PRUNED}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        return super().send_head()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """A missing page in the site's own form."""
        page = self._published / SITE / MISSING
        if code != HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, message, explain)
            return
        content = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _kept(self, id_: str) -> Path | None:
        """The folder of a publication that is kept with its site."""
        return next((f for f in kept(self._published) if f.name == id_ and (f / SITE).is_dir()), None)


def server_of(site: Path, host: str, port: int) -> ThreadingHTTPServer:
    """A server for published/site, bound and ready for serve_forever. Raises OSError if the port is taken."""
    return ThreadingHTTPServer((host, port), partial(_Files, directory=str(site), published=site.parent))
