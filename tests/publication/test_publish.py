"""Publishing: what a publication holds, and that no kill, full disk or second run ever costs readers the last one."""

import csv
import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path

import duckdb
import frictionless
import openpyxl  # type: ignore[import-untyped]
import pytest

from missions.errors import PublicationError
from missions.publication import folder as module
from missions.publication.folder import FIXED_NAMES, Publication, current, publish, verify

ATTRIBUTION = "# Attribution\nContains public sector information licensed under the Open Government Licence v3.0.\n"
VALUE = "SELECT DISTINCT value FROM marts.indicator_score"
MARTS = {
    *("aa_first_by_name", "dim_authority", "dim_source", "indicator_score", "indicator_value", "long_note"),
    # Excel's limit of 31 characters cuts both to one name.
    *("summary_of_every_authority_by_mission", "summary_of_every_authority_by_month"),
}

SMALL_BUILD = """
CREATE SCHEMA raw; CREATE TABLE raw.secret AS SELECT 'not for publication' AS secret;
CREATE SCHEMA staging; CREATE VIEW staging.stg_secret AS SELECT * FROM raw.secret;
CREATE SCHEMA marts;
CREATE TABLE marts.indicator_score (
    indicator_id text NOT NULL, authority_code text NOT NULL, value double NOT NULL, need_rank integer,
    PRIMARY KEY (authority_code, indicator_id)
);
COMMENT ON TABLE marts.indicator_score IS 'One row per authority and indicator';
COMMENT ON COLUMN marts.indicator_score.value IS 'Value, in the indicator''s unit';
"""
FULL_BUILD = """
CREATE TABLE marts.dim_authority (
    authority_code text NOT NULL, authority_name text NOT NULL, ons_number text, note text, population bigint,
    area_km2 double, budget_gbp decimal(12, 2), is_unitary boolean NOT NULL, founded_date date, checked_at timestamp,
    fetched_at timestamptz DEFAULT '2026-07-01 12:00:00+01', former_names text[] DEFAULT ['Alt, Neu', 'é'],
    PRIMARY KEY (authority_code)
);
COMMENT ON TABLE marts.dim_authority IS 'Every authority; größer, "kleiner"';
COMMENT ON COLUMN marts.dim_authority.ons_number IS 'A code with leading zeros';
INSERT INTO marts.dim_authority (
    authority_code, authority_name, ons_number, note, population,
    area_km2, budget_gbp, is_unitary, founded_date, checked_at
) VALUES
    ('E03', 'Ynys Môn', '00123', '=1+1', 9007199254740991, 1.0 / 3, 10.10, true, '1974-04-01', '2026-11-24 20:15:30.5'),
    ('E01', 'Bristol, City of', '007', 'says "yes", twice', 472400, 0.1::double + 0.2, 0.01, false, '2024-02-29', NULL),
    ('E04', 'Rutland', NULL, '-5', NULL, 1e-300, NULL, true, NULL, '2026-01-01 00:00:00'),
    ('E02', 'Herefordshire; County of', '1e5', '@SUM(A1)', 0, NULL, -3.00, true, '1998-04-01', NULL),
    ('E05', 'Durham', '2024-01-02', '+44', 1, 'inf', 1, true, '1900-03-01', NULL);
CREATE TABLE marts.aa_first_by_name (
    authority_code text PRIMARY KEY, FOREIGN KEY (authority_code) REFERENCES marts.dim_authority (authority_code)
);
INSERT INTO marts.aa_first_by_name VALUES ('E02'), ('E01');
CREATE TABLE marts.dim_source (path text PRIMARY KEY, publisher text, dataset text, licence text, landing_page text);
INSERT INTO marts.dim_source VALUES
    ('b.csv', 'ONS', 'Employment', 'OGL v3.0', 'https://example.org/employment'),
    ('a.csv', 'ONS', 'Employment', 'OGL v3.0', 'https://example.org/employment'),
    ('c.csv', 'DfE', 'Schools', 'OGL v3.0', NULL);
CREATE TABLE marts.indicator_value (
    authority_code text NOT NULL, period_number integer NOT NULL, value double,
    PRIMARY KEY (period_number, authority_code)
);
COMMENT ON TABLE marts.indicator_value IS 'The long one';
INSERT INTO marts.indicator_value
SELECT 'E' || (i % 7), i, CASE WHEN i % 5 > 0 THEN i / 3 END FROM range(25001) AS r (i) ORDER BY hash(i);
CREATE TABLE marts.long_note (id integer PRIMARY KEY, note text);
INSERT INTO marts.long_note VALUES (2, repeat('x', 32768)), (1, 'short');
CREATE TABLE marts.summary_of_every_authority_by_mission (id integer PRIMARY KEY);
INSERT INTO marts.summary_of_every_authority_by_mission VALUES (1);
CREATE TABLE marts.summary_of_every_authority_by_month (id integer PRIMARY KEY);
INSERT INTO marts.summary_of_every_authority_by_month VALUES (2);
"""


