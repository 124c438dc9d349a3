"""The step of the job `refresh`, and the check on each refreshable source that reports its newest version.

Belongs here: how a refresh is reported in Dagster. The work is done in missions.sources.refresh. No
`from __future__ import annotations`: Dagster reads the annotations of its functions.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from missions.errors import MissionsError
from missions.sources import registry

# missions.sources.refresh is imported by what runs: with pandas behind it, the code location would start much later.
if TYPE_CHECKING:
    from missions.sources.refresh import Outcome

CHECK = "newest_edition"


class RefreshConfig(dg.Config):
    """What a run refreshes: the named sources, or all if none is named. With `check` it applies nothing."""

    sources: list[str] = []  # noqa: RUF012 - a model's default
    check: bool = False


@dg.multi_asset_check(
    name="newest_editions",
    specs=[
        dg.AssetCheckSpec(
            CHECK,
            asset=dg.AssetKey([registry.RAW_SOURCE, source.source_id]),
            blocking=False,  # the version in use remains good
            description="The newest downloaded version is in use, or within bounds. The last attempt to download "
            "succeeded, and is no older than the publisher's release rhythm.",
        )
        for source in registry.sources().values()
        if source.is_refreshable
    ],
    can_subset=True,
    description="Reports each source's newest downloaded version and last attempt to download. Downloads nothing.",
)
def newest_editions(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    from missions.sources.refresh import refreshable, standing

    chosen = {key.asset_key.path[-1] for key in context.selected_asset_check_keys}
    for source in refreshable():
        if source.source_id in chosen:
            yield dg.AssetCheckResult(check_name=CHECK, **_as_check(standing(source)))


@dg.op(description="Download, compare and apply new versions; each source's check reports the outcome.")
def fetch_editions(context: dg.OpExecutionContext, config: RefreshConfig) -> None:
    from missions.sources.refresh import refresh, refreshable

    def report(outcome: "Outcome") -> None:
        context.log.info(f"{outcome.source_id}: {outcome.status}. {outcome.message}")
        context.instance.report_runless_asset_event(dg.AssetCheckEvaluation(check_name=CHECK, **_as_check(outcome)))

    try:
        outcomes = refresh(refreshable(config.sources), check=config.check, report=report)
    except MissionsError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    open_questions = [outcome for outcome in outcomes if not outcome.is_good]
    context.add_output_metadata({outcome.source_id: outcome.status.value for outcome in outcomes})
    if open_questions:
        # What is good has been applied; the run fails so that somebody hears of the rest.
        raise dg.Failure("\n".join(f"{o.source_id}: {o.message}" for o in open_questions), allow_retries=False)


def _as_check(outcome: "Outcome") -> dict:  # type: ignore[type-arg]
    """An outcome as Dagster shows it: an error if it awaits a decision, a warning if it was not downloaded."""
    metadata: dict[str, dg.MetadataValue] = {
        "status": dg.MetadataValue.text(outcome.status.value),
        "message": dg.MetadataValue.text(outcome.message),
    }
    if outcome.checked_at:
        metadata["last_checked_at"] = dg.MetadataValue.text(outcome.checked_at)
        metadata["is_overdue"] = dg.MetadataValue.bool(outcome.overdue is not None)
    if outcome.folder:
        metadata["edition"] = dg.MetadataValue.path(str(outcome.folder))
    if outcome.comparison:
        metadata["report"] = dg.MetadataValue.md(f"```\n{outcome.comparison.text()}```")
    return {
        "asset_key": dg.AssetKey([registry.RAW_SOURCE, outcome.source_id]),
        "passed": outcome.is_good and not outcome.overdue,
        "severity": dg.AssetCheckSeverity.ERROR if outcome.status.is_open else dg.AssetCheckSeverity.WARN,
        "metadata": metadata,
        "description": ". ".join(filter(None, [outcome.message, outcome.overdue])),
    }
