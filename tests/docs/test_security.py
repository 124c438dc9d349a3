"""Security: SQL cannot leave the published file, exports hold no formulas, unpacking is limited, no secrets here.

Belongs here: what docs/security.md promises. The limits on downloads are tested in tests/sources, the escaping of names
on pages in tests/site.
"""

import csv
import gzip
import io
import re
import struct
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import openpyxl  # type: ignore[import-untyped]
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from missions import cli
from missions.errors import SeedError
from missions.publication.flat_files import safe_column
from missions.publication.publish import Publication, publish
from missions.reading.cells import as_cell
from missions.sources import load
from missions.sources.load import load_source
from missions.sources.readers import table
from missions.sources.registry import sources
from tests.conftest import ROOT

Ask = Callable[..., Result]

# Texts that a spreadsheet would run or fetch, and texts that it would not.
FORMULAS = [
    *("=1+1", '=HYPERLINK("http://example.org?"&A1,"x")', "@SUM(A1:A9)", "+1+cmd|' /C calc'!A0"),
    *("-2+3+cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
    *("\t=1+1", "\r=1+1", "\n=1+1", "\uff1d1+1", "\uff0bA1", "\uff0dA1", "\uff20A1", "-A1", "+A1", "--1"),
]  # fmt: skip
HARMLESS = [
    *("-5", "+44", "-1.5e-3", "-1,234.5", "+12%", "-", "+", "[x]", "a=b", "'=1", "Ynys Môn", "2024-12-31", ""),
]  # fmt: skip


# --- SQL that tries to get out --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """A small publication whose names are formulas, loaded from a seed like any other."""
    folder = tmp_path_factory.mktemp("security")
    seed = folder / "theme.csv"
    rows = [
        (f"t{i:02}", text)
        for i, text in enumerate([*FORMULAS, *HARMLESS])
        if text and "\n" not in text and "\r" not in text
    ]
    with seed.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("theme_id", "definition"), *rows])
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        load_source(connection, replace(sources()["theme_definition"], seed=str(seed)))
        connection.execute(
            """
            CREATE SCHEMA marts;
            CREATE TABLE marts.dim_theme (
                theme_id text PRIMARY KEY, theme_title text NOT NULL, need_z double NOT NULL, need_rank integer NOT NULL
            );
            INSERT INTO marts.dim_theme
            SELECT theme_id, definition, -row_number() OVER (ORDER BY theme_id) / 4, 1 FROM raw.theme_definition;
            """
        )
    assert len(rows) == len(FORMULAS) + len(HARMLESS) - 3
    return publish(folder / "warehouse.duckdb", folder / "published", attribution="a test\n")


@pytest.fixture
def ask(published: Publication) -> Ask:
    def run(*words: str) -> Result:
        return CliRunner().invoke(cli.app, ["--published", str(published.database.parent), *words])

    return run