def build(path: Path, value: float = 1.0, *, also: str = "") -> Path:
    """A build file with one small mart, whose values say which build this is."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(SMALL_BUILD)
        connection.execute(
            """
            INSERT INTO marts.indicator_score
            SELECT 'i' || i, 'E0' || a, ?, 1 FROM range(3) AS x (i), range(9, 4, -1) AS y (a)
            """,
            [value],
        )
        connection.execute(also)
    return path


def value_of(database: Path) -> float:
    """Which build a published database comes from; read in another process, as a BI tool would."""
    query = f"import duckdb; print(duckdb.connect({str(database)!r}, read_only=True).execute({VALUE!r}).fetchone()[0])"
    return float(subprocess.run([sys.executable, "-c", query], capture_output=True, text=True, check=True).stdout)


def assert_tidy(published: Path) -> None:
    """Every publication is whole, every fixed name leads somewhere, and nothing else lies about."""
    names = {path.name for path in published.iterdir()}
    assert names == {".lock", "history", "current", *FIXED_NAMES}
    folders = list((published / "history").iterdir())
    assert all(re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}(-\d+)?", folder.name) for folder in folders), folders
    for folder in folders:
        verify(folder)
    for name in FIXED_NAMES:
        assert (published / name).is_symlink()
        assert (published / name).readlink() == Path("current", name)
        assert (published / name).exists()


# --- What a publication holds -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("build") / "it's a warehouse.duckdb", also=FULL_BUILD)


@pytest.fixture(scope="module")
def publication(warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Publication:
    published = tmp_path_factory.mktemp("public") / "published"
    return publish(warehouse, published, attribution=ATTRIBUTION)


@pytest.fixture(scope="module")
def all_tables(warehouse: Path) -> dict[str, tuple[list[tuple[str, str]], str]]:
    """Each mart's columns with their types, and its primary key as SQL."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        keys = connection.execute(
            "SELECT table_name, array_to_string(constraint_column_names, ', ') FROM duckdb_constraints() "
            "WHERE constraint_type = 'PRIMARY KEY'"
        ).fetchall()
        return {
            table: ([row[:2] for row in connection.execute(f"DESCRIBE marts.{table}").fetchall()], key)
            for table, key in keys
        }


def test_publication_describes_itself(publication: Publication) -> None:
    published = publication.path.parents[1]
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}", publication.id)
    assert publication.path == published / "history" / publication.id
    assert publication.database == published / "missions_index.duckdb"
    assert current(published) == publication.path
    assert publication.created.tzinfo == UTC
    assert set(publication.tables) == MARTS
    assert publication.tables["indicator_value"] == 25_001
    assert publication.bytes == sum(p.stat().st_size for p in publication.path.rglob("*") if p.is_file())
    tables = publication.tables
    assert {p.relative_to(publication.path).as_posix() for p in publication.path.rglob("*") if p.is_file()} == {
        *("missions_index.duckdb", "missions_index.xlsx", "datapackage.json", "ATTRIBUTION.md", "SHA256SUMS"),
        *(f"csv/{table}.csv" for table in tables),
        *(f"parquet/{table}.parquet" for table in tables),
    }
    assert (published / "ATTRIBUTION.md").read_text(encoding="utf-8") == ATTRIBUTION
    assert_tidy(published)


