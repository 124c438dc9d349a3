"""dbt in this process: running it, its manifest, and how its nodes and events become Dagster's.

Belongs here: everything that knows dbt. The assets themselves are in assets.py.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator
from dagster_dbt.asset_utils import get_subset_selection_for_context

# Private, but the only way to turn dbt's events into Dagster's without a slow subprocess. A test covers it.
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from missions.paths import DBT_PROJECT, WAREHOUSE
from missions.sources import registry
from orchestration import progress
from orchestration.environment import without

# The rest of dbt is imported by what runs it: a code location that is only looked at starts a second earlier.
if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt_common.events.base_types import EventMsg

# No telemetry and no check for new versions: a run needs no network.
os.environ.setdefault("DO_NOT_TRACK", "1")

OWNERS = ["team:missions-index"]
MANIFEST = DBT_PROJECT / "target" / "manifest.json"
_PROGRESS = {"NodeStart": progress.begun, "LogModelResult": progress.made}
_RESULT_EVENTS = {"LogModelResult", "LogTestResult", "LogSeedResult", "LogSnapshotResult"}


def invoke_dbt(arguments: Sequence[str], callbacks: Sequence[Any] = ()) -> "dbtRunnerResult":
    """Run dbt in this process, silently and with the project's own settings; release the build file afterwards."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    try:
        with _own_settings():
            return dbtRunner(callbacks=list(callbacks)).invoke(
                # Dagster records what dbt would print or log.
                [
                    *("--log-level", "none", "--log-level-file", "none"),
                    *arguments,
                    *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
                ]
            )
    finally:
        DuckDBConnectionManager.close_all_connections()


@contextmanager
def _own_settings() -> Iterator[None]:
    """Keep the settings of other dbt projects from this one while dbt runs.

    Every flag of dbt is also a DBT_… variable: DBT_EXCLUDE_RESOURCE_TYPES=test, set in a shell for another project,
    would build without a single data test.
    """
    ours = {
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "MISSIONS_WAREHOUSE": str(WAREHOUSE),
        "MISSIONS_BUILD": str(WAREHOUSE.parent),
    }
    with without("DBT_", "MISSIONS_WAREHOUSE", "MISSIONS_BUILD"):
        os.environ.update(ours)
        try:
            yield
        finally:
            for name in ours:
                del os.environ[name]


def fresh_manifest() -> Path:
    """The path of dbt's manifest. The project is parsed only if a file is newer, or a folder (a file was deleted).

    Raises DagsterInvalidDefinitionError if dbt cannot parse the project.
    """
    folders = [DBT_PROJECT / name for name in ("macros", "models", "tests")]
    files = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    newest = max(path.stat().st_mtime for path in [*files, *DBT_PROJECT.glob("*.yml")])
    if not MANIFEST.is_file() or MANIFEST.stat().st_mtime < newest:
        result = invoke_dbt(["parse"])
        if not result.success:
            raise dg.DagsterInvalidDefinitionError(f"dbt cannot parse {DBT_PROJECT}: {result.exception}")
    return MANIFEST


@cache
def manifest() -> dict[str, Any]:
    """dbt's description of the project: nodes, sources and tests."""
    return dict(json.loads(fresh_manifest().read_text(encoding="utf-8")))


class Translator(DagsterDbtTranslator):
    """A dbt layer is a Dagster group and the first part of the asset key."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        return dg.AssetKey([self.get_group_name(dbt_resource_props), dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        if dbt_resource_props["resource_type"] == "source":
            return registry.RAW_SOURCE
        return str(dbt_resource_props["fqn"][1])

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any
    ) -> dg.AssetCheckSpec | None:
        """Describe a check by the comment at the top of its test."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        comment = re.findall(r"^-- (.+)$", manifest["nodes"][unique_id]["raw_code"], re.MULTILINE)
        return spec._replace(description=" ".join(comment)) if spec and comment else spec

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str]:
        return OWNERS


translator = Translator()  # shared by all events, as it caches its answers


