"""What the method's tests share: the published marts and the build file, opened read-only."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest


@pytest.fixture(scope="module")
def marts(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published marts, without the schema in their names."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set schema = 'marts'")
        yield connection


@pytest.fixture(scope="module")
def warehouse(home: Path, database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build file of the same run, for what is not published."""
    with duckdb.connect(str(home / "build/warehouse.duckdb"), read_only=True) as connection:
        yield connection