# {folder} has the file that a statement tries to read, or is where it tries to write.
ESCAPES = """
COPY (SELECT 1) TO '{folder}/out.csv'
COPY dim_theme TO '/dev/stdout'
COPY dim_theme FROM '{folder}/in.csv'
EXPORT DATABASE '{folder}/out'
IMPORT DATABASE '{folder}'
EXPLAIN ANALYZE COPY (SELECT 1) TO '{folder}/out.csv'
FROM read_csv('{folder}/in.csv')
FROM read_csv_auto('{folder}/in.csv')
FROM sniff_csv('{folder}/in.csv')
FROM read_parquet('{folder}/in.parquet')
FROM parquet_metadata('{folder}/in.parquet')
FROM read_json('{folder}/in.json')
FROM read_ndjson_objects('{folder}/in.json')
FROM read_text('{folder}/in.csv')
FROM read_text('/etc/passwd')
FROM read_blob('{folder}/in.csv')
FROM '{folder}/in.csv'
FROM "{folder}/in.csv"
FROM glob('{folder}/*')
FROM query('FROM read_csv(''{folder}/in.csv'')')
FROM query_table('{folder}/in.csv')
PREPARE p AS FROM read_csv('{folder}/in.csv')
CREATE TEMP MACRO m() AS TABLE FROM read_csv('{folder}/in.csv')
FROM 'http://127.0.0.1:9/in.csv'
FROM read_csv('https://127.0.0.1:9/in.csv')
FROM read_parquet('s3://bucket/in.parquet')
ATTACH '{folder}/other.duckdb'
ATTACH '{folder}/other.duckdb' AS other (READ_ONLY)
ATTACH 'http://127.0.0.1:9/other.duckdb'
ATTACH ':memory:' AS other
COPY FROM DATABASE missions_index TO temp
INSTALL httpfs
INSTALL httpfs FROM 'http://127.0.0.1:9'
FORCE INSTALL json
UPDATE EXTENSIONS
LOAD httpfs
LOAD '{folder}/evil.duckdb_extension'
SET enable_external_access = true
RESET enable_external_access
PRAGMA enable_external_access = true
SET GLOBAL lock_configuration = false
RESET lock_configuration
SET allowed_directories = ['{folder}']
SET allowed_paths = ['{folder}/in.csv']
SET temp_directory = '{folder}'
PRAGMA temp_directory = '{folder}'
SET extension_directory = '{folder}'
SET secret_directory = '{folder}'
SET home_directory = '{folder}'
SET log_query_path = '{folder}/log'
SET profiling_output = '{folder}/out.json'
PRAGMA profiling_output = '{folder}/out.json'
PRAGMA enable_profiling
CALL enable_logging(storage = 'file', storage_path = '{folder}/log')
SET threads = 1
CREATE SECRET s (TYPE s3)
CREATE PERSISTENT SECRET s (TYPE s3)
SELECT getenv('HOME')
FROM ask
FROM connection
CREATE TABLE mine (a INTEGER)
CREATE VIEW mine AS SELECT 1
INSERT INTO dim_theme VALUES ('x', 'x', 0, 1)
UPDATE dim_theme SET need_rank = 2
DELETE FROM dim_theme
DROP TABLE dim_theme
ALTER TABLE dim_theme ADD COLUMN a INTEGER
DETACH missions_index
SELECT 1; COPY (SELECT 1) TO '{folder}/out.csv'
SELECT 1; SET enable_external_access = true; FROM '{folder}/in.csv'
SELECT 1; ATTACH '{folder}/other.duckdb'; CREATE TABLE other.t AS SELECT 1
SELEC 1
FROM no_such_table
""".strip().splitlines()


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of each kind that a query could read."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "in.csv").write_text("a\n1\n")
    (folder / "in.json").write_text('{"a": 1}\n')
    duckdb.sql("SELECT 1 AS a").write_parquet(str(folder / "in.parquet"))
    with duckdb.connect(str(folder / "other.duckdb")) as other:
        other.execute("CREATE TABLE t AS SELECT 1")
    return folder


@pytest.mark.parametrize("query", ESCAPES)
def test_sql_reads_nothing_else_and_writes_nothing(ask: Ask, published: Publication, outside: Path, query: str) -> None:
    before = contents(outside), contents(published.database.parent)
    result = ask("sql", query.format(folder=outside))
    assert (result.exit_code, result.stdout) == (1, "")
    assert re.search(r"Error: |error occurred", result.stderr) and "Traceback" not in result.stderr
    assert (contents(outside), contents(published.database.parent)) == before


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_query_that_needs_room_does_not_write_beside_the_publication(ask: Ask, published: Publication) -> None:
    """A temporary table is in memory and ends with the command."""
    assert ask("sql", "SELECT current_setting('temp_directory') AS folder", "--csv").stdout == 'folder\n""\n'
    before = contents(published.database.parent)
    created = "CREATE TEMP TABLE t AS FROM range(2000000); SELECT count(*) AS n FROM t"
    assert ask("sql", created, "--csv").stdout == "n\n2000000\n"
    assert contents(published.database.parent) == before
    assert ask("sql", "FROM t").exit_code == 1


# --- Formulas in exports --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_written_as_text(text: str) -> None:
    assert as_cell(text) == f"'{text}"
    assert in_sql(text) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_other_texts_are_written_unchanged(text: str) -> None:
    assert as_cell(text) == text
    assert in_sql(text) == text


def test_numbers_keep_their_sign() -> None:
    assert [as_cell(value) for value in (-1.5, -7, None, True, [-1])] == ["-1.5", "-7", "", "true", "[-1]"]


def in_sql(text: str) -> str:
    [(found,)] = duckdb.execute(f"SELECT {safe_column('a')} FROM (SELECT ? AS a)", [text]).fetchall()
    assert isinstance(found, str)
    return found


