"""docs/bi.md is true: its questions are answered, and every client marked as tested reads the published file."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.conftest import PATIENCE, ROOT
from tests.support.markdown import fences

PAGE = (ROOT / "docs/bi.md").read_text(encoding="utf-8")
TITLES = re.findall(r"^### \d+\. (.+)$", PAGE, re.MULTILINE)
QUERIES = [text for _, _, text in fences(PAGE, "sql")]

Rows = list[dict[str, object]]


@pytest.fixture(scope="module")
def answers(database: Path) -> dict[int, Rows]:
    """The rows each question's SQL returns, by number."""
    with duckdb.connect(str(database), read_only=True) as connection:
        found = {}
        for number, query in enumerate(QUERIES, 1):
            result = connection.execute(query)
            names = [column[0] for column in result.description or []]
            found[number] = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        return found


def test_ten_questions_are_answered(answers: dict[int, Rows]) -> None:
    assert len(TITLES) == len(QUERIES) == 10
    for number, rows in answers.items():
        assert rows, TITLES[number - 1]
        for column in rows[0]:
            assert any(row[column] is not None for row in rows), f"{TITLES[number - 1]}: {column} is empty"


def test_the_answers_are_sane(answers: dict[int, Rows], database: Path) -> None:
    assert [row["need_rank"] for row in answers[1]] == list(range(1, 11))
    assert len(answers[2]) == 5
    contributions = [row["points"] for row in answers[3]]
    assert contributions == sorted(contributions, reverse=True)  # type: ignore[type-var]
    assert [row["peer_rank"] for row in answers[4]] == list(range(1, len(answers[4]) + 1))
    assert len({row["period_end_date"] for row in answers[5]}) == len(answers[5]) > 5
    assert sum(int(str(row["in_most_needy_fifth"])) for row in answers[6]) == 63
    assert {row["authority_name"] for row in answers[7]} == {"Barnsley", "Sheffield", "Hartlepool"}
    assert [row["authority_name"] for row in answers[8]] == ["North Yorkshire"]
    with duckdb.connect(str(database), read_only=True) as connection:
        residents, gaps, milestones = connection.execute(
            """
            SELECT
                (
                    SELECT sum(population)
                    FROM marts.composite_index JOIN marts.dim_authority USING (authority_code)
                    WHERE need_band = 'very high' AND is_in_reference_set
                ),
                (
                    SELECT count(*) FROM marts.indicator_score
                    WHERE indicator_id = 'smoking' AND value_basis <> 'published'
                ),
                (SELECT count(*) FROM marts.dim_milestone)
            """
        ).fetchall()[0]
    assert sum(int(str(row["residents_of_them"])) for row in answers[6]) == residents
    assert sum(int(str(row["councils"])) for row in answers[9]) == gaps
    by_milestone: dict[object, int] = {}
    for row in answers[10]:
        by_milestone[row["milestone_id"]] = by_milestone.get(row["milestone_id"], 0) + int(str(row["councils"]))
    assert len(by_milestone) == milestones
    assert set(by_milestone.values()) == {317}


# --- Clients, each in a separate process --------------------------------------------------------------------------

CLIENTS = """
import json, sys
import pandas, polars, sqlalchemy
folder, query = sys.argv[1:]
engine = sqlalchemy.create_engine(f"duckdb:///{folder}/missions_index.duckdb?access_mode=READ_ONLY")
inspector = sqlalchemy.inspect(engine)
assert "dim_authority" in inspector.get_table_names(schema="marts")
comments = {c["name"]: c["comment"] for c in inspector.get_columns("dim_authority", schema="marts")}
assert "2025" in comments["current_code"]
with engine.connect() as connection:
    try:
        connection.execute(sqlalchemy.text("CREATE TABLE marts.mine (a int)"))
    except sqlalchemy.exc.SQLAlchemyError as error:
        assert "read-only" in str(error)
    else:
        raise AssertionError("the file can be written to")
with engine.connect() as connection:
    plain = [list(row) for row in connection.execute(sqlalchemy.text(query))]
    frames = {
        "pandas": pandas.read_sql(query, engine).values.tolist(),
        "polars": [list(row) for row in polars.read_database(query, connection).rows()],
    }
parquet = polars.read_parquet(f"{folder}/parquet/authority_profile.parquet").sort("need_rank").head(10)
assert parquet["authority_name"].to_list() == [row[1] for row in plain]
print(json.dumps({"sqlalchemy": plain, **frames}))
"""


