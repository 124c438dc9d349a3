"""Serving the site on this machine, and messages of the commands if something is missing."""

import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from missions.site.serve import server_of


def test_explore_serves_the_site(site: Path) -> None:
    with server_of(site, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/authority/blackpool.html") as answer:
                assert answer.status == 200 and b"Blackpool" in answer.read()
                assert answer.headers["Content-Type"].startswith("text/html")
        finally:
            server.shutdown()
            thread.join()


def test_explore_and_report_say_what_is_missing(missions: Callable[..., Any], tmp_path: Path, site: Path) -> None:
    nothing = missions("explore", MISSIONS_PUBLISHED=str(tmp_path))
    assert nothing.returncode == 1 and "There is no site yet" in nothing.stderr
    none = missions("report", "Blackpool", PATH=str(tmp_path), CHROME="")
    assert none.returncode == 1 and "No browser found" in none.stderr
    wrong = missions("report", "Blackpool", CHROME=str(tmp_path / "chrome"))
    assert wrong.returncode == 1 and "CHROME is" in wrong.stderr
    unknown = missions("report", "Blakpool")
    assert unknown.returncode == 2 and "Blackpool" in unknown.stderr
