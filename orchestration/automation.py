"""When Dagster runs by itself, and whom it tells: schedule, sensors, conditions, freshness and notices of failure.

Belongs here: what the daemon does between runs. What a run makes is in assets.py; that runs do not overlap is in
pipeline.py. No `from __future__ import annotations`: Dagster reads the annotations of its functions.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dagster as dg
import requests

from missions.errors import BusyError, KeptSeedsError, NoticeError
from missions.files import sha256
from missions.paths import PUBLISHED, SEEDS
from missions.publication.folder import current
from missions.publication.seeds import built_from
from missions.sources import registry
from missions.sources.refresh import refreshable, standing
from orchestration.refresh import refresh_job
from orchestration.run import fail_dead_runs, index, step_problem

TIMEZONE = "Europe/London"
WEBHOOK_VARIABLE = "MISSIONS_WEBHOOK"
_WAITS = (0.0, 2.0, 8.0)  # seconds before each attempt to post a notice
_LOST_AFTER = 120.0  # seconds; Dagster looks every five
_CHARACTERS = 2_000  # of a step's message: more is for the run's own page

# Of a day: a publication comes with each weekly run, so that one older than this was missed.
_PUBLICATION_FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=9))


@dataclass(frozen=True)
class Rhythm:
    """How often a publisher brings out an edition, as days between two, and when it is looked for."""

    days: int
    cron: str

    @property
    def freshness(self) -> dg.FreshnessPolicy:
        """A warning when a seed was not loaded for as long as it takes the publisher to bring out the next edition.

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
    description="An hour before: newer editions are fetched, and taken where they are within their bounds.",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)

weekly = dg.ScheduleDefinition(
    name="weekly",
    job_name="index",
    cron_schedule="0 6 * * 1",
    execution_timezone=TIMEZONE,
    description="Monday mornings, once somebody turns it on.",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)

by_rhythm = dg.AutomationConditionSensorDefinition(
    "by_rhythm",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Instead of the schedule: each source is read again in its publisher's rhythm, and all that hangs on "
    "it is made anew.",
)


def automated(assets: Iterable[dg.AssetsDefinition]) -> Sequence[dg.AssetsDefinition]:
    """The assets with conditions and freshness policies: sources by their rhythm, the others by what they need."""
    return dg.map_asset_specs(_automated, assets)


def _automated(spec: dg.AssetSpec) -> dg.AssetSpec:
    if spec.key.path[0] != registry.RAW_SOURCE:
        fresh = _PUBLICATION_FRESH if spec.key == dg.AssetKey("publication") else spec.freshness_policy
        return spec.replace_attributes(automation_condition=dg.AutomationCondition.eager(), freshness_policy=fresh)
    source = registry.sources().get(spec.key.path[-1])
    if source is None or source.release_rhythm not in RHYTHMS:
        return spec  # the project's own tables, and what comes at no regular time: a person says when
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
    description="Builds and publishes when the seeds or their registry are others than the publication in force was "
    "built from, however they came.",
)
def landed_editions() -> dg.RunRequest | dg.SkipReason:
    registry.forget()  # the process of a sensor lives on while editions change the registry
    published = current(PUBLISHED)
    wanted = {seed: sha256(SEEDS / seed) for seed in _seeds_in_use()}
    if published and _published_seeds(published) == wanted:
        waiting = [o.source_id for o in map(standing, refreshable()) if o.status.is_open]
        waits = f" A person is to decide about {', '.join(waiting)}: `missions refresh` says what." if waiting else ""
        return dg.SkipReason(f"Publication {published.name} was built from the seeds in use.{waits}")
    # One run for each set of seeds after a publication: Dagster asks for no second run under the same key, so that one
    # which fails is not begun for ever, and a set that comes back after another was published is built again.
    told = json.dumps([wanted, published.name if published else None], sort_keys=True)
    key = hashlib.sha256(told.encode()).hexdigest()[:16]
    return dg.RunRequest(run_key=key, tags={"missions/editions": key})


def _seeds_in_use() -> list[str]:
    """The paths of the seeds and of the registry that are there, as a publication records them."""
    seeds = {source.seed for source in registry.sources().values()} | {"sources.yml"}
    return sorted(seed for seed in seeds if (SEEDS / seed).is_file())


def _published_seeds(publication: Path) -> dict[str, str] | None:
    try:
        return {edition.seed_path: edition.seed_sha256 for edition in built_from(publication)}
    except KeptSeedsError:
        return None  # made before publications said so


