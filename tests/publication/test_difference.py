"""What changed between two publications: causes are told apart, and the amounts add up to the whole change."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner, Result

from missions import cli
from missions.errors import DifferenceError
from missions.publication.causes import CAUSES
from missions.publication.change import PUBLICATION_CHANGE, Written, write_publication_change
from missions.publication.comparable import COMPARED, Side
from missions.publication.difference import difference
from missions.publication.folder import DATABASE
from missions.publication.publish import publish
from tests.support.publications import DISTRICT, REVISE, rescore

Edit = Callable[..., Side]
COUNTY = "E10000024"  # of the district
ALL_CODES = [name for name in COMPARED if name not in ("dim_framework_node", "dim_indicator")]


@pytest.fixture(scope="module")
def compared(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Only the tables that a comparison reads, so that copies are small."""
    path = tmp_path_factory.mktemp("compared") / DATABASE
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"ATTACH '{database}' AS published (READ_ONLY); CREATE SCHEMA marts")
        for name in (*COMPARED, "dim_mission"):  # the command names missions
            connection.execute(f"CREATE TABLE marts.{name} AS FROM published.marts.{name}")
    return path


@pytest.fixture
def edit(compared: Path, tmp_path: Path) -> Edit:
    """A copy of the publication with its inputs changed and everything scored again, as in a build."""

    def copy(name: str, *statements: str, rescored: bool = True) -> Side:
        path = tmp_path / f"{name}.duckdb"
        shutil.copy2(compared, path)
        with duckdb.connect(str(path)) as connection:
            connection.execute("USE marts")
            for statement in statements:
                connection.execute(statement)
        if rescored:
            rescore(path)
        return Side(name, path)

    return copy


def changes(before: Side, after: Side) -> list[dict[str, Any]]:
    """All rows of the comparison, after checking that none is missing and that they add up, for ranks exactly."""
    with difference(before, after) as connection:
        found = connection.execute("FROM publication_change")
        columns = [column[0] for column in found.description]
        rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
        councils = connection.execute("SELECT count(*) FROM council").fetchall()[0][0]
    keys = [(r["authority_code"], r["index_id"], r["cause"]) for r in rows]
    assert len(set(keys)) == len(keys)
    assert len({r["authority_code"] for r in rows}) == councils
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for r in rows:
        groups.setdefault((r["authority_code"], r["index_id"]), []).append(r)
    for group in groups.values():
        one = group[0]
        for what, tolerance in (("rank", 0.0), ("score", 1e-9), ("value", 1e-9)):
            was, now = one[f"previous_{what}"], one[f"new_{what}"]
            amounts = [r[f"{what}_change"] for r in group]
            if was is None or now is None:
                assert amounts == [None] * len(group)
            else:
                assert abs(sum(amounts) - (now - was)) <= tolerance * max(1, abs(now))
    return rows


def causes(rows: list[dict[str, Any]], kind: str = "composite") -> set[str]:
    return {r["cause"] for r in rows if r["index_kind"] == kind}


def test_equal_inputs_are_no_change(edit: Edit) -> None:
    rows = changes(edit("old", rescored=False), edit("new", rescored=False))
    assert {r["cause"] for r in rows} == {"no_change"}
    assert len(rows) == 317 * 6
    assert all(r["score_change"] == r["rank_change"] == 0 for r in rows)


def test_another_value_of_the_same_period_is_a_revision(edit: Edit) -> None:
    rows = changes(edit("old"), edit("new", REVISE))
    assert causes(rows) == {"data_revision"}
    assert {r["index_id"] for r in rows if r["cause"] != "no_change"} == {"composite", "health", "smoking"}
    (cell,) = [r for r in rows if r["value_change"]]
    assert (cell["authority_code"], cell["index_id"], cell["cause"]) == (DISTRICT, "smoking", "data_revision")
    assert cell["value_change"] == pytest.approx(20)
    assert cell["rank_change"] < 0
    # Others fall behind it on the indicator although their own value is unchanged.
    passed = [r for r in rows if r["index_id"] == "smoking" and r["authority_code"] != DISTRICT]
    assert passed and all(r["value_change"] == 0 and r["rank_change"] >= 0 for r in passed)


def test_a_later_period_is_a_new_period(edit: Edit) -> None:
    moved = (
        "UPDATE indicator_score SET value = value * 1.1 + 0.01 * (need_rank % 7), "
        "period_start_date = period_start_date + INTERVAL 1 YEAR, period_end_date = period_end_date + INTERVAL 1 YEAR "
        "WHERE indicator_id = 'smoking'"
    )
    rows = changes(edit("old"), edit("new", moved))
    assert causes(rows) == causes(rows, "indicator") == {"new_period"}
    assert all(r["new_period_end_date"] > r["previous_period_end_date"] for r in rows if r["index_kind"] == "indicator")


