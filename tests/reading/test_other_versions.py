"""A publication made by another version, damaged or in use elsewhere: one message in plain words, none of DuckDB's."""

import re
import shutil
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from missions import cli
from missions.errors import PublicationError
from missions.publication.folder import DATABASE
from missions.reading.index import Index
from missions.sql import quoted_text

# Small tables that every lookup reads, the fewest that show what is lacking.
KEPT = ("dim_authority", "dim_area_name", "dim_area_code", "coming_council", "dim_mission", "dim_theme")
OF_DUCKDB = re.compile(r"Error:|LINE 1|Candidate|Did you mean \"|\^|duckdb\.org|SELECT")


@pytest.fixture(scope="module")
def older(publication: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database that lacks most tables, and a column of one that it has."""
    folder = tmp_path_factory.mktemp("older")
    with duckdb.connect(str(folder / DATABASE)) as connection:
        connection.execute(f"ATTACH {quoted_text(publication / DATABASE)} AS published (READ_ONLY)")
        connection.execute("CREATE SCHEMA marts")
        for table in KEPT:
            connection.execute(f"CREATE TABLE marts.{table} AS FROM published.marts.{table}")
        connection.execute(
            "CREATE TABLE marts.dim_indicator AS SELECT * EXCLUDE (unit) FROM published.marts.dim_indicator"
        )
    return folder


@pytest.mark.parametrize(
    ("words", "lacking"),
    [
        (("rank",), "composite_index"),
        (("profile", "Leeds"), "unit"),
        (("explain", "Leeds"), "unit"),
        (("indicator", "smoking"), "indicator_treatment"),
        (("trend", "Leeds"), "unit"),
        (("sources",), "dim_source"),
        (("compare", "Leeds", "Kent"), "unit"),
        (("what-if",), "dim_framework_node"),
    ],
)
def test_a_publication_of_another_version_says_what_it_lacks(older: Path, words: tuple[str, ...], lacking: str) -> None:
    found = CliRunner().invoke(cli.app, ["--published", str(older), *words])
    assert (found.exit_code, found.stdout) == (1, "")
    assert (
        f"made by another version and lacks what `missions {words[0]}` reads" in found.stderr
        and lacking in found.stderr
    )
    assert "make index" in found.stderr and not OF_DUCKDB.search(found.stderr)


def test_python_says_the_same(older: Path) -> None:
    with (
        Index(older) as index,
        pytest.raises(PublicationError, match=r"lacks what this version reads \(composite_index\)"),
    ):
        index.rank()


def test_damaged_files_and_files_in_use(older: Path, tmp_path: Path) -> None:
    copy = tmp_path / DATABASE
    copy.write_text("not a database " * 100)
    found = CliRunner().invoke(cli.app, ["--published", str(tmp_path), "rank"])
    assert found.exit_code == 1 and "is damaged or not a valid DuckDB database file" in found.stderr
    shutil.copy(older / DATABASE, copy)
    content = bytearray(copy.read_bytes())
    content[9000:12000] = b"x" * 3000
    copy.write_bytes(content)
    found = CliRunner().invoke(cli.app, ["--published", str(tmp_path), "rank"])
    assert found.exit_code == 1 and not OF_DUCKDB.search(found.stderr)


def test_sql_of_the_users_own_keeps_duckdb_s_explanation(older: Path) -> None:
    found = CliRunner().invoke(cli.app, ["--published", str(older), "sql", "SELECT nothing FROM dim_mission"])
    assert found.exit_code == 1 and 'Referenced column "nothing" not found' in found.stderr
