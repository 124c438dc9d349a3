"""Every Dagster asset: each seed, each dbt model (in one invocation of dbt), what changed, and the publication.

Belongs here: how the steps are wired and reported. Loading is load.py, the transformations are dbt's SQL, publishing is
publish.py. No `from __future__ import annotations`: Dagster reads the annotations of its functions.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets
from dagster_dbt.asset_utils import get_subset_selection_for_context

# Private, but the only way to turn dbt's events into Dagster's without a slow subprocess; a test guards it.
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_common.events.base_types import EventMsg
from google.protobuf.json_format import MessageToDict
from pydantic import Field

from missions.errors import DifferenceError, KeptSeedsError, PublicationError, SeedError
from missions.paths import DBT_PROJECT, PUBLISHED, WAREHOUSE
from missions.publication.change import PUBLICATION_CHANGE, write_publication_change
from missions.publication.difference import COMPARED
from missions.publication.folder import add_site, publish
from missions.publication.seeds import keep
from missions.site import build_site
from missions.sources import registry
from missions.sources.generated import attribution
from missions.sources.load import Loaded, load_registry, load_source
from orchestration.run import Warehouse

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


def _raw_metadata(loaded: Loaded) -> dg.MaterializeResult:
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": loaded.rows,
            "sha256": loaded.sha256,
            "bytes": loaded.bytes,
            "area_codes_checked": loaded.area_codes_checked,
        }
    )


def _raw_asset(source: registry.Source) -> dg.AssetsDefinition:
    @dg.asset(
        key=[registry.RAW_SOURCE, source.source_id],
        group_name=registry.RAW_SOURCE,
        description=f"{source.dataset} ({source.publisher}). {source.caveat or ''}".strip(),
        kinds={"csv", "duckdb"},
        owners=OWNERS,
        metadata={
            "seed": f"seeds/{source.seed}",
            "publisher": source.publisher,
            "licence": source.licence,
            "snapshot_date": str(source.snapshot_date),
            **({"landing_page": dg.MetadataValue.url(source.landing_page)} if source.landing_page else {}),
            "dagster/column_schema": dg.TableSchema(
                [dg.TableColumn(c.name, c.type, description=c.description) for c in source.layout.columns]
            ),
        },
    )
    def load(warehouse: Warehouse) -> dg.MaterializeResult:
        with warehouse.get_connection() as connection:
            try:
                return _raw_metadata(load_source(connection, source))
            except SeedError as error:
                raise dg.Failure(str(error), allow_retries=False) from None

    return load


@dg.asset(
    key=[registry.RAW_SOURCE, registry.SOURCE_FILE],
    group_name=registry.RAW_SOURCE,
    description="The registry of sources: every publisher's file that the seeds were made from.",
    kinds={"yaml", "duckdb"},
    owners=OWNERS,
    metadata={"seed": "seeds/sources.yml"},
)
def source_file(warehouse: Warehouse) -> dg.MaterializeResult:
    with warehouse.get_connection() as connection:
        return _raw_metadata(load_registry(connection))


raw_assets = [*(_raw_asset(source) for source in registry.sources().values()), source_file]


_manifest = json.loads(fresh_manifest().read_text(encoding="utf-8"))
# A model says of itself that it is too detailed for the workbook: writing a sheet takes longer than all its SQL.
_NO_SHEETS = {
    node["name"] for node in _manifest["nodes"].values() if node["config"].get("meta", {}).get("in_workbook") is False
}
_translator = Translator()  # one for all events: it remembers what it has worked out


class Engine(dg.Config):
    """Where dbt builds: a target of dbt_project/profiles.yml."""

    target: Literal["dev", "spark"] = Field(
        default="dev",
        description="dev is the build file, which is published. spark builds the same models on Spark and stops there.",
    )


@dbt_assets(manifest=_manifest, dagster_dbt_translator=_translator, name="warehouse_models")
def warehouse_models(context: dg.AssetExecutionContext, warehouse: Warehouse, config: Engine) -> Iterator[Any]:
    """All models and their tests in one invocation of dbt; a failing test of any kind fails the step.

    Spark's tables are observed, not materialised: what is published comes from the build file, which stays as it was.
    No step after this one runs.
    """
    selection, indirect_selection = get_subset_selection_for_context(
        context, _manifest, None, None, None, _translator, None
    )
    if indirect_selection:
        selection = [*selection, "--indirect-selection", indirect_selection]
    events: list[dict[str, Any]] = []

    def keep(event: EventMsg) -> None:
        if event.info.name in _RESULT_EVENTS:
            events.append(MessageToDict(event, preserving_proto_field_name=True))

    if config.target == "spark":
        if not find_spec("pyspark"):
            raise dg.Failure("Spark is not installed: `make spark` installs it (docs/scale.md).", allow_retries=False)
        # Unit tests prove the formulas, which are the same. A target folder of its own: the manifest beside the project
        # is that of the build file.
        selection = [*selection, "--target", "spark", "--exclude-resource-type", "unit_test"]
        selection += ["--target-path", str(WAREHOUSE.parent / "spark" / "target")]
    result = invoke_dbt(["build", *selection], [keep])
    for event in events:
        message = DbtCoreCliEventMessage(event, {})
        if config.target == "dev":
            yield from message.to_default_asset_events(_manifest, _translator, context)
        else:
            made = message.to_default_asset_events(_manifest, _translator)
            yield from (_observed(of) for of in made if isinstance(of, dg.AssetMaterialization))
    if not result.success:
        raise dg.Failure(_what_failed(result), allow_retries=False)


_CHANGE = dg.AssetKey(["marts", PUBLICATION_CHANGE])
_change_definition = _manifest["sources"][f"source.missions_index.publication.{PUBLICATION_CHANGE}"]


@dg.asset(
    key=_CHANGE,
    group_name="marts",
    # What the comparison reads.
    deps=[dg.AssetKey(["marts", mart]) for mart in COMPARED],
    description=_change_definition["description"],
    kinds={"python", "duckdb"},
    owners=OWNERS,
    metadata={
        "dagster/column_schema": dg.TableSchema(
            [
                dg.TableColumn(name, column["data_type"], description=column["description"])
                for name, column in _change_definition["columns"].items()
            ]
        )
    },
    check_specs=[
        dg.AssetCheckSpec(
            "publication_change_adds_up",
            asset=_CHANGE,
            blocking=True,
            description="The amounts of all causes add up to the whole change of each score, rank and value.",
        ),
        dg.AssetCheckSpec(
            "publication_change_is_whole",
            asset=_CHANGE,
            blocking=True,
            description="Every council of the build has its composite and each mission.",
        ),
    ],
)
def publication_change(warehouse: Warehouse) -> dg.MaterializeResult:
    try:
        written = write_publication_change(WAREHOUSE, PUBLISHED, _change_definition)
    except DifferenceError as error:  # of the build itself: what is wrong with an earlier publication stops nothing
        raise dg.Failure(str(error), allow_retries=False) from None
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": written.rows,
            "previous_publication": written.previous or "none",
            "rows_by_cause": written.rows_by_cause,
            **({"not_compared": written.explanation} if written.explanation else {}),
        },
        check_results=[
            _found_no(_CHANGE, "publication_change_adds_up", written.unreconciled),
            _found_no(_CHANGE, "publication_change_is_whole", written.missing),
        ],
    )


def _found_no(key: dg.AssetKey, check: str, faults: Sequence[tuple[str, str]]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not faults,
        asset_key=key,
        check_name=check,
        metadata={"faults": len(faults), "first": "; ".join(map(" ".join, faults[:5]))},
    )


@dg.asset(
    key="publication",
    group_name="publication",
    deps=[*(key for key in warehouse_models.keys if key.path[0] == "marts"), _CHANGE],
    description="The marts as a database, Parquet, CSV and a workbook, verified and put in place at once.",
    kinds={"duckdb", "parquet", "csv", "excel"},
    owners=OWNERS,
)
def publication(warehouse: Warehouse) -> dg.MaterializeResult:
    try:
        published = publish(
            WAREHOUSE,
            PUBLISHED,
            attribution=attribution(),
            unhashed={PUBLICATION_CHANGE},
            no_sheets=_NO_SHEETS,
        )
    except PublicationError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    try:
        not_kept = keep(PUBLISHED)
    except (KeptSeedsError, OSError) as error:  # what was published is good all the same
        not_kept = [str(error)]
    return dg.MaterializeResult(
        metadata={
            "publication": published.id,
            **({"seeds_not_kept": not_kept} if not_kept else {}),
            "database": dg.MetadataValue.path(published.database),
            "bytes": published.bytes,
            "tables": dict(published.tables),
        }
    )


@dg.asset(
    key=["publication", "site"],
    group_name="publication",
    deps=[publication],
    description="The explorer: a static site made from the published marts, put in place when it is whole.",
    kinds={"html", "jinja"},
    owners=OWNERS,
)
def site(warehouse: Warehouse) -> dg.MaterializeResult:
    try:
        folder, written = add_site(PUBLISHED, lambda *folders: build_site(*folders, manifest=MANIFEST))
    except PublicationError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    files = [path for path in folder.rglob("*") if path.is_file()]
    return dg.MaterializeResult(
        metadata={
            "site": dg.MetadataValue.path(folder / "index.html"),
            "files": len(files),
            "files_written": written,
            "bytes": sum(path.stat().st_size for path in files),
        }
    )


def _observed(made: dg.AssetMaterialization) -> dg.AssetObservation:
    return dg.AssetObservation(made.asset_key, description="Built on Spark.", metadata=made.metadata)


def _what_failed(result: dbtRunnerResult) -> str:
    """One line for each model or test that failed; those that were skipped for it are left out."""
    if not isinstance(result.result, RunExecutionResult):
        return f"dbt could not start: {result.exception}"
    failed = [r for r in result.result.results if r.status in ("error", "fail", "runtime error")]
    return "\n".join(f"{r.node.original_file_path}: {r.node.name}: {' '.join(str(r.message).split())}" for r in failed)