def test_no_file_of_a_publication_has_a_formula(published: Publication) -> None:
    """Names in a seed that are formulas: escaped in CSV, plain text in the workbook, unchanged in the database."""
    with duckdb.connect(str(published.database), read_only=True) as connection:
        names = connection.execute("SELECT theme_title FROM marts.dim_theme ORDER BY theme_id").fetchall()
        numbers = connection.execute("SELECT need_z FROM marts.dim_theme ORDER BY theme_id").fetchall()
    with (published.path / "csv/dim_theme.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["theme_title"] for row in rows] == [as_cell(name) for (name,) in names]
    assert {row["theme_title"] for row in rows if row["theme_title"].startswith("'=")} >= {"'=1+1"}
    assert [(float(row["need_z"]),) for row in rows] == numbers
    assert all(row["need_z"].startswith("-") for row in rows)
    sheet = openpyxl.load_workbook(published.path / "missions_index.xlsx")["dim_theme"]
    cells = [row[1] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}  # 'f' would be a formula
    assert [(cell.value,) for cell in cells] == names
    with zipfile.ZipFile(published.path / "missions_index.xlsx") as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist() if "/worksheets/" in name)


def test_the_command_prints_no_formula(ask: Ask) -> None:
    printed = ask("sql", 'SELECT theme_title AS "=now()", need_z FROM dim_theme ORDER BY theme_id', "--csv").stdout
    header, *rows = list(csv.reader(io.StringIO(printed)))
    assert header == ["'=now()", "need_z"]
    assert rows[0] == ["'=1+1", "-0.25"]
    assert not [row for row in rows if row[0] in FORMULAS]


# --- Files that unpack into too much --------------------------------------------------------------------------------


def workbook(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_a_workbook_as_publishers_make_them_is_read(tmp_path: Path) -> None:
    frame = pd.DataFrame({"LSOA Code": [f"E0100{i:04}" for i in range(3000)], "n": range(3000)})
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    assert table.workbook(tmp_path / "a.xlsx").equals(frame)


def test_a_workbook_that_unpacks_into_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = workbook(tmp_path / "bomb.xlsx", {"xl/worksheets/sheet1.xml": bytes(50_000_000)})
    with pytest.raises(
        ValueError, match=r"bomb\.xlsx unpacks to more than [\d,]+ bytes from [\d,]+, which no workbook"
    ):
        table.workbook(bomb)
    many = workbook(tmp_path / "many.xlsx", {f"part{i}": b"" for i in range(10_001)})
    with pytest.raises(ValueError, match=r"many\.xlsx has 10,001 parts"):
        table.workbook(many)
    monkeypatch.setattr(table, "_LARGEST_WORKBOOK", 1000)
    with pytest.raises(ValueError, match="unpacks to more than 1,000 bytes"):
        table.workbook(workbook(tmp_path / "large.xlsx", {"a": bytes(2000)}))


def test_a_workbook_that_misstates_its_size_is_refused(tmp_path: Path) -> None:
    """Both headers state a hundred bytes; the content unpacks to far more."""
    bomb = workbook(tmp_path / "misstated.xlsx", {"sheet": bytes(50_000_000)})
    data = bytearray(bomb.read_bytes())
    for signature, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<I", data, data.index(signature) + at, 100)
    bomb.write_bytes(data)
    with zipfile.ZipFile(bomb) as archive:
        assert archive.infolist()[0].file_size == 100
    with pytest.raises(ValueError, match="which no workbook does"):
        table.workbook(bomb)


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"<html>"])
def test_a_file_that_is_not_a_workbook_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.xlsx is not a complete workbook"):
        table.workbook(path)


