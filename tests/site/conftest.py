"""The site of the session's publication, its pages parsed once, and the marts that it was made from."""

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from missions.publication.folder import DATABASE
from tests.support.browser import PATIENCE, browser
from tests.support.pages import Page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize
    from playwright.sync_api import Page as BrowserPage

__all__ = ["browser"]

WIDE: "ViewportSize" = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def site(publication: Path) -> Path:
    return publication / "site"


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, Page]:
    """Every page, by its path in the site."""
    paths = sorted(path.relative_to(site.resolve()).as_posix() for path in site.resolve().rglob("*.html"))
    return {path: Page((site / path).read_text(encoding="utf-8")) for path in paths}


@pytest.fixture(scope="session")
def marts(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the published database, because the site is made over a connection with other settings."""
    copy = shutil.copy2(database, tmp_path_factory.mktemp("marts") / DATABASE)
    with duckdb.connect(str(copy), read_only=True) as connection:
        connection.execute("USE marts")
        yield connection


@pytest.fixture(scope="module")
def addresses(site: Path) -> Iterator[dict[str, str]]:
    """Where the site begins: on disk, and on a server of this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"disk": f"{site.resolve().as_uri()}/", "http": f"http://127.0.0.1:{server.server_port}/"}
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def search_page(browser: "Browser", site: Path) -> Iterator["BrowserPage"]:
    """The page of the search, opened from disk, with its scripts loaded."""
    page = browser.new_page()
    page.goto(f"{site.resolve().as_uri()}/search.html")
    page.get_by_role("searchbox").first.focus()  # the names are loaded now
    page.wait_for_selector(".search[data-is-ready]")
    yield page
    page.close()


@pytest.fixture
def page(browser: "Browser") -> Iterator["BrowserPage"]:
    context = browser.new_context(viewport=WIDE)
    context.set_default_timeout(PATIENCE * 1000)
    yield context.new_page()
    context.close()