def test_another_area_behind_a_figure_is_a_boundary_change(edit: Edit) -> None:
    inherited = (
        "UPDATE indicator_score SET value_basis = 'inherited', source_area_code = '{code}', value = value + {more} "
        f"WHERE authority_code = '{DISTRICT}' AND indicator_id = 'smoking'"
    )
    before, after = edit("old"), edit("new", inherited.format(code=COUNTY, more=20))
    assert causes(changes(before, after)) == {"boundary_change"}
    # So is a change from one county to another.
    assert causes(changes(after, edit("newer", inherited.format(code="E10000023", more=30)))) == {"boundary_change"}


def test_moves_from_the_first_framework_are_put_down_to_it(edit: Edit, database: Path) -> None:
    """The first framework, as published beside the second, made into a publication of its own on the same figures."""
    first = (
        f"ATTACH '{database}' AS published (READ_ONLY)",
        "CREATE OR REPLACE TABLE dim_framework_node AS SELECT * EXCLUDE (framework_id) "
        "FROM published.marts.other_framework_node WHERE framework_id = 'first'",
        "INSERT INTO dim_indicator BY NAME SELECT indicator_id, unit FROM published.marts.dim_context_indicator",
        "CREATE OR REPLACE TABLE indicator_score AS SELECT other.* EXCLUDE (framework_id, value_basis_reason), "
        "0e0 AS need_z, 0::bigint AS need_rank, own.source_area_code "
        "FROM published.marts.other_framework_value AS other "
        "LEFT JOIN published.marts.indicator_score AS own USING (authority_code, indicator_id) "
        "WHERE framework_id = 'first'",
        "DETACH published",
    )
    rows = changes(edit("first", *first), edit("second", rescored=False))
    moved = [r for r in rows if r["index_kind"] != "indicator" and r["cause"] != "no_change"]
    assert {r["cause"] for r in moved} == {"framework_change"}
    of_composite = {r["authority_code"]: r for r in moved if r["index_kind"] == "composite"}
    assert len(of_composite) > 300
    with duckdb.connect(str(database), read_only=True) as connection:
        shown = connection.execute(
            "SELECT authority_code, other_need_rank, rank_change FROM marts.framework_comparison "
            "WHERE index_id = 'composite' AND other_framework_id = 'first'"
        ).fetchall()
    # The page that shows both side by side has the same ranks.
    for code, rank, change in shown:
        if code in of_composite:
            found = of_composite[code]
            assert (found["previous_rank"], found["rank_change"]) == (rank, change)


def test_weights_nodes_and_methods_are_a_framework_change(edit: Edit) -> None:
    before = edit("old")
    rows = changes(before, edit("weight", "UPDATE dim_framework_node SET weight = 2 WHERE node_id = 'health'"))
    assert causes(rows) == {"framework_change"}
    assert causes(rows, "mission") == {"no_change"}
    untreated = "UPDATE dim_framework_node SET treatment = 'none' WHERE is_leaf"
    assert causes(changes(before, edit("treatment", untreated))) == {"framework_change"}


@pytest.mark.parametrize("dropped_is_old", [False, True], ids=["dropped", "added"])
def test_an_indicator_dropped_or_added_is_a_framework_change(edit: Edit, dropped_is_old: bool) -> None:
    drop = [
        f"DELETE FROM {table} WHERE {column} = 'robbery'"
        for table, column in (
            ("dim_framework_node", "node_id"),
            ("dim_indicator", "indicator_id"),
            ("indicator_score", "indicator_id"),
        )
    ]
    whole, less = edit("whole"), edit("less", *drop)
    rows = changes(less, whole) if dropped_is_old else changes(whole, less)
    assert causes(rows) == causes(rows, "indicator") == {"framework_change"}
    gone = [r for r in rows if r["index_kind"] == "indicator"]
    assert {r["index_id"] for r in gone} == {"robbery"}
    assert {r["new_value" if not dropped_is_old else "previous_value"] for r in gone} == {None}


def test_a_new_code_is_the_same_council(edit: Edit) -> None:
    recode = [
        f"UPDATE {table} SET authority_code = 'E08000038' WHERE authority_code = 'E08000016'" for table in ALL_CODES
    ]
    rows = changes(edit("old"), edit("new", *recode))
    (explained,) = {(r["authority_code"], r["explanation"]) for r in rows if r["explanation"]}
    assert explained == ("E08000038", "E08000016 became E08000038")
    assert not any(r["rank_change"] or r["score_change"] for r in rows)
    assert {r["cause"] for r in rows if r["authority_code"] == "E08000038"} == {"boundary_change"}
    assert {r["cause"] for r in rows if r["authority_code"] != "E08000038"} == {"no_change"}


