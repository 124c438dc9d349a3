"""A build cannot be talked out of its checks: not by another project's settings, nor by a check without a result."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import dagster as dg
import duckdb
import pytest
from dbt.cli.main import cli

# What is built twice here: cheap, with tests of its own.
MODEL = "int_area_links"


def dbt_variables() -> set[str]:
    """Every variable that a command of dbt reads."""
    commands: list[click.Command] = [cli, *cli.commands.values()]
    options = [option for command in commands for option in command.params]
    names = [[option.envvar] if isinstance(option.envvar, str) else option.envvar or [] for option in options]
    return {name for of_option in names for name in of_option}


@pytest.fixture
def build(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the session's build file, for dbt to build in."""
    from orchestration import assets, dbt

    copy = tmp_path / "build" / "warehouse.duckdb"
    copy.parent.mkdir()
    shutil.copy2(dbt.WAREHOUSE, copy)
    monkeypatch.setattr(dbt, "WAREHOUSE", copy)
    monkeypatch.setattr(assets, "WAREHOUSE", copy)
    yield copy
    copy.unlink()


def test_variables_of_another_dbt_project_do_not_reach_dbt(monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration import dbt

    variables = dbt_variables()
    assert "DBT_EXCLUDE_RESOURCE_TYPES" in variables and all(name.startswith("DBT_") for name in variables)
    for name in variables:
        monkeypatch.setenv(name, "another project's")
    before = dict(os.environ)
    reached: dict[str, str] = {}

    class Runner:
        def __init__(self, **_: Any) -> None: ...

        def invoke(self, arguments: list[str]) -> None:
            reached.update((name, value) for name, value in os.environ.items() if name.startswith("DBT_"))

    monkeypatch.setattr("dbt.cli.main.dbtRunner", Runner)
    dbt.invoke_dbt(["build"])
    assert reached == {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    assert dict(os.environ) == before  # the shell's own again, and nothing of ours


def test_every_data_test_runs_whatever_lies_about_and_publishing_needs_each(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model built without its tests leaves them unproved; built with them, no settings keep one from running."""
    from orchestration import assets, dbt

    assert dbt.unproved_tests() == []
    assert dbt.invoke_dbt(["run", "--select", MODEL]).success
    tests = {
        node["name"]
        for node in dbt.manifest()["nodes"].values()
        if node["resource_type"] == "test" and f"model.missions_index.{MODEL}" in node["depends_on"]["nodes"]
    }
    assert tests and set(dbt.unproved_tests()) == tests
    with pytest.raises(dg.Failure, match=f"{len(tests)} data tests have not passed on this build"):
        assets.publication(warehouse=assets.Warehouse(database=str(build)))

    for name, value in {
        "DBT_EXCLUDE_RESOURCE_TYPES": "test",
        "DBT_RESOURCE_TYPES": "model",
        "DBT_INDIRECT_SELECTION": "empty",
        "DBT_EMPTY": "true",
        "DBT_TARGET": "elsewhere",
        "DBT_DEFER": "true",
        "DBT_PROFILES_DIR": str(tmp_path),
        "DBT_PROJECT_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    other_profile = "config: {indirect_selection: empty}\nmissions_index: {target: x, outputs: {x: {type: duckdb}}}\n"
    for folder in (tmp_path, tmp_path / ".dbt", build.parent):
        folder.mkdir(exist_ok=True)
        (folder / "profiles.yml").write_text(other_profile)
        (folder / "dbt_project.yml").write_text("name: other\nflags: {indirect_selection: empty, fail_fast: true}\n")
        (folder / "selectors.yml").write_text("selectors: [{name: none, default: true, definition: 'no_such_model'}]\n")
        (folder / ".env").write_text("DBT_EXCLUDE_RESOURCE_TYPES=test\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert dbt.invoke_dbt(["build", "--select", MODEL, "--exclude-resource-type", "unit_test"]).success
    assert dbt.unproved_tests() == []


def test_a_result_that_is_missing_or_bad_is_no_pass(build: Path) -> None:
    from orchestration import dbt

    def after(damage: str) -> int:
        with duckdb.connect(str(build)) as connection:
            connection.execute(damage)
        return len(dbt.unproved_tests())

    one = "test_id = (SELECT min(test_id) FROM checks.test_result)"
    for status in ("warn", "fail", "error", "skipped"):
        assert after(f"UPDATE checks.test_result SET status = '{status}' WHERE {one}") == 1, status
    assert after(f"DELETE FROM checks.test_result WHERE {one}") == 1
    every = sum(node["resource_type"] == "test" for node in dbt.manifest()["nodes"].values())
    assert after("DROP TABLE checks.test_result") == every


def test_blocking_check_without_a_result_fails_the_step(defs: dg.Definitions, monkeypatch: pytest.MonkeyPatch) -> None:
    """dbt reports success but no result for the check. Dagster alone would continue."""
    from orchestration import dbt

    key = dg.AssetCheckKey(dg.AssetKey(["marts", "composite_index"]), "assert_ranks_are_valid")
    context: Any = SimpleNamespace(selected_asset_check_keys={key})
    monkeypatch.setattr(dbt, "get_subset_selection_for_context", lambda *_: ([], None))
    monkeypatch.setattr(dbt, "invoke_dbt", lambda *_: SimpleNamespace(success=True))
    with pytest.raises(dg.Failure, match="1 checks gave no result, assert_ranks_are_valid among them"):
        list(dbt.build_models(context, "dev"))


def test_settings_of_another_dagster_do_not_reach_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.environment import without
    from orchestration.run import dagster_home

    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_DEFAULT_IO_MANAGER_MODULE", "no.such.module")
    with without("DAGSTER_"):
        assert [name for name in os.environ if name.startswith("DAGSTER_")] == []
    assert os.environ["DAGSTER_HOME"] == str(tmp_path)
    assert dagster_home() != tmp_path
