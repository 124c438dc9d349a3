"""Areas made of councils: a council is itself, a county equals its published aggregate, faults are told by line."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner, Result

from missions import cli
from missions.errors import ScoreError
from missions.scoring.areas import EXAMPLES, Area, example_areas, read_areas
from missions.scoring.regroup import publication, regroup

Regrouped = dict[str, Any]

BLACKPOOL, WYRE, FYLDE, LANCASHIRE = "E06000009", "E07000128", "E07000119", "E10000017"


@pytest.fixture(scope="module")
def regrouped(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """All examples worked out together, with the draws: areas that are added do not change each other's ranks."""
    with publication(database) as connection:
        areas = [
            replace(area, area_id=f"{example}/{area.area_id}")
            for example in EXAMPLES
            for area in example_areas(connection, example)[0]
        ]
        regroup(connection, areas)
        yield connection


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def test_each_council_regrouped_has_its_own_cells_scores_and_ranks(regrouped: duckdb.DuckDBPyConnection) -> None:
    cells = rows(
        regrouped,
        """
        SELECT count(*), count(*) FILTER (WHERE own.value_basis != cell.value_basis
            OR abs(own.value - cell.value) > 1e-9 * abs(own.value) OR own.period_end_date != cell.period_end_date
            OR own.need_rank != place.need_rank OR abs(own.contribution - again.contribution) > 1e-9)
        FROM area_unit
        JOIN published.marts.indicator_score AS own ON own.authority_code = area_unit.whole_council
        JOIN area_cell AS cell USING (area_number, indicator_id)
        JOIN indicator_score AS again
            ON again.authority_code = area_unit.unit_id AND again.indicator_id = own.indicator_id
        JOIN area_indicator_place AS place ON place.unit_id = area_unit.unit_id AND place.list_id = own.indicator_id
        """,
    )
    assert cells == [(317 * 65, 0)]
    scores = rows(
        regrouped,
        """
        WITH own AS (
            SELECT authority_code, 'composite' AS index_id, need_z, need_rank, published_share
            FROM published.marts.composite_index
            UNION ALL SELECT authority_code, mission_id, need_z, need_rank, published_share
            FROM published.marts.mission_index
            UNION ALL SELECT authority_code, theme_id, need_z, need_rank, published_share
            FROM published.marts.theme_index
        )
        SELECT count(*), count(*) FILTER (WHERE abs(own.need_z - need.need_z) > 1e-9 OR own.need_rank != place.need_rank
            OR abs(own.published_share - need.published_share) > 1e-9)
        FROM own JOIN area_unit ON own.authority_code = area_unit.whole_council
        JOIN int_node_need AS need ON need.authority_code = area_unit.unit_id
            AND (need.index_id = own.index_id OR (need.depth = 0 AND own.index_id = 'composite'))
        JOIN area_place AS place ON place.unit_id = area_unit.unit_id AND place.list_id = need.index_id
        """,
    )
    assert scores == [(317 * 27, 0)]


def test_the_ranges_of_a_council_regrouped_are_its_own(regrouped: duckdb.DuckDBPyConnection) -> None:
    [(found, apart)] = rows(
        regrouped,
        """
        SELECT count(*), count(*) FILTER (WHERE abs(own.rank_percentile_5 - again.rank_percentile_5) > 1
            OR abs(own.rank_percentile_95 - again.rank_percentile_95) > 1 OR own.draws != again.draws)
        FROM published.marts.rank_uncertainty AS own
        JOIN area_unit ON own.authority_code = area_unit.whole_council
        JOIN area_range AS again ON again.unit_id = area_unit.unit_id
            AND again.index_id = CASE WHEN own.index_id = 'composite'
                THEN (SELECT node_id FROM int_framework_nodes WHERE parent_id IS NULL) ELSE own.index_id END
        """,
    )
    assert (found, apart) == (317 * 6, 0)


