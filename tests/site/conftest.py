"""The site of the session's publication, its pages parsed once, and the marts that it was made from."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from missions.publication.folder import DATABASE
from tests.support.browser import browser
from tests.support.pages import Page

__all__ = ["browser"]


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
