"""The two jobs, and what happens to a run whose process was killed.

Belongs here: what can be run. Automatic starts are in automation.py, `missions build` in run.py.
"""

import time

import dagster as dg

from missions.sources.build_file import only_run
from orchestration.refresh import fetch_editions

_UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_WITHOUT_LOCK = 90.0  # seconds after its start in which a Dagster run may not yet hold the lock
_LOST_AFTER = 120.0  # seconds; Dagster checks every five

index = dg.define_asset_job(
    "index",
    selection=dg.AssetSelection.all(),
    description="Builds everything from the seeds to the publication.",
    # A killed run is retried from the first step, as the interrupted one may have left work half done.
    tags={"dagster/retry_strategy": "ALL_STEPS"},
)


@dg.job(
    name="refresh",
    description="Downloads new versions of the sources, compares them with those in use, and applies those within "
    "bounds. The job index then publishes them.",
    # Without the warehouse and its lock, so that a build can continue during downloads. The lock is taken only to
    # replace a seed; meanwhile the lock on the landing folder shows that this run is in progress.
    executor_def=dg.in_process_executor,
)
def refresh_job() -> None:
    fetch_editions()


def fail_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed if their process no longer exists; return their ids.

    Whoever holds the lock knows that no other run is in progress, except a refresh, which locks the landing folder.
    Raises BusyError if a run is in progress.
    """
    from missions.sources.refresh import is_under_way  # with pandas, which takes long

    with only_run():
        dead = []
        for record in instance.get_run_records(dg.RunsFilter(statuses=_UNDER_WAY)):
            run = record.dagster_run
            # `missions build` takes the lock before its run is recorded; a Dagster run takes it soon after.
            if run.remote_job_origin and time.time() - record.update_timestamp.timestamp() < _WITHOUT_LOCK:
                continue
            if run.job_name == "refresh" and is_under_way():
                continue
            instance.report_run_failed(
                run, "The process of this run no longer exists: it was killed, or the machine went down."
            )
            dead.append(run.run_id)
        return dead


def lost_run(instance: dg.DagsterInstance, job_name: str) -> dg.DagsterRun | None:
    """The newest run of a job, if it was killed and Dagster has not retried it although it should have.

    Dagster's daemon sometimes reads the failure event before the run is marked failed, and then never retries.
    """
    for record in instance.get_run_records(dg.RunsFilter(job_name=job_name), limit=1):
        run = record.dagster_run
        if (
            run.status == dg.DagsterRunStatus.FAILURE
            and run.remote_job_origin  # not from `missions build`, whose user has seen it fail
            and run.tags.get("dagster/will_retry") == "true"
            and "dagster/auto_retry_run_id" not in run.tags
            and time.time() - (record.end_time or 0.0) > _LOST_AFTER
        ):
            return run
    return None
