"""Serves the site on this machine, for `missions explore`.

Belongs here: how files are sent.
"""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class _Files(SimpleHTTPRequestHandler):
    """Serves the current files without caching, so that a new publication shows without a restart. Logs nothing."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def server_of(site: Path, host: str, port: int) -> ThreadingHTTPServer:
    """A server for the folder, bound and ready for serve_forever. Raises OSError if the port is taken."""
    return ThreadingHTTPServer((host, port), partial(_Files, directory=str(site)))
