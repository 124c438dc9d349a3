"""`missions load`: it fills the build file, or reports what is wrong."""

from pathlib import Path

import duckdb
import pytest

from missions.errors import SeedError
from tests.support.commands import run


def test_load_fills_the_build_file_or_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_file = tmp_path / "build" / "warehouse.duckdb"
    monkeypatch.setattr("missions.cli.load.WAREHOUSE", build_file)
    result = run("load")
    assert (result.exit_code, result.stderr) == (0, "")
    with duckdb.connect(str(build_file), read_only=True) as connection:
        tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'").fetchall()
    assert f"{len(tables)} tables with " in result.stdout and str(build_file) in result.stdout

    def fail(*arguments: object) -> None:
        raise SeedError("seeds/a.csv", "9 cells where 8 belong", 3)

    monkeypatch.setattr("missions.sources.load.load_all", fail)
    result = run("load")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "seeds/a.csv, line 3: 9 cells where 8 belong\n"