def test_counties_made_of_their_districts_equal_the_published_aggregates(regrouped: duckdb.DuckDBPyConnection) -> None:
    [(cells, apart)] = rows(
        regrouped,
        """
        SELECT count(*), count(*) FILTER (WHERE abs(cell.value - own.value) > 1e-9 * abs(own.value)
            OR cell.value_basis != 'aggregated' OR cell.period_end_date != own.period_end_date)
        FROM area JOIN area_cell AS cell USING (area_number)
        JOIN published.marts.indicator_score AS own
            ON area_id = 'counties/' || own.authority_code AND cell.indicator_id = own.indicator_id
        WHERE own.value_basis = 'aggregated'
        """,
    )
    [(published,)] = rows(
        regrouped,
        "SELECT count(*) FROM published.marts.indicator_score "
        "JOIN published.marts.dim_authority USING (authority_code) WHERE value_basis = 'aggregated' AND tier = 'upper'",
    )
    assert (cells, apart) == (published, 0) and published > 300


def test_a_whole_county_has_its_own_published_figures(regrouped: duckdb.DuckDBPyConnection) -> None:
    [(cells, apart)] = rows(
        regrouped,
        """
        SELECT count(*), count(*) FILTER (WHERE abs(cell.value - own.value) > 1e-9 * abs(own.value)
            OR cell.value_basis != 'published')
        FROM area JOIN area_cell AS cell USING (area_number)
        JOIN published.marts.indicator_score AS own
            ON area_id = 'counties/' || own.authority_code AND cell.indicator_id = own.indicator_id
        WHERE own.value_basis = 'published'
        """,
    )
    assert cells > 600 and apart == 0


def test_counts_are_summed_over_a_combined_authority(regrouped: duckdb.DuckDBPyConnection) -> None:
    """Robberies of Greater Manchester: the rates of its ten councils, by residents, worked out here."""
    [(value, share)] = rows(
        regrouped,
        "SELECT value, part_share FROM area JOIN area_cell USING (area_number) "
        "WHERE area_id = 'combined-authorities/E47000001' AND indicator_id = 'robbery'",
    )
    [(expected,)] = rows(
        regrouped,
        """
        SELECT sum(value * people) / sum(people)
        FROM published.marts.indicator_score JOIN published.marts.dim_authority USING (authority_code)
        JOIN published.marts.weighting_population USING (authority_code)
        WHERE combined_authority_code = 'E47000001' AND indicator_id = 'robbery' AND population_id = 'all_ages'
            AND year = 2024
        """,
    )
    assert value == pytest.approx(expected, rel=1e-12) and share == pytest.approx(1)


def test_inherited_figures_are_not_passed_off_as_parts(regrouped: duckdb.DuckDBPyConnection) -> None:
    """The coming councils of Surrey have the county's figure where no district has one, and say so."""
    [(cells, apart)] = rows(
        regrouped,
        """
        WITH inherited AS (
            SELECT area_number, indicator_id, any_value(own.value) AS value
            FROM area JOIN area_member USING (area_number)
            JOIN published.marts.indicator_score AS own USING (authority_code)
            WHERE area_id LIKE 'coming-councils/%'
            GROUP BY ALL HAVING bool_and(own.value_basis = 'inherited')
        )
        SELECT count(*), count(*) FILTER (WHERE cell.value_basis != 'inherited' OR cell.part_share != 0
            OR abs(cell.value - inherited.value) > 1e-9 * abs(cell.value))
        FROM inherited JOIN area_cell AS cell USING (area_number, indicator_id)
        """,
    )
    assert cells >= 10 and apart == 0