@dg.sensor(
    jobs=[index, refresh_job],
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Finds runs whose process was killed and marks them failed, so that they hold up no other. Dagster "
    "then starts each once more, or this sensor does where it was one of the jobs index and refresh.",
)
def dead_runs(context: dg.SensorEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    try:
        dead = fail_dead_runs(context.instance)
    except BusyError:
        return dg.SkipReason("A run is at work.")
    lost = [run for job in (index, refresh_job) if (run := _lost_run(context.instance, job.name))]
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
    return dg.SkipReason(f"Marked as failed: {', '.join(dead)}." if dead else "No run is under way.")


def _lost_run(instance: dg.DagsterInstance, job_name: str) -> dg.DagsterRun | None:
    """The newest run of a job, where it was killed and Dagster, which meant to start it once more, has not.

    Dagster's daemon now and then reads of a failure before the run is marked failed, and then forgets it.
    """
    for record in instance.get_run_records(dg.RunsFilter(job_name=job_name), limit=1):
        run = record.dagster_run
        if (
            run.status == dg.DagsterRunStatus.FAILURE
            and run.remote_job_origin  # and so not of `missions build`, whose caller knows
            and run.tags.get("dagster/will_retry") == "true"
            and "dagster/auto_retry_run_id" not in run.tags
            and time.time() - (record.end_time or 0.0) > _LOST_AFTER
        ):
            return run
    return None


# --- Notices of failure -----------------------------------------------------------------------------------------------


@dg.run_failure_sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=f"Posts a notice of each failed run to the address in {WEBHOOK_VARIABLE}; without one it does nothing.",
)
def failure_notice(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
    address = os.environ.get(WEBHOOK_VARIABLE)
    if not address:
        return dg.SkipReason(f"{WEBHOOK_VARIABLE} is not set.")
    post(address, notice(context))
    return None


def notice(context: dg.RunFailureSensorContext) -> dict[str, Any]:
    """What a receiver is told: `text` for people, as chat services take it, and the rest for programs."""
    run = context.instance.get_run_by_id(context.dagster_run.run_id) or context.dagster_run
    failed = [
        {"step": event.step_key, "message": _cut(step_problem(event))} for event in context.get_step_failure_events()
    ]
    data = context.failure_event.event_specific_data
    error = getattr(data, "error", None)
    while error and error.cause:
        error = error.cause
    message = (error.message if error else None) or context.failure_event.message or "failed"
    if not failed and not error:  # ended from outside: the code server says by what
        told = context.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
        ends = [log.dagster_event.message or "" for log in told if log.dagster_event]
        message = next((end.split("] ")[-1] for end in ends if "Run execution process" in end), message)
    message = _cut(message.strip())
    published = current(PUBLISHED)
    will_retry = run.tags.get("dagster/will_retry") == "true"
    steps = ("; ".join(f"{step['step']}: {step['message']}" for step in failed) or message).rstrip(".")
    return {
        "event": "run_failed",
        "job": run.job_name,
        "run_id": run.run_id,
        "failed_at": datetime.fromtimestamp(_failed_at(context), UTC).isoformat(timespec="seconds"),
        "message": message,
        "failed_steps": failed,
        "will_be_retried": will_retry,
        "publication_in_force": published.name if published else None,
        "text": _cut(
            f"Missions Index: a run of {run.job_name} failed ({run.run_id[:8]}). {steps}. "
            + ("It is started once more. " if will_retry else "")
            + (f"Publication {published.name} stays in force." if published else "Nothing is published yet.")
        ),
    }


def post(address: str, body: dict[str, Any]) -> None:
    """Post JSON, a few times if need be. Raises NoticeError where nobody takes it."""
    problem = "it is no http(s) address"
    for wait in _WAITS if urlsplit(address).scheme in ("http", "https") else ():
        time.sleep(wait)
        try:
            answer = requests.post(address, json=body, timeout=(5, 10), allow_redirects=False)
        except requests.RequestException as error:
            problem = type(error).__name__
            continue
        if answer.ok and not answer.is_redirect:
            return
        problem = f"the answer was {answer.status_code}"
        if answer.status_code < 500 and answer.status_code != 429:
            break
    host = urlsplit(address).hostname or "the address"
    raise NoticeError(f"the notice could not be posted to {host} ({WEBHOOK_VARIABLE}): {problem}") from None


def _failed_at(context: dg.RunFailureSensorContext) -> float:
    record = context.instance.get_run_record_by_id(context.dagster_run.run_id)
    return (record.end_time if record else None) or time.time()


def _cut(text: str) -> str:
    return text if len(text) <= _CHARACTERS else text[: _CHARACTERS - 1] + "…"
