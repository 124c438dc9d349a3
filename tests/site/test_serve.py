"""Serving the site on this machine, and messages of the commands if something is missing."""

import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from missions.publication.folder import SITE
from missions.site.serve import server_of


@pytest.fixture
def address(publication: Path) -> Iterator[str]:
    with server_of(publication / SITE, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_explore_serves_the_site(address: str) -> None:
    with urllib.request.urlopen(f"{address}/authority/blackpool.html") as answer:
        assert answer.status == 200 and b"Blackpool" in answer.read()
        assert answer.headers["Content-Type"].startswith("text/html")


def test_a_page_of_a_kept_publication_has_an_address_of_its_own(address: str, publication: Path) -> None:
    id_ = (publication / "current").resolve().name
    with urllib.request.urlopen(f"{address}/publication/{id_}/authority/blackpool.html") as answer:
        assert answer.read() == (publication / SITE / "authority/blackpool.html").read_bytes()
    with urllib.request.urlopen(f"{address}/publication/{id_}") as answer:
        assert answer.url == f"{address}/publication/{id_}/"


@pytest.mark.parametrize("path", ["missions_index.xlsx", "publication/missions_index.xlsx", "csv/dim_mission.csv"])
def test_the_files_of_the_publication_are_beside_the_site(address: str, publication: Path, path: str) -> None:
    with urllib.request.urlopen(f"{address}/{path}") as answer:
        assert answer.read() == (publication / path.removeprefix("publication/")).read_bytes()


@pytest.mark.parametrize("path", ["20200101T000000Z-00000000/index.html", "..%2f..%2fcurrent/index.html", "x"])
def test_a_publication_that_is_not_kept_leads_to_a_page_that_says_so(address: str, path: str) -> None:
    with urllib.request.urlopen(f"{address}/publication/{path}") as answer:
        assert answer.url == f"{address}/pruned.html" and b"no longer kept" in answer.read()


@pytest.mark.parametrize("path", ["/nothing.html", "/authority/nothing.html", "/../missions_index.duckdb"])
def test_a_missing_page_is_answered_in_the_sites_form(address: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(address + path)
    with caught.value as answer:
        assert answer.code == 404 and b"Page not found" in answer.read()


def test_explore_and_report_say_what_is_missing(missions: Callable[..., Any], tmp_path: Path, site: Path) -> None:
    nothing = missions("explore", MISSIONS_PUBLISHED=str(tmp_path))
    assert nothing.returncode == 1 and "There is no site yet" in nothing.stderr
    none = missions("report", "Blackpool", PATH=str(tmp_path), CHROME="")
    assert none.returncode == 1 and "No browser found" in none.stderr
    wrong = missions("report", "Blackpool", CHROME=str(tmp_path / "chrome"))
    assert wrong.returncode == 1 and "CHROME is" in wrong.stderr
    unknown = missions("report", "Blakpool")
    assert unknown.returncode == 2 and "Blackpool" in unknown.stderr