def test_database_keeps_keys_and_comments_and_holds_nothing_but_marts(
    warehouse: Path, publication: Publication
) -> None:
    catalogue = """
        SELECT t.schema_name, t.table_name, t.sql, t.comment, c.column_name, c.comment, c.is_nullable, c.data_type
        FROM duckdb_tables() t JOIN duckdb_columns() c USING (schema_name, table_name)
        WHERE NOT t.internal AND t.schema_name NOT IN ({without}) ORDER BY ALL
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        expected = connection.execute(catalogue.format(without="'raw', 'staging'")).fetchall()
    with duckdb.connect(str(publication.database), read_only=True) as connection:
        found = connection.execute(catalogue.format(without="''")).fetchall()
        schemas = connection.execute("SELECT schema_name FROM duckdb_schemas() WHERE NOT internal").fetchall()
        [(tags,)] = connection.execute("SELECT tags FROM duckdb_databases() WHERE path IS NOT NULL").fetchall()
    assert found == expected
    assert any("PRIMARY KEY(authority_code, indicator_id)" in row[2] for row in found)
    assert any(row[5] == "Value, in the indicator's unit" for row in found)
    assert schemas == [("marts",)]
    assert tags["storage_version"].startswith("v1.0.0")
    assert b"not for publication" not in publication.database.read_bytes()


def test_csv_parquet_and_database_equal_the_build_in_key_order(
    warehouse: Path,
    publication: Publication,
    all_tables: dict[str, tuple[list[tuple[str, str]], str]],
) -> None:
    with duckdb.connect() as connection:
        connection.execute("ATTACH ? AS build (READ_ONLY)", [str(warehouse)])
        connection.execute("ATTACH ? AS publication (READ_ONLY)", [str(publication.path / "missions_index.duckdb")])
        for table, (columns, key) in all_tables.items():
            types = "{" + ", ".join(f"'{name}': '{of}'" for name, of in columns) + "}"
            expected = connection.execute(f"SELECT * FROM build.marts.{table} ORDER BY {key}").fetchall()
            for source in (
                f"publication.marts.{table}",
                f"'{publication.path}/parquet/{table}.parquet'",
                # A text that a spreadsheet would take for a formula has an apostrophe before it.
                "(SELECT * REPLACE (regexp_replace(note, '^''([=@])', '\\1') AS note) FROM "
                f"read_csv('{publication.path}/csv/{table}.csv', header = true, columns = {types}))"
                if "note" in dict(columns)
                else f"read_csv('{publication.path}/csv/{table}.csv', header = true, columns = {types})",
            ):
                assert connection.execute(f"SELECT * FROM {source}").fetchall() == expected, source


def test_csv_text_is_plain_utf8_with_iso_dates_and_full_precision(publication: Publication) -> None:
    content = (publication.path / "csv" / "dim_authority.csv").read_bytes().decode("utf-8")
    with (publication.path / "csv" / "dim_authority.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["authority_code"]: row for row in csv.DictReader(file)}
    assert not content.startswith("\ufeff")
    assert list(rows) == ["E01", "E02", "E03", "E04", "E05"]
    assert rows["E01"]["note"] == 'says "yes", twice'
    assert float(rows["E01"]["area_km2"]) == 0.1 + 0.2
    assert rows["E03"]["authority_name"] == "Ynys Môn"
    assert (rows["E03"]["founded_date"], rows["E03"]["checked_at"]) == ("1974-04-01", "2026-11-24T20:15:30.5")
    assert {row["fetched_at"] for row in rows.values()} == {"2026-07-01T11:00:00+00"}
    assert (rows["E04"]["population"], rows["E04"]["is_unitary"]) == ("", "true")


def test_checksums_pass_sha256sum_and_verify(publication: Publication) -> None:
    check = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=publication.path, capture_output=True, text=True
    )
    assert check.returncode == 0, check.stderr
    assert check.stdout.count(": OK") == 4 + 2 * len(publication.tables)
    names = [line.split("  ")[1] for line in (publication.path / "SHA256SUMS").read_text().splitlines()]
    assert names == sorted(names)
    verify(publication.path)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda folder: (folder / "csv/dim_source.csv").write_text("other"), r"csv/dim_source.csv is not as it was"),
        (lambda folder: (folder / "csv/dim_source.csv").unlink(), r"csv/dim_source.csv is listed .* but missing"),
        (lambda folder: (folder / "csv/extra.csv").write_text(""), r"csv/extra.csv is no part"),
        (lambda folder: (folder / "SHA256SUMS").unlink(), r"SHA256SUMS is missing"),
        (lambda folder: (folder / "SHA256SUMS").write_bytes(b"\xff\n"), r"is listed in SHA256SUMS but missing"),
        (lambda folder: (folder / "SHA256SUMS").write_text(""), r"ATTRIBUTION.md is no part"),
    ],
    ids=["changed", "missing", "extra", "no sums", "spoilt sums", "empty sums"],
)
def test_verify_names_the_file_at_fault(
    publication: Publication, tmp_path: Path, damage: Callable[[Path], object], expected: str
) -> None:
    copy = shutil.copytree(publication.path, tmp_path / "copy")
    damage(copy)
    with pytest.raises(PublicationError, match=expected):
        verify(copy)


def test_data_package_is_valid_and_carries_the_promises(publication: Publication) -> None:
    descriptor = publication.path.parents[1] / "datapackage.json"
    report = frictionless.validate(str(descriptor))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])
    assert report.stats["tasks"] == len(publication.tables)

    package = json.loads(descriptor.read_text(encoding="utf-8"))
    assert package["id"] == publication.id
    assert datetime.fromisoformat(package["created"]) == publication.created
    assert package["licenses"][0]["name"] == "OGL-UK-3.0"
    assert package["sources"] == [
        {"title": "DfE: Schools (OGL v3.0)"},
        {"title": "ONS: Employment (OGL v3.0)", "path": "https://example.org/employment"},
    ]
    resource = next(r for r in package["resources"] if r["name"] == "indicator_score")
    assert resource["schema"]["primaryKey"] == ["authority_code", "indicator_id"]
    assert resource["schema"]["fields"][2:] == [
        {
            "name": "value",
            "type": "number",
            "description": "Value, in the indicator's unit",
            "constraints": {"required": True},
        },
        {"name": "need_rank", "type": "integer"},
    ]
    authority = next(r for r in package["resources"] if r["name"] == "dim_authority")
    types = {field["name"]: field["type"] for field in authority["schema"]["fields"]}
    assert (types["budget_gbp"], types["population"], types["is_unitary"]) == ("number", "integer", "boolean")
    assert (types["founded_date"], types["checked_at"], types["note"]) == ("date", "datetime", "string")


def test_frictionless_notices_a_changed_value(publication: Publication, tmp_path: Path) -> None:
    """The package's promises are worth something: hash, type, key and required value are all checked."""
    copy = shutil.copytree(publication.path, tmp_path / "copy")
    file = copy / "csv" / "indicator_score.csv"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], "i0,E05,,1", lines[2], lines[2].replace(",1", ",one")]) + "\n")
    report = frictionless.validate(str(copy / "datapackage.json"))
    found = {error for (error,) in report.flatten(["type"])}
    assert found >= {"hash-count", "constraint-error", "primary-key", "type-error"}


