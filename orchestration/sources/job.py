"""The job `refresh`, and on every refreshable source the check that says what became of its newest edition.

Belongs here: how a refresh is started and reported in Dagster. What it does is in refresh.py. No
`from __future__ import annotations`: Dagster reads the annotations of its functions.
"""

from collections.abc import Iterator

import dagster as dg

from orchestration import WAREHOUSE
from orchestration.pipeline import Warehouse
from orchestration.sources import registry
from orchestration.sources.refresh import Outcome, RefreshError, Status, refreshable, standing
from orchestration.sources.refresh import refresh as fetch_newest

CHECK = "newest_edition"


class RefreshConfig(dg.Config):
    """What one run refreshes: nothing named is all; `check` compares and takes nothing."""

    sources: list[str] = []  # noqa: RUF012 - a model's default
    check: bool = False


@dg.multi_asset_check(
    name="newest_editions",
    specs=[
        dg.AssetCheckSpec(
            CHECK,
            asset=dg.AssetKey([registry.RAW_SOURCE, source.source_id]),
            blocking=False,  # the edition in use stays good
            description="The newest edition that was fetched is in use, or may be: it is within its bounds.",
        )
        for source in refreshable()
    ],
    can_subset=True,
    description="What became of the newest edition that landed; nothing is fetched for it.",
)
def newest_editions(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    chosen = {key.asset_key.path[-1] for key in context.selected_asset_check_keys}
    for source in refreshable():
        if source.source_id in chosen:
            yield dg.AssetCheckResult(check_name=CHECK, **_told(standing(source)))


@dg.op(description="Fetch, compare and take newer editions; each source's check says what became of it.")
def fetch_editions(context: dg.OpExecutionContext, config: RefreshConfig, warehouse: Warehouse) -> None:
    def report(outcome: Outcome) -> None:
        context.log.info(f"{outcome.source_id}: {outcome.status}. {outcome.message}")
        context.instance.report_runless_asset_event(dg.AssetCheckEvaluation(check_name=CHECK, **_told(outcome)))

    try:
        outcomes = fetch_newest(refreshable(config.sources), check=config.check, report=report)
    except (RefreshError, registry.RegistryError) as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    open_questions = [outcome for outcome in outcomes if not outcome.is_good]
    context.add_output_metadata({outcome.source_id: outcome.status.value for outcome in outcomes})
    if open_questions:
        # What is good was taken all the same; the run fails so that a person hears of the rest.
        raise dg.Failure("\n".join(f"{o.source_id}: {o.message}" for o in open_questions), allow_retries=False)


@dg.job(
    name="refresh",
    description="Newer editions of the sources, fetched and compared; the job index makes the publication of them.",
    executor_def=dg.in_process_executor,
    # Held from start to end, as by every run: a build must not read seeds that change.
    resource_defs={"warehouse": Warehouse(database=str(WAREHOUSE))},
)
def refresh_job() -> None:
    fetch_editions()


def _told(outcome: Outcome) -> dict:  # type: ignore[type-arg]
    """An outcome as Dagster shows it."""
    metadata: dict[str, dg.MetadataValue] = {
        "status": dg.MetadataValue.text(outcome.status.value),
        "message": dg.MetadataValue.text(outcome.message),
    }
    if outcome.folder:
        metadata["edition"] = dg.MetadataValue.path(str(outcome.folder))
    if outcome.comparison:
        metadata["report"] = dg.MetadataValue.md(f"```\n{outcome.comparison.text()}```")
    return {
        "asset_key": dg.AssetKey([registry.RAW_SOURCE, outcome.source_id]),
        "passed": outcome.is_good,
        "severity": dg.AssetCheckSeverity.WARN if outcome.status is Status.FAILED else dg.AssetCheckSeverity.ERROR,
        "metadata": metadata,
        "description": outcome.message,
    }