def test_every_area_has_every_cell_and_a_range_about_its_rank(regrouped: duckdb.DuckDBPyConnection) -> None:
    [(areas, cells, missing)] = rows(
        regrouped,
        "SELECT count(DISTINCT area_number), count(*), count(*) FILTER (WHERE value IS NULL OR value_basis IS NULL) "
        "FROM area_cell",
    )
    assert cells == areas * 65 and missing == 0
    assert rows(regrouped, "SELECT count(*) FROM area_range WHERE rank_percentile_5 > rank_percentile_95") == [(0,)]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("area_id,area_name\na,A\n", "line 1: missing column authority_code or small_area_code"),
        (
            "area_id,area_name,authority_code\na,A,E06000099\n",
            "line 2, column authority_code: unknown council 'E06000099'",
        ),
        ("area_id,area_name,authority_code\na,A,Blackpool\n", f"the code of Blackpool is {BLACKPOOL}"),
        (f"area_id,area_name,authority_code\na,A,{BLACKPOOL}\na,A,{BLACKPOOL}\n", "twice, first by line 2"),
        (
            f"area_id,area_name,authority_code\na,A,{LANCASHIRE}\na,A,{WYRE}\n",
            "Wyre (a district of Lancashire) is",
        ),
        (f"area_id,area_name,authority_code\na,A,{WYRE}\na,A,{LANCASHIRE}\n", "twice, first by line 2"),
        (f"area_id,area_name,authority_code,share\na,A,{WYRE},1.5\n", "column share: expected a share above 0"),
        (f"area_id,area_name,authority_code\na,A,{WYRE}\na,B,{FYLDE}\n", "line 3, column area_name: 'B' for area 'a'"),
        (f"area_id,area_name,authority_code,small_area_code\na,A,{WYRE},E01012681\n", "a code in both columns"),
        ("area_id,area_name,small_area_code\na,A,E01999999\n", "unknown small area 'E01999999'"),
        (
            f"area_id,area_name,authority_code,small_area_code\na,A,{BLACKPOOL},\na,A,,E01012681\n",
            "a council or its small areas",
        ),
        (
            f"area_id,area_name,authority_code,small_area_code\na,A,,E01012681\na,A,{BLACKPOOL},\n",
            "a council or its small areas",
        ),
    ],
)
def test_faults_are_told_by_line(database: Path, tmp_path: Path, text: str, message: str) -> None:
    with publication(database) as connection, pytest.raises(ScoreError) as fault:
        read_areas(connection, write(tmp_path / "areas.csv", text))
    assert message in str(fault.value) and str(tmp_path) in str(fault.value)


def test_part_of_a_council_is_modelled_and_small_areas_are_a_share_of_theirs(database: Path, tmp_path: Path) -> None:
    text = f"area_id,area_name,authority_code,small_area_code,share\na,A,{WYRE},,0.5\na,A,,E01012681,\nb,B,{FYLDE},,\n"
    with publication(database) as connection:
        half, whole = read_areas(connection, write(tmp_path / "areas.csv", text))
        regroup(connection, [half, whole], with_ranges=False)
        bases = rows(connection, "SELECT DISTINCT value_basis FROM area_cell WHERE area_number = 1 ORDER BY ALL")
    assert half.members[WYRE] == 0.5 and 0 < half.members[BLACKPOOL] < 0.05
    assert whole == Area("b", "B", None, {FYLDE: 1.0}, FYLDE)
    assert {basis for (basis,) in bases} <= {"modelled", "inherited", "stale", "estimated"}


@pytest.fixture
def ask(publication_folder: Path) -> Callable[..., Result]:
    def run(*words: str) -> Result:
        return CliRunner().invoke(cli.app, ["--published", str(publication_folder), "regroup", *words])

    return run


@pytest.fixture
def publication_folder(database: Path) -> Path:
    return database.parent


def test_the_command_writes_the_marts_of_the_areas(ask: Callable[..., Result], tmp_path: Path) -> None:
    areas = write(
        tmp_path / "areas.csv",
        "area_id,area_name,authority_code,status\n"
        + "".join(f"fylde,Fylde Coast,{code},draft\n" for code in (BLACKPOOL, WYRE, FYLDE)),
    )
    done = ask("--areas", str(areas), "--out", str(tmp_path / "out"), "--replace-parts")
    assert done.exit_code == 0, done.output
    # 317 councils without the three, and the area.
    assert "Fylde Coast (draft): rank" in done.output and "among 315" in done.output
    written = {path.stem: list(csv.DictReader(path.open(encoding="utf-8"))) for path in (tmp_path / "out").iterdir()}
    assert {name: len(table) for name, table in written.items()} == {
        "dim_area": 1,
        "area_part": 3,
        "composite_index": 1,
        "mission_index": 5,
        "theme_index": 21,
        "indicator_score": 65,
        "rank_uncertainty": 6,
    }
    z = float(written["composite_index"][0]["need_z"])
    assert sum(float(row["contribution"]) for row in written["indicator_score"]) == pytest.approx(z, abs=1e-9)


def test_a_wrong_call_says_what_to_give(ask: Callable[..., Result], tmp_path: Path) -> None:
    assert "Give one of --areas and --example" in ask("--out", str(tmp_path / "out")).output
    wrong = ask("--example", "countries", "--out", str(tmp_path / "out"))
    assert wrong.exit_code == 2 and "did you mean 'counties'?" in wrong.output
    assert not (tmp_path / "out").exists()
