"""All Dagster assets: seeds, dbt models, changes since the last publication, the publication and its site.

Belongs here: how the steps are connected and reported. The work is done in missions.sources, the dbt models (run by
dbt.py), missions.publication and missions.site. No `from __future__ import annotations`: Dagster reads the annotations.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import dagster as dg
from dagster_dbt import dbt_assets
from dagster_duckdb import DuckDBResource
from pydantic import Field

from missions.errors import BusyError, DifferenceError, KeptSeedsError, PublicationError, SeedError
from missions.paths import PUBLISHED, WAREHOUSE
from missions.publication.change import PUBLICATION_CHANGE, write_publication_change
from missions.publication.comparable import COMPARED
from missions.publication.folder import add_site
from missions.publication.publish import publish
from missions.publication.seeds import keep
from missions.sources import registry
from missions.sources.build_file import only_run
from missions.sources.generated import attribution
from missions.sources.load import Loaded, load_registry, load_source
from orchestration.dbt import MANIFEST, OWNERS, build_models, manifest, translator, unproved_tests

PATIENCE = 45.0  # seconds that a Dagster run waits for `missions build` to end


class Warehouse(DuckDBResource):
    """The build file, locked for one run: every Dagster run that writes to it holds the lock from start to end."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Warehouse"]:
        with only_run(PATIENCE):
            yield self


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
    description="The registry of sources: each publisher's file that a seed was made from.",
    kinds={"yaml", "duckdb"},
    owners=OWNERS,
    metadata={"seed": "seeds/sources.yml"},
)
def source_file(warehouse: Warehouse) -> dg.MaterializeResult:
    with warehouse.get_connection() as connection:
        return _raw_metadata(load_registry(connection))


raw_assets = [*(_raw_asset(source) for source in registry.sources().values()), source_file]


class Engine(dg.Config):
    """Where dbt builds: one of the targets in dbt_project/profiles.yml."""

    target: Literal["dev", "spark"] = Field(
        default="dev",
        description="dev builds in the build file and publishes. spark builds the same models on Spark and ends there.",
    )
    shared_tests: bool = Field(
        default=False, description="Run also the tests that a selected model shares with models that are not selected."
    )


@dbt_assets(manifest=manifest(), dagster_dbt_translator=translator, name="warehouse_models")
def warehouse_models(context: dg.AssetExecutionContext, warehouse: Warehouse, config: Engine) -> Iterator[Any]:
    """All models and their tests in one invocation of dbt; any failing test fails the step.

    With the target spark, no later step runs.
    """
    yield from build_models(context, config.target, config.shared_tests)


_CHANGE = dg.AssetKey(["marts", PUBLICATION_CHANGE])
_change_definition = manifest()["sources"][f"source.missions_index.publication.{PUBLICATION_CHANGE}"]


@dg.asset(
    key=_CHANGE,
    group_name="marts",
    # The tables that the comparison reads.
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
            description="The causes add up to the total change in each score, rank and value.",
        ),
        dg.AssetCheckSpec(
            "publication_change_is_whole",
            asset=_CHANGE,
            blocking=True,
            description="Every council has a row for the composite and for each mission.",
        ),
    ],
)
def publication_change(warehouse: Warehouse) -> dg.MaterializeResult:
    try:
        written = write_publication_change(WAREHOUSE, PUBLISHED, _change_definition)
    except DifferenceError as error:  # in this build; a fault in an earlier publication stops nothing
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


def _too_detailed() -> set[str]:
    """The marts whose `meta` keeps them out of the workbook: writing a sheet takes longer than all their SQL."""
    nodes = manifest()["nodes"].values()
    return {node["name"] for node in nodes if node["config"].get("meta", {}).get("in_workbook") is False}


@dg.asset(
    key="publication",
    group_name="publication",
    deps=[*(key for key in warehouse_models.keys if key.path[0] == "marts"), _CHANGE],
    description="The marts as a database, Parquet, CSV and a workbook, verified and published in one step.",
    kinds={"duckdb", "parquet", "csv", "excel"},
    owners=OWNERS,
)
def publication(warehouse: Warehouse) -> dg.MaterializeResult:
    if unproved := unproved_tests():
        raise dg.Failure(
            f"{len(unproved)} data tests have not passed on this build, {', '.join(unproved[:5])} among them. "
            "Nothing is published unless every test has passed: run `missions build`.",
            allow_retries=False,
        )
    try:
        published = publish(
            WAREHOUSE,
            PUBLISHED,
            attribution=attribution(),
            unhashed={PUBLICATION_CHANGE},
            no_sheets=_too_detailed(),
        )
    except (BusyError, PublicationError) as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    try:
        not_kept = keep(PUBLISHED)
    except (KeptSeedsError, OSError) as error:  # the publication itself is good
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
    description="The explorer: a static site made from the published marts, replaced once the new one is complete.",
    kinds={"html", "jinja"},
    owners=OWNERS,
)
def site(warehouse: Warehouse) -> dg.MaterializeResult:
    from missions.site.folder import build_site  # with the libraries of charts, which take long

    try:
        folder, written = add_site(PUBLISHED, lambda *folders: build_site(*folders, manifest=MANIFEST))
    except (BusyError, PublicationError) as error:
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
