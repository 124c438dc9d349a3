"""The two jobs, and what becomes of their runs whose process was killed.

Belongs here: what can be started. What starts them by itself is in automation.py, `missions build` in run.py.
"""

import time

import dagster as dg

from missions.sources.build_file import only_run
from missions.sources.refresh import is_under_way
from orchestration.refresh import fetch_editions

_UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_WITHOUT_LOCK = 90.0  # seconds that a run of Dagster's may have no lock after its start
_LOST_AFTER = 120.0  # seconds; Dagster looks every five

index = dg.define_asset_job(
    "index",
    selection=dg.AssetSelection.all(),
    description="Everything, from the seeds to the publication.",
    # Begun again as a whole where it was killed: a step that was under way may have left half of its work.
    tags={"dagster/retry_strategy": "ALL_STEPS"},
)


@dg.job(
    name="refresh",
    description="Newer editions of the sources, fetched and compared; the job index makes the publication of them.",
    # Without the warehouse and its lock: a build may go on while files are fetched. The lock is taken where a seed is
    # put in place; that this run is at work shows by the lock on the landing folder.
    executor_def=dg.in_process_executor,
)
def refresh_job() -> None:
    fetch_editions()


def fail_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark the runs failed whose process is gone, as when it was killed or the machine went down; returns their ids.

    Whoever holds the lock knows that no other run works, but for one that refreshes: it holds the landing folder.
    Raises BusyError where a run does.
    """
    with only_run():
        dead = []
        for record in instance.get_run_records(dg.RunsFilter(statuses=_UNDER_WAY)):
            run = record.dagster_run
            # A run of `missions build` takes the lock before it is recorded; one of Dagster's soon after.
            if run.remote_job_origin and time.time() - record.update_timestamp.timestamp() < _WITHOUT_LOCK:
                continue
            if run.job_name == "refresh" and is_under_way():
                continue
            instance.report_run_failed(run, "The process of this run is gone: it was killed, or the machine went down.")
            dead.append(run.run_id)
        return dead


def lost_run(instance: dg.DagsterInstance, job_name: str) -> dg.DagsterRun | None:
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