def test_workbook_writes_each_value_as_what_it_is(publication: Publication) -> None:
    workbook = openpyxl.load_workbook(publication.path / "missions_index.xlsx")
    sheet = workbook["dim_authority"]
    header, *rows = sheet.iter_rows()
    columns = [cell.value for cell in header]
    assert all(cell.font.bold for cell in header)
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:L6")
    cells = {row[0].value: dict(zip(columns, row, strict=True)) for row in rows}
    assert [cells[code]["ons_number"].value for code in ("E01", "E02", "E03", "E05")] == [
        *("007", "1e5", "00123", "2024-01-02"),
    ]
    assert {code: (row["note"].value, row["note"].data_type) for code, row in cells.items()} == {
        "E01": ('says "yes", twice', "s"),
        "E02": ("@SUM(A1)", "s"),
        "E03": ("=1+1", "s"),  # 'f' would be a formula
        "E04": ("-5", "s"),
        "E05": ("+44", "s"),
    }
    assert cells["E03"]["authority_name"].value == "Ynys Môn"
    assert cells["E03"]["founded_date"].value == datetime(1974, 4, 1)
    assert cells["E01"]["founded_date"].value.date() == date(2024, 2, 29)
    assert cells["E03"]["founded_date"].number_format == "yyyy-mm-dd"
    assert cells["E03"]["checked_at"].value == datetime(2026, 11, 24, 20, 15, 30, 500_000)
    assert (cells["E03"]["population"].value, cells["E03"]["population"].data_type) == (9007199254740991, "n")
    assert (cells["E03"]["area_km2"].value, cells["E01"]["budget_gbp"].value) == (pytest.approx(1 / 3), 0.01)
    assert cells["E03"]["is_unitary"].value is True
    assert cells["E03"]["fetched_at"].value == datetime(2026, 7, 1, 11)
    assert cells["E03"]["former_names"].value == "['Alt, Neu', é]"
    assert cells["E05"]["area_km2"].value == "=1/0"  # infinity, as Excel shows it
    assert (cells["E04"]["population"].value, cells["E04"]["founded_date"].value) == (None, None)


