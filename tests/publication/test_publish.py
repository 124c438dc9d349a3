"""What a publication holds: database, CSV and Parquet equal the build. Which builds are refused."""

import csv
import re
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import duckdb
import pytest

from missions.errors import PublicationError
from missions.publication.folder import current
from missions.publication.publish import Publication, publish
from tests.support.publications import ATTRIBUTION, assert_tidy, build

MARTS = {
    *("aa_first_by_name", "dim_authority", "dim_source", "indicator_score", "indicator_value", "long_note"),
    # Excel's limit of 31 characters cuts both to one name.
    *("summary_of_every_authority_by_mission", "summary_of_every_authority_by_month"),
}


@pytest.fixture(scope="module")
def all_tables(sample_build: Path) -> dict[str, tuple[list[tuple[str, str]], str]]:
    """Each mart's columns with their types, and its primary key in SQL."""
    with duckdb.connect(str(sample_build), read_only=True) as connection:
        keys = connection.execute(
            "SELECT table_name, array_to_string(constraint_column_names, ', ') FROM duckdb_constraints() "
            "WHERE constraint_type = 'PRIMARY KEY'"
        ).fetchall()
        return {
            table: ([row[:2] for row in connection.execute(f"DESCRIBE marts.{table}").fetchall()], key)
            for table, key in keys
        }


def test_publication_describes_itself(sample: Publication) -> None:
    published = sample.path.parents[1]
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}", sample.id)
    assert sample.path == published / "history" / sample.id
    assert sample.database == published / "missions_index.duckdb"
    assert current(published) == sample.path
    assert sample.created.tzinfo == UTC
    assert set(sample.tables) == MARTS
    assert sample.tables["indicator_value"] == 25_001
    assert sample.bytes == sum(p.stat().st_size for p in sample.path.rglob("*") if p.is_file())
    tables = sample.tables
    assert {p.relative_to(sample.path).as_posix() for p in sample.path.rglob("*") if p.is_file()} == {
        *("missions_index.duckdb", "missions_index.xlsx", "datapackage.json", "ATTRIBUTION.md", "SHA256SUMS"),
        *(f"csv/{table}.csv" for table in tables),
        *(f"parquet/{table}.parquet" for table in tables),
    }
    assert (published / "ATTRIBUTION.md").read_text(encoding="utf-8") == ATTRIBUTION
    assert_tidy(published)


def test_database_keeps_keys_and_comments_and_holds_nothing_but_marts(sample_build: Path, sample: Publication) -> None:
    catalogue = """
        SELECT t.schema_name, t.table_name, t.sql, t.comment, c.column_name, c.comment, c.is_nullable, c.data_type
        FROM duckdb_tables() t JOIN duckdb_columns() c USING (schema_name, table_name)
        WHERE NOT t.internal AND t.schema_name NOT IN ({without}) ORDER BY ALL
    """
    with duckdb.connect(str(sample_build), read_only=True) as connection:
        expected = connection.execute(catalogue.format(without="'raw', 'staging'")).fetchall()
    with duckdb.connect(str(sample.database), read_only=True) as connection:
        found = connection.execute(catalogue.format(without="''")).fetchall()
        schemas = connection.execute("SELECT schema_name FROM duckdb_schemas() WHERE NOT internal").fetchall()
        [(tags,)] = connection.execute("SELECT tags FROM duckdb_databases() WHERE path IS NOT NULL").fetchall()
    assert found == expected
    assert any("PRIMARY KEY(authority_code, indicator_id)" in row[2] for row in found)
    assert any(row[5] == "Value, in the indicator's unit" for row in found)
    assert schemas == [("marts",)]
    assert tags["storage_version"].startswith("v1.0.0")
    assert b"not for publication" not in sample.database.read_bytes()


def test_csv_parquet_and_database_equal_the_build_in_key_order(
    sample_build: Path,
    sample: Publication,
    all_tables: dict[str, tuple[list[tuple[str, str]], str]],
) -> None:
    with duckdb.connect() as connection:
        connection.execute("ATTACH ? AS build (READ_ONLY)", [str(sample_build)])
        connection.execute("ATTACH ? AS publication (READ_ONLY)", [str(sample.path / "missions_index.duckdb")])
        for table, (columns, key) in all_tables.items():
            types = "{" + ", ".join(f"'{name}': '{of}'" for name, of in columns) + "}"
            expected = connection.execute(f"SELECT * FROM build.marts.{table} ORDER BY {key}").fetchall()
            for source in (
                f"publication.marts.{table}",
                f"'{sample.path}/parquet/{table}.parquet'",
                # A text that a spreadsheet would run as a formula has an apostrophe before it.
                "(SELECT * REPLACE (regexp_replace(note, '^''([=@])', '\\1') AS note) FROM "
                f"read_csv('{sample.path}/csv/{table}.csv', header = true, columns = {types}))"
                if "note" in dict(columns)
                else f"read_csv('{sample.path}/csv/{table}.csv', header = true, columns = {types})",
            ):
                assert connection.execute(f"SELECT * FROM {source}").fetchall() == expected, source