def test_sqlalchemy_pandas_and_polars_read_the_published_file(publication: Path, answers: dict[int, Rows]) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CLIENTS, str(publication), QUERIES[0]], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    expected = [list(row.values()) for row in answers[1]]
    for client, rows in json.loads(ran.stdout).items():
        assert rows == expected, client


def test_the_shell_answers_every_question(database: Path, answers: dict[int, Rows]) -> None:
    shell = Path(sys.executable).with_name("duckdb")
    for number, query in enumerate(QUERIES, 1):
        ran = subprocess.run(
            [str(shell), "-readonly", "-csv", str(database), query], capture_output=True, text=True, timeout=PATIENCE
        )
        assert ran.returncode == 0, ran.stderr
        rows = list(csv.DictReader(io.StringIO(ran.stdout)))
        assert len(rows) == len(answers[number])
        assert list(rows[0]) == list(answers[number][0])


OLDER = """
import json, sys, duckdb
assert duckdb.__version__ == "1.5.5"
connection = duckdb.connect(sys.argv[1], read_only=True)
print(json.dumps([len(connection.execute(query).fetchall()) for query in json.loads(sys.argv[2])]))
"""


@pytest.mark.slow
def test_an_older_duckdb_answers_every_question(database: Path, answers: dict[int, Rows], tmp_path: Path) -> None:
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(tmp_path), "duckdb==1.5.5"]
    installed = subprocess.run(install, capture_output=True, text=True)
    if installed.returncode:
        pytest.skip(f"duckdb 1.5.5 cannot be installed here: {installed.stderr.strip()[-200:]}")
    ran = subprocess.run(
        [sys.executable, "-c", OLDER, str(database), json.dumps(QUERIES)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == [len(rows) for rows in answers.values()]


# --- Exposures ----------------------------------------------------------------------------------------------------


def test_exposures_name_who_uses_each_mart() -> None:
    from orchestration.dbt import fresh_manifest
    from orchestration.definitions import defs

    manifest = json.loads(fresh_manifest().read_text(encoding="utf-8"))
    exposures = {exposure["name"]: exposure for exposure in manifest["exposures"].values()}
    used = {
        name: {node.rpartition(".")[2] for node in exposure["depends_on"]["nodes"]}
        for name, exposure in exposures.items()
    }
    marts = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1] == "marts"
    }
    assert set(exposures) == {"explorer", "workbook", "business_intelligence", "dashboard"}
    assert used["business_intelligence"] == marts, "name each mart in dbt_project/models/exposures.yml"
    asked = (ROOT / "missions/site/data.py").read_text(encoding="utf-8")
    for module in ("lookup", "places", "small_areas"):
        asked += (ROOT / f"missions/reading/{module}.py").read_text(encoding="utf-8")
    asked += (ROOT / "missions/reading/queries.py").read_text(encoding="utf-8").partition("def ")[0]
    read = {mart for mart in marts if re.search(rf"\b(FROM|JOIN) {mart}\b", asked)}
    assert used["explorer"] == read, "name what the explorer reads in dbt_project/models/exposures.yml"
    # Dagster has its own assets for the explorer and the files; dbt's exposures must not become assets.
    assert not {key.path[-1] for key in defs.resolve_asset_graph().get_all_asset_keys()} & set(exposures)


def test_the_workbook_has_a_sheet_for_each_mart_of_its_exposure(publication: Path) -> None:
    import openpyxl  # type: ignore[import-untyped]

    from orchestration.dbt import fresh_manifest

    manifest = json.loads(fresh_manifest().read_text(encoding="utf-8"))
    (nodes,) = [e["depends_on"]["nodes"] for e in manifest["exposures"].values() if e["name"] == "workbook"]
    book = openpyxl.load_workbook(publication / "missions_index.xlsx", read_only=True)
    sheets = set(book.sheetnames) - {"About"}
    models = {node.rpartition(".")[2] for node in manifest["nodes"] if node.startswith("model.")}
    assert {node.rpartition(".")[2] for node in nodes} == sheets & models
