"""When Dagster starts runs unattended: schedules, sensors, conditions and freshness.

Belongs here: what the daemon does between runs. Assets are in assets.py, failure notices in notices.py. No
`from __future__ import annotations`: Dagster reads the annotations of its functions.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import dagster as dg

from missions.errors import BusyError, KeptSeedsError
from missions.files import sha256
from missions.paths import PUBLISHED, SEEDS
from missions.publication.folder import current
from missions.publication.seeds import built_from
from missions.sources import registry
from orchestration.jobs import fail_dead_runs, index, lost_run, refresh_job

TIMEZONE = "Europe/London"

# Runs are weekly, so a publication older than this means that one was missed.
_PUBLICATION_FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=9))

_EAGER = dg.AutomationCondition.eager()  # once for all assets: each takes milliseconds to make


@dataclass(frozen=True)
class Rhythm:
    """How often a publisher releases new figures, in days, and when we look for them."""

    days: int
    cron: str

    @property
    def freshness(self) -> dg.FreshnessPolicy:
        """A warning when a seed has not been loaded for as long as the publisher takes to release the next edition.

        Dagster measures the raw table, which a run makes of the seed in use. Whether the publisher was asked is for the
        check newest_edition.
        """
        return dg.FreshnessPolicy.time_window(
            warn_window=timedelta(days=self.days), fail_window=timedelta(days=self.days + self.days // 2)
        )


_CRONS = {"monthly": "0 5 1 * *", "quarterly": "0 5 1 1,4,7,10 *", "annual": "0 5 1 1 *"}
RHYTHMS = {name: Rhythm(days, _CRONS[name]) for name, days in registry.RHYTHM_DAYS.items()}


# --- Schedule, conditions and freshness -------------------------------------------------------------------------------

weekly_refresh = dg.ScheduleDefinition(
    name="weekly_refresh",
    job_name="refresh",
    cron_schedule="0 5 * * 1",
    execution_timezone=TIMEZONE,
    description="An hour before `weekly`: downloads new versions of the sources and applies those within bounds.",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)

weekly = dg.ScheduleDefinition(
    name="weekly",
    job_name="index",
    cron_schedule="0 6 * * 1",
    execution_timezone=TIMEZONE,
    description="Builds and publishes every Monday morning. Off until somebody turns it on.",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)

by_rhythm = dg.AutomationConditionSensorDefinition(
    "by_rhythm",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Use instead of the schedules: reloads each source as often as its publisher releases, then rebuilds "
    "everything that depends on it.",
)


def automated(assets: Iterable[dg.AssetsDefinition]) -> Sequence[dg.AssetsDefinition]:
    """The assets with conditions and freshness policies: sources by release rhythm, the rest by what they depend on."""
    return dg.map_asset_specs(_automated, assets)


def _automated(spec: dg.AssetSpec) -> dg.AssetSpec:
    if spec.key.path[0] != registry.RAW_SOURCE:
        fresh = _PUBLICATION_FRESH if spec.key == dg.AssetKey("publication") else spec.freshness_policy
        return spec.replace_attributes(automation_condition=_EAGER, freshness_policy=fresh)
    source = registry.sources().get(spec.key.path[-1])
    if source is None or source.release_rhythm not in RHYTHMS:
        return spec  # our own tables, and sources with no regular release: somebody starts these by hand
    rhythm = RHYTHMS[source.release_rhythm]
    return spec.replace_attributes(
        automation_condition=dg.AutomationCondition.on_cron(rhythm.cron, TIMEZONE),
        freshness_policy=rhythm.freshness,
    )


# --- Sensors ----------------------------------------------------------------------------------------------------------


@dg.sensor(
    job=index,
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Builds and publishes when the seeds or their registry differ from those of the current publication, "
    "whoever changed them.",
)
def landed_editions() -> dg.RunRequest | dg.SkipReason:
    from missions.sources.refresh import refreshable, standing  # with pandas, which takes long

    registry.forget()  # the sensor's process outlives changes to the registry
    published = current(PUBLISHED)
    wanted = {seed: sha256(SEEDS / seed) for seed in _seeds_in_use()}
    if published and _published_seeds(published) == wanted:
        waiting = [o.source_id for o in map(standing, refreshable()) if o.status.is_open]
        waits = f" Awaiting your decision: {', '.join(waiting)}; see `missions refresh`." if waiting else ""
        return dg.SkipReason(f"Publication {published.name} was built from the current seeds.{waits}")
    # One run per set of seeds and publication. Dagster starts no second run with the same key, so a failing run is not
    # repeated for ever; a set that returns after another was published is built again.
    told = json.dumps([wanted, published.name if published else None], sort_keys=True)
    key = hashlib.sha256(told.encode()).hexdigest()[:16]
    return dg.RunRequest(run_key=key, tags={"missions/editions": key})


def _seeds_in_use() -> list[str]:
    """The paths of the seeds and the registry that exist, as a publication records them."""
    seeds = {source.seed for source in registry.sources().values()} | {"sources.yml"}
    return sorted(seed for seed in seeds if (SEEDS / seed).is_file())


def _published_seeds(publication: Path) -> dict[str, str] | None:
    try:
        return {edition.seed_path: edition.seed_sha256 for edition in built_from(publication)}
    except KeptSeedsError:
        return None  # from before publications recorded their seeds


@dg.sensor(
    jobs=[index, refresh_job],
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Marks runs failed if their process was killed, so that they do not block others. Dagster then retries "
    "each once; for the jobs index and refresh, this sensor does if Dagster has not.",
)
def dead_runs(context: dg.SensorEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    try:
        dead = fail_dead_runs(context.instance)
    except BusyError:
        return dg.SkipReason("A run is in progress.")
    lost = [run for job in (index, refresh_job) if (run := lost_run(context.instance, job.name))]
    if lost:
        return [
            dg.RunRequest(
                run_key=f"again-{run.run_id}",
                job_name=run.job_name,
                run_config=run.run_config,
                tags={"missions/again": run.run_id},
            )
            for run in lost
        ]
    return dg.SkipReason(f"Marked as failed: {', '.join(dead)}." if dead else "No run is in progress.")