def test_a_parquet_file_that_unpacks_into_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repeated value is written once, so a small file may hold any number of rows."""
    frame = pd.DataFrame({"a": [1.5] * 3_000_000, "b": "x"})
    frame.to_parquet(tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 100_000
    assert table.parquet(tmp_path / "a.parquet").equals(frame)
    monkeypatch.setattr(table, "_MOST_CELLS", 5_000_000)
    with pytest.raises(ValueError, match=r"a\.parquet unpacks to [\d,]+ bytes and 6,000,000 cells; at most"):
        table.parquet(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1PAR1")
    with pytest.raises(ValueError, match=r"b\.parquet is not a complete Parquet file"):
        table.parquet(tmp_path / "b.parquet")


def test_every_reader_of_packed_files_checks_them() -> None:
    readers = ROOT / "missions/sources/readers"
    packed = re.compile(r"read_(excel|parquet)\(")
    callers = {path.name for path in readers.glob("*.py") if packed.search(path.read_text(encoding="utf-8"))}
    assert callers == {"table.py"}


def test_a_seed_that_unpacks_into_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_LARGEST_SEED", 2_000_000)
    path = tmp_path / "theme.csv.gz"
    path.write_bytes(gzip.compress(b"theme_id,definition\n" + b"a" * 5_000_000))
    with duckdb.connect() as connection, pytest.raises(SeedError, match="holds more than 2 million bytes"):
        load_source(connection, replace(sources()["theme_definition"], seed=str(path)))


# --- What is in the repository --------------------------------------------------------------------------------------


def test_dependencies_are_audited_in_ci() -> None:
    assert "make audit" in (ROOT / ".ci/run").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^audit: .*\n(\t.*\n)*\t.*pip-audit --require-hashes", makefile, re.MULTILINE)


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-spark.txt", "requirements-superset.txt"])
def test_every_dependency_is_locked_with_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-zA-Z0-9])", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE).strip())
    assert len(entries) > 50
    for entry in entries:
        name = entry.split()[0]
        assert re.fullmatch(r"[a-z0-9._-]+(\[[a-z0-9,._-]+\])?==[^\s;@]+", name), name
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), f"{name} has no hash"
    assert not re.search(r"https?:|git\+|file:|^\s*(-e|-i|-f|--index|--extra-index|--find-links|--trusted)", text, re.M)
    installs = re.findall(r"(?:pip|\$\(PIP\)) install.*", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert installs and all("--require-hashes" in line or "--no-deps" in line for line in installs)


# The patterns of keys that services issue, and of key files.
SECRETS = {
    "private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})",
    "GitLab": r"\bglpat-[A-Za-z0-9_-]{20}",
    "Google": r"\bAIza[0-9A-Za-z_-]{35}",
    "Slack": r"\bxox[abprs]-[0-9A-Za-z-]{10}|hooks\.slack\.com/services/T\w+/B\w+/\w+",
    "Stripe": r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{20}",
    "model provider": r"\bsk-[A-Za-z0-9_-]{32}",
    "PyPI": r"\bpypi-AgEI[A-Za-z0-9_-]{50}",
    "web token": r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.",
    "login in an address": r"[a-z]+://[^\s/:@'\"{}$<>]+:[^\s/:@'\"{}$<>]+@[\w.-]+",
    "password": r"(?i)\b(?:password|passwd|secret|api_?key|token)\b['\"]?\s*[:=]\s*['\"][^'\"{}$<>\s]{8,}['\"]",
}
EXAMPLES = {
    "private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "AWS": "AKIA" + "ABCDEFGHIJKLMNOP",
    "GitHub": "ghp_" + "a1" * 18,
    "GitLab": "glpat-" + "a1" * 10,
    "Google": "AIza" + "a" * 35,
    "Slack": "xoxb-" + "1234567890",
    "Stripe": "sk_live_" + "a1" * 10,
    "model provider": "sk-" + "a1" * 16,
    "PyPI": "pypi-AgEI" + "a" * 50,
    "web token": "eyJ" + "a" * 20 + ".eyJ" + "b" * 20 + ".c",
    "login in an address": "https://user:" + "hunter22@example.org",
    "password": "password = '" + "correcthorse'",
}


def tracked_files() -> list[Path]:
    """The files a commit would hold; without git, everything except what builds leave behind."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True
    )
    if listed.returncode == 0:
        return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]
    left_out = {".venv", "build", "published", "target", "logs", "__pycache__"}
    return [path for path in ROOT.rglob("*") if path.is_file() and not left_out & set(path.relative_to(ROOT).parts)]


@pytest.mark.parametrize("kind", SECRETS)
def test_each_pattern_finds_its_secret(kind: str) -> None:
    assert re.search(SECRETS[kind], f"x = {EXAMPLES[kind]} ")


def test_there_is_no_secret_in_the_repository() -> None:
    files = tracked_files()
    assert ROOT / "README.md" in files
    shapes = re.compile("|".join(f"(?:{shape.replace('(?i)', '')})" for shape in SECRETS.values()))
    found = []
    for path in files:
        assert path.name not in (".env", "id_rsa", ".netrc", ".pypirc", "credentials.json"), path
        if path.stat().st_size > 5_000_000 or path.suffix in (".gz", ".png", ".duckdb"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if shapes.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []


def test_the_modules_that_are_named_exist() -> None:
    """The paths that docs/security.md gives."""
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    for name in re.findall(r"`((?:tests|missions|orchestration|docs|seeds)/[\w/.]+)`", page):
        assert (ROOT / name).exists(), name