def test_cover_lists_the_sheets_and_what_is_left_out(publication: Publication) -> None:
    workbook = openpyxl.load_workbook(publication.path / "missions_index.xlsx")
    cover = workbook.worksheets[0]
    lines = [[cell for cell in row if cell is not None] for row in cover.iter_rows(values_only=True)]
    text = "\n".join(" ".join(map(str, line)) for line in lines)
    assert cover.title == "About"
    assert ["Publication", publication.id] in lines
    assert ["dim_authority", 5, 'Every authority; größer, "kleiner"'] in lines
    assert re.search(r"indicator_value 25001 more than 25,000 rows: see csv/indicator_value.csv.*The long one", text)
    assert re.search(r"long_note 2 a text longer than the 32,767 characters .* parquet/long_note.parquet", text)
    assert "Contains public sector information" in text
    assert workbook.sheetnames == [
        *("About", "aa_first_by_name", "dim_authority", "dim_source", "indicator_score"),
        *("summary_of_every_authority_by_m", "summary_of_every_authority_by_2"),
    ]
    links = {cell.value: cell.hyperlink.location for row in cover.iter_rows() for cell in row if cell.hyperlink}
    assert links["dim_authority"] == "'dim_authority'!A1"
    assert workbook["summary_of_every_authority_by_2"]["A2"].value == 2


# --- Publishing again ---------------------------------------------------------------------------------------------


