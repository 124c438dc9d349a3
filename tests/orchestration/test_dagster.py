"""The asset graph, its checks, and failing runs: what fails, what still loads, and what remains published."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from tests.conftest import PATIENCE, ROOT
from tests.support.dbt_runs import dbt_on

Missions = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def events(database: Path) -> list[dg.DagsterEvent]:
    """The events that the session's run recorded for the UI."""
    from orchestration.run import dagster_home

    with dg.DagsterInstance.from_config(str(dagster_home())) as instance:
        (run,) = instance.get_runs(limit=1)
        return [record.dagster_event for record in instance.all_logs(run.run_id) if record.dagster_event]


def test_graph_is_that_of_the_registry_and_of_dbt(graph: Any) -> None:
    """Each source is a raw asset and each model an asset that depends on what its SQL names, through to publication."""
    from missions.publication.comparable import COMPARED
    from missions.sources import registry
    from orchestration.dbt import manifest

    def key(node_id: str) -> str:
        node = manifest()["nodes"].get(node_id) or manifest()["sources"][node_id]
        return f"{node['fqn'][1] if node['resource_type'] == 'model' else 'raw'}/{node['name']}"

    models = [node for node in manifest()["nodes"].values() if node["resource_type"] == "model"]
    expected: dict[str, set[str]] = {f"raw/{source}": set() for source in [*registry.sources(), registry.SOURCE_FILE]}
    expected |= {key(model["unique_id"]): set(map(key, model["depends_on"]["nodes"])) for model in models}
    marts = {model for model in expected if model.startswith("marts/")}
    expected["marts/publication_change"] = {f"marts/{mart}" for mart in COMPARED}
    expected["publication"] = {*marts, "marts/publication_change"}
    expected["publication/site"] = {"publication"}
    assert {
        asset.to_user_string(): {parent.to_user_string() for parent in graph.get(asset).parent_keys}
        for asset in graph.get_all_asset_keys()
    } == expected


def test_graph_is_one_piece_from_seed_to_publication(graph: Any) -> None:
    keys = graph.get_all_asset_keys()
    upstream, waiting = set(), [dg.AssetKey(["publication", "site"])]
    while waiting:
        key = waiting.pop()
        if key not in upstream:
            upstream.add(key)
            waiting += graph.get(key).parent_keys
    assert upstream == keys


def test_path_is_layer_is_group(graph: Any) -> None:
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.group_name == key.path[0]
        assert node.description, f"{key} says nothing of itself"
        assert node.owners == ["team:missions-index"]
        assert node.kinds, f"{key} has no kind"
    assert {key.path[0] for key in graph.get_all_asset_keys()} == {
        "raw",
        "staging",
        "intermediate",
        "marts",
        "publication",
    }


def test_every_data_test_is_a_check_and_blocks_publication(defs: dg.Definitions, graph: Any) -> None:
    from orchestration.dbt import fresh_manifest

    manifest = json.loads(fresh_manifest().read_text())
    tests = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    checks = {key.name: graph.get_check_spec(key) for key in graph.asset_check_keys}
    # A new version that awaits a decision blocks nothing: the version in use is still good.
    assert not checks.pop("newest_edition").blocking
    # Made after dbt has finished, so dbt cannot test it.
    assert set(checks) - tests == {"publication_change_adds_up", "publication_change_is_whole"}
    assert tests <= set(checks)
    assert all(check.blocking for check in checks.values())


def test_run_recorded_every_asset_and_every_check(graph: Any, events: list[dg.DagsterEvent], home: Path) -> None:
    """Covers the private class of dagster-dbt that turns dbt's events into Dagster's."""
    materialised = {event.asset_key: event for event in events if event.is_step_materialization}
    assert set(materialised) == graph.get_all_asset_keys()
    evaluated = {
        event.asset_check_evaluation_data.asset_check_key: event.asset_check_evaluation_data.passed
        for event in events
        if event.event_type_value == "ASSET_CHECK_EVALUATION"
    }
    assert set(evaluated) == graph.asset_check_keys
    # In this checkout every source becomes overdue in time, which is a warning from this check alone.
    assert all(passed for key, passed in evaluated.items() if key.name != "newest_edition")

    from missions.files import sha256

    metadata = materialised[dg.AssetKey(["raw", "ons_claimant_count"])].materialization.metadata
    seed = home / "seeds/observations/ons_claimant_count.csv"
    assert metadata["sha256"].value == sha256(seed)
    assert metadata["dagster/row_count"].value == len(seed.read_text().splitlines()) - 1


