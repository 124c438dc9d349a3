"""A real Superset, started by deploy/superset/serve.py, and its API.

Belongs here: what the tests ask of it.
"""

import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.conftest import ROOT
from tests.support.ports import free_port
from tests.support.programs import until_it_says

PYTHON = ROOT / ".venv-superset/bin/python"
STARTED = "Running on http"  # what its server logs once the port is open


class Superset:
    """A session of the account that the start creates, which may do everything."""

    def __init__(self, address: str, password: str) -> None:
        self.address = address
        self.session = requests.Session()
        login = {"username": "admin", "password": password, "provider": "db", "refresh": True}
        token = self._answer(self.session.post(f"{address}/api/v1/security/login", json=login, timeout=60))
        self.session.headers["Authorization"] = f"Bearer {token['access_token']}"
        self.session.headers["Referer"] = address
        self.session.headers["X-CSRFToken"] = self.get("security/csrf_token/")["result"]

    def get(self, path: str) -> Any:
        return self._answer(self.session.get(f"{self.address}/api/v1/{path}", timeout=60))

    def charts(self) -> dict[str, int]:
        """The number of each chart, by title."""
        return {chart["slice_name"]: chart["id"] for chart in self.get("chart/?q=(page_size:100)")["result"]}

    def data(self, chart: int, **chosen: str) -> list[dict[str, Any]]:
        """The rows of a chart with filters on the dashboard: a value per column."""
        asked = self.get(f"chart/{chart}")["result"]["query_context"]
        query = json.loads(asked)
        query["queries"][0]["filters"] = [{"col": column, "op": "==", "val": chosen[column]} for column in chosen]
        answer = self.session.post(f"{self.address}/api/v1/chart/data", json=query, timeout=60)
        [result] = self._answer(answer)["result"]
        return list(result["data"])

    def sql(self, query: str) -> requests.Response:
        """What SQL Lab answers."""
        [database] = self.get("database/")["result"]
        asked = {"database_id": database["id"], "sql": query, "schema": "marts", "client_id": secrets.token_hex(5)}
        return self.session.post(f"{self.address}/api/v1/sqllab/execute/", json=asked, timeout=60)

    @staticmethod
    def _answer(response: requests.Response) -> Any:
        assert response.ok, response.text[:1000]
        return response.json()


@contextmanager
def serving(published: Path, folder: Path) -> Iterator[Superset]:
    """Start Superset on a publication, with its own files in `folder`; stop it at the end."""
    port = free_port()
    settings = {
        "MISSIONS_PUBLISHED": str(published),
        "MISSIONS_SUPERSET": str(folder),
        "MISSIONS_SUPERSET_PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }
    words = [str(PYTHON), str(ROOT / "deploy/superset/serve.py")]
    server = subprocess.Popen(
        words, env={**os.environ, **settings}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        until_it_says(server, STARTED)
        yield Superset(f"http://127.0.0.1:{port}", (folder / "password").read_text())
    finally:
        server.terminate()
        server.wait(timeout=60)