def test_same_marts_same_hash_and_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Frozen(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Frozen":
            return cls(2026, 11, 24, 20, 15, 30, 123456, tzinfo=tz)

    monkeypatch.setattr(module, "datetime", Frozen)
    published = tmp_path / "published"
    first = publish(build(tmp_path / "a.duckdb", also=FULL_BUILD), published, attribution=ATTRIBUTION)
    second = publish(build(tmp_path / "b.duckdb", also=FULL_BUILD), published, attribution=ATTRIBUTION)
    third = publish(build(tmp_path / "c.duckdb", value=2), published, attribution=ATTRIBUTION)
    assert first.id.startswith("20261124T201530Z-")
    assert second.id == f"{first.id}-2"
    assert third.id.split("-")[1] != first.id.split("-")[1]
    for kind in ("csv", "parquet"):
        for file in (first.path / kind).iterdir():
            assert file.read_bytes() == (second.path / kind / file.name).read_bytes(), file.name
    assert current(published) == third.path
    assert_tidy(published)


READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
print(connection.execute("SELECT count(*) FROM marts.indicator_score").fetchone()[0], flush=True)
sys.stdin.readline()
print(connection.execute("SELECT DISTINCT value FROM marts.indicator_score").fetchone()[0], flush=True)
"""


def test_a_reader_keeps_the_old_data_and_a_new_one_sees_the_new(tmp_path: Path) -> None:
    published = tmp_path / "published"
    first = publish(build(tmp_path / "old.duckdb", 1), published, attribution=ATTRIBUTION)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(first.database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "15\n"
        # Even when the publication that it reads is pruned away.
        for value in (2, 3):
            last = publish(build(tmp_path / "new.duckdb", value), published, attribution=ATTRIBUTION, keep=1)
            # The one just replaced stays, for a reader that has followed the links and is about to open it.
            assert first.path.exists() == (value == 2)
        seen, _ = reader.communicate("go on\n", timeout=30)
    assert float(seen) == 1
    assert value_of(last.database) == 3


def test_old_publications_are_pruned_but_never_the_current_one(tmp_path: Path) -> None:
    published, warehouse = tmp_path / "published", build(tmp_path / "build.duckdb")
    ids = [publish(warehouse, published, attribution=ATTRIBUTION, keep=2).id for _ in range(3)]
    assert sorted(path.name for path in (published / "history").iterdir()) == sorted(ids)[-2:]

    # A clock that was wrong for a while leaves publications that look newer than the current one.
    (published / "history" / ids[-1]).rename(published / "history" / "29990101T000000Z-00000000")
    (published / "history" / "notes").mkdir()
    last = publish(warehouse, published, attribution=ATTRIBUTION, keep=1)
    assert current(published) == last.path
    assert {path.name for path in (published / "history").iterdir()} == {
        *(last.id, "29990101T000000Z-00000000", "notes"),
    }


def test_the_publication_just_replaced_is_never_pruned(tmp_path: Path) -> None:
    """Though others of the same second, or of a clock that was ahead, have ids that look newer."""
    published, warehouse = tmp_path / "published", build(tmp_path / "build.duckdb")
    first = publish(warehouse, published, attribution=ATTRIBUTION)
    for day in ("29990101", "29990102"):
        (published / f"history/{day}T000000Z-00000000").mkdir()
    second = publish(warehouse, published, attribution=ATTRIBUTION, keep=2)
    assert first.path.exists()
    publish(warehouse, published, attribution=ATTRIBUTION, keep=2)
    assert second.path.exists() and not first.path.exists()


def test_wrong_fixed_names_are_put_right(tmp_path: Path) -> None:
    published, warehouse = tmp_path / "published", build(tmp_path / "build.duckdb")
    publish(warehouse, published, attribution=ATTRIBUTION)
    (published / "csv").unlink()
    (published / "missions_index.xlsx").unlink()
    (published / "missions_index.xlsx").write_text("a copy that somebody put here")
    (published / "parquet").unlink()
    (published / "parquet").symlink_to("elsewhere")
    publish(warehouse, published, attribution=ATTRIBUTION)
    assert_tidy(published)


# --- Kills --------------------------------------------------------------------------------------------------------

# Publishes in a process of its own, which kills itself when it calls the named function for the n-th time.
KILLED = """
import os, signal, sys
from pathlib import Path
from missions.publication import folder as publish
warehouse, published, where, nth = sys.argv[1:]
owner, name = (os, where[3:]) if where.startswith("os.") else (publish, where)
original, calls = getattr(owner, name), 0
def kill(*args, **kwargs):
    global calls
    calls += 1
    if calls == int(nth):
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*args, **kwargs)
setattr(owner, name, kill)
publish.publish(Path(warehouse), Path(published), attribution="new", keep=1)
"""


def publish_and_die(warehouse: Path, published: Path, where: str, nth: int) -> None:
    child = subprocess.run(
        [sys.executable, "-c", KILLED, str(warehouse), str(published), where, str(nth)], capture_output=True
    )
    assert child.returncode == -signal.SIGKILL, f"never came to {where} {nth}: {child.stderr.decode()}"


@pytest.mark.parametrize(
    ("where", "nth", "value"),
    [
        ("_write_flat_files", 1, 1),  # the database is written, and attached
        ("_write_workbook", 1, 1),
        ("_sha256", 3, 1),
        ("os.fsync", 2, 1),
        ("verify", 1, 1),
        ("os.rename", 1, 1),  # verified, not yet renamed
        ("os.symlink", 1, 1),  # renamed, the new `current` not yet made
        ("os.replace", 1, 1),  # … and made, not yet in place
        ("_prune", 1, 2),  # switched
        ("os.unlink", 11, 2),  # half-way through removing the old publication
    ],
)
def test_a_kill_leaves_a_whole_publication_and_nothing_to_clean_by_hand(
    tmp_path: Path, where: str, nth: int, value: float
) -> None:
    published = tmp_path / "published"
    for _ in range(2):  # so that there is one to remove
        publish(build(tmp_path / "old.duckdb", 1), published, attribution=ATTRIBUTION)
    publish_and_die(build(tmp_path / "new.duckdb", 2), published, where, nth)
    in_force = current(published)
    assert in_force is not None
    verify(in_force)
    assert value_of(published / "missions_index.duckdb") == value

    last = publish(build(tmp_path / "last.duckdb", 3), published, attribution=ATTRIBUTION)
    assert current(published) == last.path
    assert value_of(last.database) == 3
    assert_tidy(published)


@pytest.mark.parametrize(("where", "nth"), [("os.replace", 3), ("os.rename", 1), ("os.replace", 8)])
def test_a_kill_during_the_very_first_publication(tmp_path: Path, where: str, nth: int) -> None:
    published, warehouse = tmp_path / "published", build(tmp_path / "build.duckdb")
    publish_and_die(warehouse, published, where, nth)
    assert current(published) is None
    publish(warehouse, published, attribution=ATTRIBUTION)
    assert_tidy(published)


FOREVER = """
import sys
from pathlib import Path
from missions.publication.folder import publish
while True:
    publish(Path(sys.argv[1]), Path(sys.argv[2]), attribution="again", keep=2)
    print("published", flush=True)
