"""The session's publication, open, and every place that it knows."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from missions.publication.folder import DATABASE
from missions.reading.lookup import Gazetteer
from missions.reading.queries import open_database


@pytest.fixture(scope="module")
def connection(publication: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_database(publication / DATABASE) as connection:
        yield connection


@pytest.fixture(scope="module")
def gazetteer(connection: duckdb.DuckDBPyConnection) -> Gazetteer:
    return Gazetteer(connection)