def build_models(context: dg.AssetExecutionContext, target: str, shared_tests: bool = False) -> Iterator[Any]:
    """Build what the run selected in one invocation of dbt, and yield what it made and checked.

    Raises dg.Failure naming each model and test that failed. Spark's tables are observed, not materialised: what is
    published comes from the build file, which is unchanged. With `shared_tests` the tests that selected models share
    with others run too, which needs a build that is whole but for the selected.
    """
    selection, indirect_selection = get_subset_selection_for_context(
        context, manifest(), None, None, None, translator, None
    )
    if indirect_selection and not shared_tests:
        selection = [*selection, "--indirect-selection", indirect_selection]
    if target == "spark":
        selection += _on_spark()
    from google.protobuf.json_format import MessageToDict

    events: list[dict[str, Any]] = []

    def keep(event: "EventMsg") -> None:
        if event.info.name in _RESULT_EVENTS:
            events.append(MessageToDict(event, preserving_proto_field_name=True))
        if event.info.name in _PROGRESS and event.data.node_info.resource_type == "model":
            key = translator.get_asset_key(manifest()["nodes"][event.data.node_info.unique_id])
            _PROGRESS[event.info.name](key.to_user_string())

    # Unit tests prove formulas, which no data can change: `make test` runs them.
    result = invoke_dbt(["build", *selection, "--exclude-resource-type", "unit_test"], [keep])
    unanswered = set(context.selected_asset_check_keys) if target == "dev" else set()
    for event in events:
        message = DbtCoreCliEventMessage(event, {})
        if target == "dev":
            for made in message.to_default_asset_events(manifest(), translator, context):
                if isinstance(made, dg.AssetCheckResult) and made.asset_key and made.check_name:
                    unanswered.discard(dg.AssetCheckKey(made.asset_key, made.check_name))
                yield made
        else:
            made_there = message.to_default_asset_events(manifest(), translator)
            yield from (_observed(of) for of in made_there if isinstance(of, dg.AssetMaterialization))
    if not result.success:
        raise dg.Failure(_what_failed(result), allow_retries=False)
    if unanswered:
        names = ", ".join(sorted(key.name for key in unanswered)[:5])
        raise dg.Failure(
            f"{len(unanswered)} checks gave no result, {names} among them: nothing is published unless every check has "
            "passed.",
            allow_retries=False,
        )


def unproved_tests() -> list[str]:
    """The names of dbt's data tests that have not passed on the current build file; publishing needs an empty list.

    The results are dbt's own (macros/check_results.sql), so that a plain `dbt build` counts as a run of Dagster does.
    """
    with duckdb.connect(str(WAREHOUSE), read_only=True) as connection:
        try:
            found = connection.execute("SELECT test_id FROM checks.test_result WHERE status = 'pass'").fetchall()
        except duckdb.CatalogException:  # nothing has run
            found = []
    passed = {test_id for (test_id,) in found}
    tests = [node for node in manifest()["nodes"].values() if node["resource_type"] == "test"]
    return sorted(node["name"] for node in tests if node["unique_id"] not in passed)


def _on_spark() -> list[str]:
    if not find_spec("pyspark"):
        raise dg.Failure("Spark is not installed: `make spark` installs it (docs/scale.md).", allow_retries=False)
    # A target folder of its own: the manifest beside the project is that of the build file.
    return ["--target", "spark", "--target-path", str(WAREHOUSE.parent / "spark" / "target")]


def _observed(made: dg.AssetMaterialization) -> dg.AssetObservation:
    return dg.AssetObservation(made.asset_key, description="Built on Spark.", metadata=made.metadata)


def _what_failed(result: "dbtRunnerResult") -> str:
    """One line per model or test that failed, without those skipped as a result."""
    from dbt.artifacts.schemas.run import RunExecutionResult

    if not isinstance(result.result, RunExecutionResult):
        return f"dbt could not start: {result.exception}"
    failed = [r for r in result.result.results if r.status in ("error", "fail", "runtime error")]
    return "\n".join(f"{r.node.original_file_path}: {r.node.name}: {' '.join(str(r.message).split())}" for r in failed)