def test_schedule_is_off_by_default(defs: dg.Definitions) -> None:
    schedule = defs.resolve_schedule_def("weekly")
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert schedule.job_name == "index"


def test_workspace_loads_the_code_location(home: Path) -> None:
    listed = subprocess.run(
        [str(Path(sys.executable).parent / "dagster"), "job", "list", "-w", "workspace.yaml"],
        cwd=home,
        env={**os.environ, "DAGSTER_HOME": str(home / "build/dagster")},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert "index" in listed.stdout, listed.stderr


@pytest.fixture(scope="module")
def stray_runs(publication: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with its own publication, for a series of failing runs."""
    from tests.conftest import copy_project

    project = copy_project(tmp_path_factory.mktemp("stray") / "project")
    shutil.copytree(publication, project / "published", symlinks=True)
    return project


def untouched(project: Path, before: str) -> None:
    """The publication is the same as before, complete, and no leftovers look like another."""
    from missions.publication.folder import verify

    assert current(project) == before
    verify(project / "published/current")


def current(project: Path) -> str:
    return str((project / "published/current").readlink())


def test_broken_seeds_fail_alone_and_say_why(stray_runs: Path, missions: Missions) -> None:
    before = current(stray_runs)
    seeds = stray_runs / "seeds/observations"
    kept = {name: (seeds / name).read_bytes() for name in ("ons_claimant_count.csv", "trafford_cycling.csv")}
    lines = kept["ons_claimant_count.csv"].decode().splitlines(keepends=True)
    cells = lines[4].split(",")
    lines[4] = ",".join([*cells[:4], "many", *cells[5:]])
    (seeds / "ons_claimant_count.csv").write_text("".join(lines))
    (seeds / "trafford_cycling.csv").unlink()
    try:
        result = missions("build", home=stray_runs)
    finally:
        for name, data in kept.items():
            (seeds / name).write_bytes(data)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    said = " ".join(result.stderr.split())
    for word in ("ons_claimant_count.csv", "line 5", "value", "many", "number", "trafford_cycling.csv"):
        assert word in said, said
    untouched(stray_runs, before)
    with duckdb.connect(str(stray_runs / "build/warehouse.duckdb"), read_only=True) as build:
        loaded = {name for (name,) in build.execute("select table_name from duckdb_tables()").fetchall()}
    assert "ons_employment_rate" in loaded
    assert "ons_claimant_count" not in loaded


def test_failing_check_of_a_mart_blocks_publication_whatever_the_shell_has_set(
    stray_runs: Path, missions: Missions
) -> None:
    """Every flag of dbt is also a DBT_ variable; another project's may leave all data tests out."""
    before = current(stray_runs)
    test = stray_runs / "dbt_project/tests/assert_nothing_passes.sql"
    test.write_text("select authority_code from {{ ref('composite_index') }} where need_rank = 1\n")
    try:
        result = missions("build", home=stray_runs, DBT_EXCLUDE_RESOURCE_TYPES="test")
    finally:
        test.unlink()
    assert result.returncode == 1
    assert "assert_nothing_passes" in result.stderr
    assert "Traceback" not in result.stderr
    untouched(stray_runs, before)


def test_data_tests_can_fail(database: Path, home: Path, tmp_path: Path) -> None:
    """Each data test finds the damage it is meant to find, in one copy of the build damaged in every way."""
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy2(home / "build/warehouse.duckdb", warehouse)
    damage = {
        "assert_authorities_by_type": "update marts.dim_authority set authority_type = 'unitary' where tier = 'upper'",
        "assert_marts_cover_all_authorities": "delete from marts.mission_index where authority_code = 'E06000002'",
        "assert_every_cell_is_accounted_for": "update marts.indicator_score set value_basis_reason = 'published' "
        "where value_basis = 'estimated'",
        "assert_scores_are_standardised": "update marts.indicator_score set need_z = need_z + 0.01 "
        "where indicator_id = 'robbery'",
        "assert_contributions_sum_to_composite": "update marts.indicator_score set contribution = 0 "
        "where indicator_id = 'smoking' and authority_code = 'E06000001'",
        "assert_explanations_add_up": "update marts.rank_explanation set points_above_region = 0 "
        "where authority_code = 'E06000002' and level = 'theme'",
        "assert_ranks_are_valid": "update marts.composite_index set need_rank = 2 where need_rank = 1",
        "assert_population_sums_to_england": "update raw.population set population = population + 1 "
        "where area_code = 'E06000001' and year = 2020",
        "assert_county_region_is_that_of_its_districts": "update marts.dim_authority set region_code = 'E12000005' "
        "where authority_code = 'E10000007'",
        "assert_fuel_poverty_matches_small_areas": "update intermediate.int_observations set value = value + 20 "
        "where source_id = 'desnz_fuel_poverty' and area_code = 'E06000001'",
        "assert_corrections_apply": "update intermediate.int_observations set correction_id = null "
        "where correction_id = 'lait_dorset'",
        "assert_lait_corrections_are_due": "update raw.dfe_local_authority_interactive_tool set value = 122 "
        "where measure = 'FirstYJS' and area_code = '838' and period_end_date = date '2024-12-31'",
        "assert_indicators_are_the_framework": "delete from marts.dim_indicator where indicator_id = 'robbery'",
        "assert_scores_rest_on_figures": "update marts.indicator_score set value = value + 1 "
        "where indicator_id = 'claimant_count'",
        "assert_figures_are_in_range": "update marts.indicator_value set value = 101 "
        "where indicator_id = 'employment_rate'",
        "assert_editions_are_comparable": "update intermediate.int_edition_cells "
        "set period_end_date = date '2026-01-31' where edition = 2025 and indicator_id = 'claimant_count'",
        "assert_framework_holds_together": "update marts.framework_audit set status = 'out_of_bound' "
        "where node_id = 'robbery' and rule_number is not null",
        "assert_peers_are_of_a_kind": "update marts.authority_peer set structure_distance = 2 "
        "where authority_code = 'E06000001' and peer_model = 'open' and peer_rank = 1",
        "assert_care_boards_hold_england": "update marts.integrated_care_board_summary "
        "set residents = residents + 1000 where integrated_care_board_code = 'E54000062'",
        "assert_draws_are_sound": "update marts.rank_uncertainty set failed_draws = 11 where need_rank = 1",
        "assert_small_areas_hold_together": "delete from marts.small_area_index where small_area_code = 'E01000001'",
        "assert_marts_relate": "update marts.authority_peer set peer_code = 'E07999999' where peer_rank = 10",
    }
    with duckdb.connect(str(warehouse)) as connection:
        for statement in damage.values():
            connection.execute(statement)
    result = dbt_on(warehouse, home, "test", "--select", "test_type:singular")
    failed = set(re.findall(r"FAIL \d+ (assert_\w+)", result.stdout))
    assert failed == set(damage), result.stdout
    assert {path.stem for path in (ROOT / "dbt_project/tests").glob("*.sql")} == set(damage)


@pytest.mark.slow
def test_reader_keeps_reading_through_a_full_run_and_two_builds_are_equal(stray_runs: Path, missions: Missions) -> None:
    """The reader never blocks the run and keeps its old data; a new connection sees the new publication."""
    database = stray_runs / "published/missions_index.duckdb"
    before = current(stray_runs)
    reader = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys\n"
            # One thread: the sum of doubles then does not depend on which thread was first.
            f"connection = duckdb.connect({str(database)!r}, read_only=True, config={{'threads': 1}})\n"
            "ask = lambda: connection.execute('select sum(value) from marts.indicator_value').fetchall()\n"
            "first = ask(); print('open', flush=True)\n"
            "for line in sys.stdin: print(ask() == first, flush=True)\n",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdin and reader.stdout
    assert reader.stdout.readline() == "open\n"
    # The second build has only the seeds of the first publication, which are kept beside it.
    shutil.rmtree(stray_runs / "seeds")
    result = missions("editions", "--restore", str(stray_runs / "seeds"), home=stray_runs)
    assert result.returncode == 0, result.stderr
    result = missions("build", "--force", home=stray_runs)
    assert result.returncode == 0, result.stderr
    reader.stdin.write("again\n")
    reader.stdin.flush()
    assert reader.stdout.readline() == "True\n"
    reader.stdin.close()
    reader.wait(timeout=PATIENCE)
    after = current(stray_runs)
    assert after != before
    # The id ends with a hash of the tables: the same seeds gave the same marts, value for value.
    assert after.rsplit("-", 1)[1] == before.rsplit("-", 1)[1]
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("select count(*) from marts.composite_index").fetchall() == [(317,)]