"""


def test_kills_at_any_moment(tmp_path: Path) -> None:
    published = tmp_path / "published"
    warehouse = build(tmp_path / "build.duckdb", 1)
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", FOREVER, str(warehouse), str(published)], stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"published\n"
            time.sleep(random.uniform(0, 0.4))
            child.kill()
        in_force = current(published)
        assert in_force is not None
        verify(in_force)
    publish(warehouse, published, attribution=ATTRIBUTION)
    assert_tidy(published)


# --- Full and read-only disks, second runs, unfit builds ----------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)], capture_output=True, text=True
    )
    if mount.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mount.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_costs_nothing(tmp_path: Path, small_disk: Path, warehouse: Path) -> None:
    published = small_disk / "published"
    first = publish(build(tmp_path / "build.duckdb"), published, attribution=ATTRIBUTION)
    needed = publish(warehouse, tmp_path / "elsewhere", attribution=ATTRIBUTION).bytes
    ballast = small_disk / "ballast"
    for share in (0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97):
        ballast.unlink(missing_ok=True)
        ballast.write_bytes(b"x" * (shutil.disk_usage(small_disk).free - int(share * needed)))
        with pytest.raises(PublicationError, match=rf"publish to {published}: the disk is full: free some space"):
            publish(warehouse, published, attribution=ATTRIBUTION)
        assert current(published) == first.path
        assert_tidy(published)
    ballast.unlink()
    second = publish(warehouse, published, attribution=ATTRIBUTION)
    assert current(published) == second.path


@pytest.fixture
def freeze(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """A folder, and the commands that make it read-only and writable again; root ignores permissions, not mounts."""
    if os.geteuid():
        folder = tmp_path / "folder"
        folder.mkdir()
        yield folder, ["chmod", "-R", "a-w", str(folder)], ["chmod", "-R", "u+w", str(folder)]
    else:
        folder = request.getfixturevalue("small_disk")
        remount = ["mount", "-o"]
        yield folder, [*remount, "remount,ro", str(folder)], [*remount, "remount,rw", str(folder)]


def test_a_read_only_folder_costs_nothing(tmp_path: Path, freeze: tuple[Path, list[str], list[str]]) -> None:
    folder, close, reopen = freeze
    warehouse = build(tmp_path / "build.duckdb")
    first = publish(warehouse, folder / "published", attribution=ATTRIBUTION)
    subprocess.run(close, check=True)
    try:
        for published in (folder / "published", folder / "nowhere yet"):
            with pytest.raises(PublicationError, match=rf"{published}: .*(is read-only|may not write there)"):
                publish(warehouse, published, attribution=ATTRIBUTION)
        assert current(folder / "published") == first.path
        assert_tidy(folder / "published")
    finally:
        subprocess.run(reopen, check=True)
    publish(warehouse, folder / "published", attribution=ATTRIBUTION)


def test_a_failure_after_the_rename_takes_the_new_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published, warehouse = tmp_path / "published", build(tmp_path / "build.duckdb")
    first = publish(warehouse, published, attribution=ATTRIBUTION)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "symlink", fail)
        with pytest.raises(PublicationError, match="the disk is full"):
            publish(warehouse, published, attribution=ATTRIBUTION)
    assert current(published) == first.path
    assert [path.name for path in (published / "history").iterdir()] == [first.id]
    assert_tidy(published)


WAITING = """
import sys
from pathlib import Path
from missions.publication import folder as publish
write = publish._write_database
def wait(*args):
    print("writing", flush=True)
    sys.stdin.readline()
    write(*args)
