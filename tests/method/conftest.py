"""What the method's tests share: the published marts and the build file, opened read-only."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
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


@pytest.fixture(scope="module")
def scores(marts: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Published z of the reference set: a row per council, a column per indicator, theme, mission and the composite."""
    long = marts.execute(
        """
        select authority_code, indicator_id as node_id, need_z from indicator_score
        union all select authority_code, theme_id, need_z from theme_index
        union all select authority_code, mission_id, need_z from mission_index
        union all select authority_code, 'composite', need_z from composite_index
        """
    ).df()
    reference = marts.execute("select authority_code from dim_authority where is_in_reference_set").df()
    wide = long.merge(reference).pivot(index="authority_code", columns="node_id", values="need_z")
    assert len(wide) == 296
    return wide
