"""The dashboard in a real Superset: every chart answers with the marts' figures, SQL stays inside, new data shows.

Needs `make .venv-superset/installed`; without it these tests are skipped.
"""

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from missions.publication.folder import DATABASE, current, make_current
from tests.support.superset import PYTHON, Superset, serving
from tools.bi.charts import CHARTS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.tools,
    pytest.mark.skipif(not PYTHON.exists(), reason="Superset is not installed: make .venv-superset/installed"),
]
TITLES = {chart.name: chart.title for chart in CHARTS}


@pytest.fixture(scope="module")
def published(publication: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published folder of our own, with a copy of the session's publication."""
    folder = tmp_path_factory.mktemp("superset") / "published"
    now = current(publication)
    assert now
    partial = folder / "history/.first.partial"
    partial.mkdir(parents=True)
    shutil.copy2(now / DATABASE, partial)
    make_current(partial, folder, "first")
    return folder


@pytest.fixture(scope="module")
def superset(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superset]:
    folder = tmp_path_factory.mktemp("superset-home")
    with serving(published, folder) as served:
        assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600
        yield served


@pytest.fixture
def marts(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(published / DATABASE), read_only=True) as connection:
        connection.execute("USE marts")
        yield connection


def test_the_dashboard_has_our_charts_and_each_answers(superset: Superset) -> None:
    charts = superset.charts()
    assert set(charts) == set(TITLES.values())
    [dashboard] = superset.get("dashboard/")["result"]
    on_it = superset.get(f"dashboard/{dashboard['id']}/charts")["result"]
    assert {chart["slice_name"] for chart in on_it} == set(TITLES.values())
    for title, number in charts.items():
        [result] = superset.get(f"chart/{number}/data/")["result"]
        assert result["rowcount"] > 0, title
        assert not result["error"], title


def test_columns_and_metrics_have_their_names_and_descriptions(superset: Superset) -> None:
    found = {entry["table_name"]: entry["id"] for entry in superset.get("dataset/?q=(page_size:100)")["result"]}
    dataset = superset.get(f"dataset/{found['Need by council']}")["result"]
    columns = {column["column_name"]: column for column in dataset["columns"]}
    assert columns["need_rank"]["verbose_name"] == "Rank (1 is the highest need)"
    assert "ties share" in columns["need_rank"]["description"]
    metrics = {metric["metric_name"]: metric for metric in dataset["metrics"]}
    assert metrics["score"]["d3format"] == ".1f" and metrics["score"]["description"].startswith("100 is")


def test_ranks_and_shares_are_those_of_the_marts(superset: Superset, marts: duckdb.DuckDBPyConnection) -> None:
    charts = superset.charts()
    [blackpool] = superset.data(charts[TITLES["ranks"]], authority_name="Blackpool", index_name="All missions")
    [expected] = marts.execute(
        "SELECT c.need_rank, rank_percentile_5, rank_percentile_95, need_score FROM composite_index AS c"
        " JOIN dim_authority USING (authority_code) JOIN rank_uncertainty AS u USING (authority_code)"
        " WHERE authority_name = 'Blackpool' AND u.index_id = 'composite'"
    ).fetchall()
    assert [blackpool[name] for name in ("rank", "rank_low", "rank_high", "score")] == pytest.approx(expected)

    card = {row["index_name"]: row for row in superset.data(charts[TITLES["card"]], authority_name="Leeds")}
    expected_card = marts.execute(
        "SELECT mission_name, need_rank, m.published_share FROM mission_index AS m JOIN dim_mission USING (mission_id)"
        " JOIN dim_authority USING (authority_code) WHERE authority_name = 'Leeds'"
    ).fetchall()
    assert {(name, card[name]["rank"]) for name, _, _ in expected_card} == {row[:2] for row in expected_card}
    assert [card[name]["published"] for name, *_ in expected_card] == pytest.approx([row[2] for row in expected_card])

    regions = superset.data(charts[TITLES["regions"]], index_name="Health")
    expected_regions = marts.execute(
        "SELECT region_name, share_in_most_needy_fifth FROM region_summary WHERE index_id = 'health'"
    ).fetchall()
    assert {row["region_name"]: row["share_highest_fifth"] for row in regions} == pytest.approx(dict(expected_regions))


def test_indicators_coverage_and_map_are_those_of_the_marts(
    superset: Superset, marts: duckdb.DuckDBPyConnection
) -> None:
    charts = superset.charts()
    one = superset.data(charts[TITLES["indicator"]], indicator_title="Adults living with obesity")
    figures = marts.execute(
        "SELECT authority_name, value FROM indicator_score JOIN dim_authority USING (authority_code)"
        " WHERE indicator_id = 'adult_obesity'"
    ).fetchall()
    assert {row["authority_name"]: row["figure"] for row in one} == pytest.approx(dict(figures))

    drivers = superset.data(charts[TITLES["drivers"]], authority_name="Blackpool")
    points = marts.execute(
        "SELECT indicator_title, 10 * contribution FROM indicator_score JOIN dim_indicator USING (indicator_id)"
        " JOIN dim_authority USING (authority_code) WHERE authority_name = 'Blackpool'"
    ).fetchall()
    assert {row["indicator_title"]: row["points"] for row in drivers} == pytest.approx(dict(points))

    [own] = superset.data(charts[TITLES["own"]])
    assert own["own_figures"] == pytest.approx(
        marts.execute("SELECT avg(is_published::INTEGER) FROM indicator_coverage").fetchall()[0][0]
    )
    coverage = superset.data(charts[TITLES["coverage"]])
    by_basis = {(row["mission_name"], row["value_basis"]): row["figures"] for row in coverage}
    counted = marts.execute(
        "SELECT mission_name, value_basis, count(*) FROM indicator_coverage JOIN dim_indicator USING (indicator_id)"
        " GROUP BY ALL"
    ).fetchall()
    assert by_basis == {(mission, basis): figures for mission, basis, figures in counted}

    drawn = superset.data(charts[TITLES["map"]], index_name="All missions")
    scores = marts.execute(
        "SELECT authority_name, need_score FROM composite_index JOIN dim_authority USING (authority_code)"
        " JOIN dim_boundary AS b ON b.area_code = authority_code AND b.layer = 'authority'"
    ).fetchall()
    assert {row["authority_name"]: row["need"] for row in drawn} == pytest.approx(dict(scores))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM df",
        "COPY marts.dim_mission TO '{folder}/out.csv'",
        "ATTACH '{folder}/other.duckdb'",
        "CREATE TABLE marts.mine (a INTEGER)",
        "DELETE FROM marts.dim_mission",
        "DROP TABLE marts.dim_mission",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ],
)
def test_sql_lab_reads_no_file_and_writes_nothing(superset: Superset, tmp_path: Path, query: str) -> None:
    answer = superset.sql(query.format(folder=tmp_path))
    assert not answer.ok, answer.text
    assert "root:" not in answer.text
    assert not list(tmp_path.iterdir())


def test_sql_lab_answers_a_question(superset: Superset, marts: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT authority_name, need_rank FROM marts.authority_profile ORDER BY need_rank, authority_name"
    answer = superset.sql(query)
    assert answer.ok, answer.text
    assert [tuple(row.values()) for row in answer.json()["data"]] == marts.execute(query).fetchall()


def test_a_new_publication_shows_at_once(superset: Superset, published: Path) -> None:
    chart = superset.charts()[TITLES["ranks"]]
    chosen = {"authority_name": "Blackpool", "index_name": "All missions"}
    [before] = superset.data(chart, **chosen)
    partial = published / "history/.second.partial"
    partial.mkdir()
    shutil.copy2(published / DATABASE, partial)
    with duckdb.connect(str(partial / DATABASE)) as connection:
        connection.execute("UPDATE marts.composite_index SET need_score = need_score + 1000")
    make_current(partial, published, "second")
    [after] = superset.data(chart, **chosen)
    assert after["score"] == pytest.approx(before["score"] + 1000)
    assert (published / "current").resolve().name == "second"
