"""dbt in this process: invoking it, its manifest, how its nodes become Dagster's, and its events.

Belongs here: all that knows dbt. Which assets there are is in assets.py.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator
from dagster_dbt.asset_utils import get_subset_selection_for_context

# Private, but the only way to turn dbt's events into Dagster's without a slow subprocess; a test guards it.
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_common.events.base_types import EventMsg
from google.protobuf.json_format import MessageToDict

from missions.paths import DBT_PROJECT, WAREHOUSE
from missions.sources import registry

# No telemetry and no look-up of newer versions: a run needs no network.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")

OWNERS = ["team:missions-index"]
MANIFEST = DBT_PROJECT / "target" / "manifest.json"
_RESULT_EVENTS = {"LogModelResult", "LogTestResult", "LogSeedResult", "LogSnapshotResult"}


def invoke_dbt(arguments: Sequence[str], callbacks: Sequence[Any] = ()) -> dbtRunnerResult:
    """Run dbt in this process on the project's own settings, quietly; it holds the build file no longer when done."""
    os.environ["MISSIONS_WAREHOUSE"] = str(WAREHOUSE)
    os.environ["MISSIONS_BUILD"] = str(WAREHOUSE.parent)
    try:
        return dbtRunner(callbacks=list(callbacks)).invoke(
            # What it would print or log, Dagster records.
            [
                *("--log-level", "none", "--log-level-file", "none"),
                *arguments,
                *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
            ]
        )
    finally:
        DuckDBConnectionManager.close_all_connections()


def fresh_manifest() -> Path:
    """dbt's manifest, parsed anew only where a file of the project is younger, or a folder (a file is gone)."""
    files = [path for folder in ("macros", "models", "tests") for path in (DBT_PROJECT / folder).rglob("*")]
    newest = max(path.stat().st_mtime for path in [*files, *DBT_PROJECT.glob("*.yml")])
    if not MANIFEST.is_file() or MANIFEST.stat().st_mtime < newest:
        result = invoke_dbt(["parse"])
        if not result.success:
            raise dg.DagsterInvalidDefinitionError(f"dbt cannot parse {DBT_PROJECT}: {result.exception}")
    return MANIFEST


@cache
def manifest() -> dict[str, Any]:
    """What dbt knows of the project: nodes, sources and tests."""
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
        """A check says of itself what the comment at the head of the test says."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        comment = re.findall(r"^-- (.+)$", manifest["nodes"][unique_id]["raw_code"], re.MULTILINE)
        return spec._replace(description=" ".join(comment)) if spec and comment else spec

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str]:
        return OWNERS


translator = Translator()  # one for all events: it remembers what it has worked out


def build_models(context: dg.AssetExecutionContext, target: str) -> Iterator[Any]:
    """Build what the run selected in one invocation of dbt, and yield what it made and checked.

    Raises dg.Failure naming each model and test that failed. Spark's tables are observed, not materialised: what is
    published comes from the build file, which stays as it was.
    """
    selection, indirect_selection = get_subset_selection_for_context(
        context, manifest(), None, None, None, translator, None
    )
    if indirect_selection:
        selection = [*selection, "--indirect-selection", indirect_selection]
    if target == "spark":
        selection += _on_spark()
    events: list[dict[str, Any]] = []

    def keep(event: EventMsg) -> None:
        if event.info.name in _RESULT_EVENTS:
            events.append(MessageToDict(event, preserving_proto_field_name=True))

    result = invoke_dbt(["build", *selection], [keep])
    for event in events:
        message = DbtCoreCliEventMessage(event, {})
        if target == "dev":
            yield from message.to_default_asset_events(manifest(), translator, context)
        else:
            made = message.to_default_asset_events(manifest(), translator)
            yield from (_observed(of) for of in made if isinstance(of, dg.AssetMaterialization))
    if not result.success:
        raise dg.Failure(_what_failed(result), allow_retries=False)


def _on_spark() -> list[str]:
    if not find_spec("pyspark"):
        raise dg.Failure("Spark is not installed: `make spark` installs it (docs/scale.md).", allow_retries=False)
    # Unit tests prove the formulas, which are the same. A target folder of its own: the manifest beside the project is
    # that of the build file.
    own_target = WAREHOUSE.parent / "spark" / "target"
    return ["--target", "spark", "--exclude-resource-type", "unit_test", "--target-path", str(own_target)]


def _observed(made: dg.AssetMaterialization) -> dg.AssetObservation:
    return dg.AssetObservation(made.asset_key, description="Built on Spark.", metadata=made.metadata)


def _what_failed(result: dbtRunnerResult) -> str:
    """One line for each model or test that failed; those that were skipped for it are left out."""
    if not isinstance(result.result, RunExecutionResult):
        return f"dbt could not start: {result.exception}"
    failed = [r for r in result.result.results if r.status in ("error", "fail", "runtime error")]
    return "\n".join(f"{r.node.original_file_path}: {r.node.name}: {' '.join(str(r.message).split())}" for r in failed)