def test_a_merger_is_a_boundary_change(edit: Edit) -> None:
    one, other, merged = "E07000170", "E07000171", "E07999999"
    merge = [
        *(f"UPDATE {table} SET authority_code = '{merged}' WHERE authority_code = '{one}'" for table in ALL_CODES),
        *(f"DELETE FROM {table} WHERE authority_code = '{other}'" for table in ALL_CODES),
        f"UPDATE dim_area_code SET relation = 'merged' WHERE authority_code = '{merged}'",
        "INSERT INTO dim_area_code (area_code, authority_code, area_name, relation) "
        f"VALUES ('{other}', '{merged}', 'Other', 'merged')",
        "UPDATE dim_authority SET current_code = authority_code, authority_name = 'Both' "
        f"WHERE authority_code = '{merged}'",
    ]
    rows = changes(edit("old"), edit("new", *merge))
    assert {r["cause"] for r in rows} <= {"boundary_change", "no_change"}
    assert {r["explanation"] for r in rows if r["authority_code"] in (one, other)} == {
        "only in the earlier publication: now part of Both"
    }
    (new,) = [r for r in rows if r["authority_code"] == merged and r["index_kind"] == "composite"]
    assert (new["previous_rank"], new["rank_change"], new["cause"]) == (None, None, "boundary_change")
    # A council that ranked below both moves up one place.
    assert any(r["rank_change"] == -1 for r in rows if r["index_kind"] == "composite" and r["rank_change"])


def test_a_result_that_the_inputs_do_not_give_today_is_a_method_change(edit: Edit) -> None:
    other = "UPDATE composite_index SET need_score = need_score - 1, need_rank = 317 - need_rank + 1"
    rows = changes(
        edit("old", other),
        edit("new"),
    )
    assert causes(rows) == {"no_change"}  # rescored
    rows = changes(edit("older", other, rescored=False), edit("new"))
    assert causes(rows) == {"method_change"}
    assert {round(r["score_change"], 9) for r in rows if r["index_kind"] == "composite"} == {1.0}
    # It may also be the later publication that another method made.
    rows = changes(edit("old"), edit("newer", other, rescored=False))
    assert causes(rows) == {"method_change"}


def test_all_causes_at_once_add_up(edit: Edit) -> None:
    old = "UPDATE composite_index SET need_score = need_score + need_z, need_rank = 318 - need_rank"
    rows = changes(
        edit("old", old, rescored=False),
        edit(
            "new",
            "UPDATE dim_framework_node SET weight = 3 WHERE node_id = 'crime'",
            "UPDATE indicator_score SET value = value * 1.5 WHERE need_rank % 2 = 0 AND indicator_id = 'smoking'",
            "UPDATE indicator_score SET value = value * 0.5, period_end_date = period_end_date + 365 "
            "WHERE need_rank % 2 = 0 AND indicator_id = 'claimant_count'",
            *(f"DELETE FROM {table} WHERE authority_code = 'E07000171'" for table in ALL_CODES),
        ),
    )
    assert causes(rows) == set(CAUSES)


def test_an_older_schema_is_named_with_what_it_lacks(edit: Edit) -> None:
    old = edit("old", "DROP TABLE dim_framework_node", "ALTER TABLE dim_indicator DROP COLUMN unit", rescored=False)
    with pytest.raises(
        DifferenceError, match=r"old has an older schema .* it lacks dim_framework_node, dim_indicator.unit"
    ):
        changes(old, edit("new"))


# --- The mart ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def build(home: Path, database: Path, tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    shutil.copy2(home / "build/warehouse.duckdb", path)
    return path


@pytest.fixture
def definition() -> dict[str, Any]:
    from orchestration.dbt import fresh_manifest

    manifest = json.loads(fresh_manifest().read_text())
    found: dict[str, Any] = manifest["sources"][f"source.missions_index.publication.{PUBLICATION_CHANGE}"]
    return found


def table(build: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(build), read_only=True) as connection:
        return connection.execute(
            f"SELECT cause, previous_publication_id, count(*) FROM marts.{PUBLICATION_CHANGE} GROUP BY ALL"
        ).fetchall()


def test_the_mart_says_what_there_is_to_compare_with(
    build: Path, definition: dict[str, Any], database: Path, tmp_path: Path
) -> None:
    def write() -> Written:
        written = write_publication_change(build, tmp_path / "published", definition)
        assert (written.unreconciled, written.missing) == ([], [])
        return written

    write()
    assert table(build) == [("no_earlier_publication", None, 317 * 6)]

    folder = tmp_path / "published/history/20260101T000000Z-00000000"
    folder.mkdir(parents=True)
    (tmp_path / "published/current").symlink_to(f"history/{folder.name}")
    for broken in (None, b"no database"):
        if broken:
            (folder / DATABASE).write_bytes(broken)
        explanation = write().explanation
        assert explanation and str(tmp_path) not in explanation
        assert table(build) == [("not_compared", folder.name, 317 * 6)]

    shutil.copy2(database.resolve(), folder / DATABASE)
    write()
    assert table(build) == [("no_change", folder.name, 317 * 6)]