publish._write_database = wait
print(publish.publish(Path(sys.argv[1]), Path(sys.argv[2]), attribution="first").id)
"""


def test_a_second_publisher_is_turned_away(tmp_path: Path) -> None:
    published, warehouse = tmp_path / "published", build(tmp_path / "build.duckdb")
    with subprocess.Popen(
        [sys.executable, "-c", WAITING, str(warehouse), str(published)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "writing\n"
        with pytest.raises(PublicationError, match=f"Another run is publishing to {published}"):
            publish(warehouse, published, attribution=ATTRIBUTION)
        assert len(list((published / "history").glob(".*.partial"))) == 1  # the first one's work is not swept away
        published_id, _ = first.communicate("go on\n", timeout=30)
    assert (published / "current").readlink() == Path("history", published_id.strip())
    assert_tidy(published)


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
            "marts.blank: note is not null, yet an empty text in 1 rows",
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


def test_a_build_that_is_missing_in_use_or_no_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(PublicationError, match=r"no build file .*none\.duckdb"):
        publish(tmp_path / "none.duckdb", tmp_path / "published", attribution=ATTRIBUTION)
    (tmp_path / "text.duckdb").write_text("no database at all" * 1000)
    with pytest.raises(PublicationError, match=r"Cannot open the build file .*text\.duckdb"):
        publish(tmp_path / "text.duckdb", tmp_path / "published", attribution=ATTRIBUTION)
    busy = build(tmp_path / "busy.duckdb")
    with (
        duckdb.connect(str(busy)),
        pytest.raises(PublicationError, match=r"busy\.duckdb.*Wait until the run that has it open has ended"),
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
def test_an_older_duckdb_reads_the_database(publication: Publication, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    install = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "duckdb==1.5.5"], capture_output=True, text=True
    )
    if install.returncode:
        pytest.skip(f"duckdb 1.5.5 cannot be installed here: {install.stderr.strip()[-200:]}")
    read = subprocess.run([python, "-c", OLD_READER, str(publication.database)], capture_output=True, text=True)
    assert read.stdout.splitlines() == ["25001", "A code with leading zeros", "Ynys Môn"], read.stderr