def test_csv_text_is_plain_utf8_with_iso_dates_and_full_precision(sample: Publication) -> None:
    content = (sample.path / "csv" / "dim_authority.csv").read_bytes().decode("utf-8")
    with (sample.path / "csv" / "dim_authority.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["authority_code"]: row for row in csv.DictReader(file)}
    assert not content.startswith("\ufeff")
    assert list(rows) == ["E01", "E02", "E03", "E04", "E05"]
    assert rows["E01"]["note"] == 'says "yes", twice'
    assert float(rows["E01"]["area_km2"]) == 0.1 + 0.2
    assert rows["E03"]["authority_name"] == "Ynys Môn"
    assert (rows["E03"]["founded_date"], rows["E03"]["checked_at"]) == ("1974-04-01", "2026-11-24T20:15:30.5")
    assert {row["fetched_at"] for row in rows.values()} == {"2026-07-01T11:00:00+00"}
    assert (rows["E04"]["population"], rows["E04"]["is_unitary"]) == ("", "true")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("DROP SCHEMA marts CASCADE", "has no tables in the schema marts"),
        ("DROP TABLE marts.indicator_score", "has no tables in the schema marts"),
        ("DELETE FROM marts.indicator_score", "marts.indicator_score is empty"),
        ("CREATE VIEW marts.a_view AS SELECT 1 AS one", "marts.a_view is a view"),
        ("CREATE TABLE marts.keyless AS SELECT 1 AS one", "marts.keyless has no primary key"),
        (
            "CREATE TABLE marts.blank (id int PRIMARY KEY, note text NOT NULL); INSERT INTO marts.blank VALUES (1, '')",
            "marts.blank: note is NOT NULL but has an empty text in 1 rows",
        ),
    ],
)
def test_an_unfit_build_is_refused_by_name(tmp_path: Path, change: str, expected: str) -> None:
    published = tmp_path / "published"
    first = publish(build(tmp_path / "good.duckdb"), published, attribution=ATTRIBUTION)
    bad = build(tmp_path / "bad.duckdb", also=change)
    with pytest.raises(PublicationError, match=f"{bad}.*{expected}"):
        publish(bad, published, attribution=ATTRIBUTION)
    assert current(published) == first.path
    assert_tidy(published)


def test_a_build_that_is_missing_in_use_or_not_a_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(PublicationError, match=r"no build file .*none\.duckdb"):
        publish(tmp_path / "none.duckdb", tmp_path / "published", attribution=ATTRIBUTION)
    (tmp_path / "text.duckdb").write_text("no database at all" * 1000)
    with pytest.raises(PublicationError, match=r"Cannot open the build file .*text\.duckdb"):
        publish(tmp_path / "text.duckdb", tmp_path / "published", attribution=ATTRIBUTION)
    busy = build(tmp_path / "busy.duckdb")
    with (
        duckdb.connect(str(busy)),
        pytest.raises(PublicationError, match=r"busy\.duckdb.*If a run has it open, wait for it to finish"),
    ):
        publish(busy, tmp_path / "published", attribution=ATTRIBUTION)


# --- Older readers ------------------------------------------------------------------------------------------------

OLD_READER = """
import sys, duckdb
assert duckdb.__version__ == "1.5.5"
connection = duckdb.connect(sys.argv[1], read_only=True)
print(connection.execute("SELECT count(*) FROM marts.indicator_value").fetchone()[0])
print(connection.execute("SELECT comment FROM duckdb_columns() WHERE column_name = 'ons_number'").fetchone()[0])
print(connection.execute("SELECT authority_name FROM marts.dim_authority WHERE authority_code = 'E03'").fetchone()[0])
"""


@pytest.mark.slow
def test_an_older_duckdb_reads_the_database(sample: Publication, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    install = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "duckdb==1.5.5"], capture_output=True, text=True
    )
    if install.returncode:
        pytest.skip(f"duckdb 1.5.5 cannot be installed here: {install.stderr.strip()[-200:]}")
    read = subprocess.run([python, "-c", OLD_READER, str(sample.database)], capture_output=True, text=True)
    assert read.stdout.splitlines() == ["25001", "A code with leading zeros", "Ynys Môn"], read.stderr