def test_a_table_outside_the_hash_does_not_change_it(tmp_path: Path) -> None:
    """Otherwise two builds of the same seeds would differ by the comparison of the second with the first."""
    build, hashes = tmp_path / "build.duckdb", []
    with duckdb.connect(str(build)) as connection:
        connection.execute("CREATE SCHEMA marts")
    for change, value in ((1, 1), (2, 1), (2, 2)):
        with duckdb.connect(str(build)) as connection:
            for name, number in ((PUBLICATION_CHANGE, change), ("composite_index", value)):
                connection.execute(f"CREATE OR REPLACE TABLE marts.{name} (id integer PRIMARY KEY)")
                connection.execute(f"INSERT INTO marts.{name} VALUES ({number})")
        publication = publish(build, tmp_path / "published", attribution="none", unhashed={PUBLICATION_CHANGE})
        assert publication.tables == {PUBLICATION_CHANGE: 1, "composite_index": 1}
        hashes.append(publication.id.split("-")[1])
    assert hashes[0] == hashes[1] != hashes[2]


def test_the_checks_can_fail(build: Path, definition: dict[str, Any], tmp_path: Path) -> None:
    """The queries of the asset checks find amounts that do not add up and councils that are missing."""
    from missions.publication import change as module

    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{build}' AS after (READ_ONLY)")
        connection.execute(f"CREATE TABLE {PUBLICATION_CHANGE} AS FROM after.marts.{PUBLICATION_CHANGE}")
        connection.execute(
            f"UPDATE {PUBLICATION_CHANGE} SET previous_score = new_score, score_change = 1e-8, "
            "previous_rank = new_rank, rank_change = 0 WHERE index_id = 'health'"
        )
        connection.execute(f"DELETE FROM {PUBLICATION_CHANGE} WHERE index_id = 'crime'")
        assert len(connection.execute(module._UNRECONCILED).fetchall()) == 317
        assert len(connection.execute(module._MISSING).fetchall()) == 317


# --- The command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def two(edit: Edit, tmp_path: Path) -> Path:
    """A published folder with two publications, the second with a revised value and another weight."""
    history = tmp_path / "two/history"
    sides = {
        "20260101T000000Z-00000001": edit("old"),
        "20260201T000000Z-00000002": edit(
            "new",
            "UPDATE dim_framework_node SET weight = 2 WHERE node_id = 'health'",
            REVISE,
        ),
    }
    for name, side in sides.items():
        (history / name).mkdir(parents=True)
        shutil.move(side.database, history / name / DATABASE)
    (tmp_path / "two/current").symlink_to(f"history/{name}")
    return tmp_path / "two"


def ask(published: Path, *words: str) -> Result:
    return CliRunner().invoke(cli.app, ["--published", str(published), *words], env={"COLUMNS": "100"})


def test_diff_prints_causes_that_add_up(two: Path) -> None:
    shown = ask(two, "diff")
    assert shown.exit_code == 0, shown.stderr
    for words in ("Health: weight 1.0 → 2.0", "data revision", "Framework", "Data"):
        assert words in shown.stdout
    result = json.loads(ask(two, "diff", "2026010", str(two), "--json").stdout)
    assert result == json.loads(ask(two, "diff", "--json").stdout)
    assert result["previous_publication_id"] == "20260101T000000Z-00000001"
    assert {r["cause"] for r in result["changes"]} == {"framework_change", "data_revision"}
    own = ask(two, "diff", "--authority", "Ashfield").stdout
    assert "Adults who smoke" in own and "data revision" in own
    assert ask(two, "diff", "--csv").stdout.count("\n") == len(result["changes"]) + 1


def test_diff_says_plainly_that_nothing_changed(two: Path) -> None:
    shown = ask(two, "diff", "current", "current")
    assert "Nothing changed" in shown.stdout
    assert json.loads(ask(two, "diff", "current", "current", "--json").stdout)["is_unchanged"] is True


def test_diff_says_what_it_cannot_compare(two: Path, publication: Path, tmp_path: Path) -> None:
    assert "No publication or path 'nothing'" in ask(two, "diff", "nothing").stderr
    assert "2 publications begin with '2026'" in ask(two, "diff", "2026").stderr
    lone = tmp_path / "lone"
    (lone / "history").mkdir(parents=True)
    assert "Nothing is published yet" in ask(lone, "diff", "current", "current").stderr
    assert "only one publication" in ask(lone, "diff").stderr
    (tmp_path / "junk.duckdb").write_text("junk")
    junk = ask(two, "diff", str(tmp_path / "junk.duckdb"))
    assert junk.exit_code == 1
    assert "junk.duckdb cannot be read" in junk.stderr
