"""The whole job, run in this process for `missions build` and the tests; and that runs do not overlap.

Belongs here: the job, starting it, the lock that runs hold, and saying plainly what went wrong. What the job does is in
assets.py, when Dagster starts it by itself is in automation.py.
"""

import gc
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster_duckdb import DuckDBResource

from missions.errors import RunError
from missions.paths import PROJECT, PUBLISHED, WAREHOUSE
from missions.publication.folder import DATABASE
from missions.sources.build_file import only_run

SPARK_TABLES = WAREHOUSE.with_name("spark") / "warehouse"
DAGSTER_HOME = PROJECT / "build" / "dagster"
_SETTINGS = Path(__file__).with_name("dagster.yaml")
_UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
# Seconds that a run of Dagster's waits for `missions build` to end, and that it may have no lock after its start.
_PATIENCE, _WITHOUT_LOCK = 45.0, 90.0

index = dg.define_asset_job(
    "index",
    selection=dg.AssetSelection.all(),
    description="Everything, from the seeds to the publication.",
    # Begun again as a whole where it was killed: a step that was under way may have left half of its work.
    tags={"dagster/retry_strategy": "ALL_STEPS"},
)


class Warehouse(DuckDBResource):
    """The build file, for one run alone: whatever a run of Dagster's makes, it holds the lock from start to end."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Warehouse"]:
        with only_run(_PATIENCE):
            yield self


def fail_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark the runs failed whose process is gone, as when it was killed or the machine went down; returns their ids.

    Whoever holds the lock knows that no other run works, but for one that refreshes: it holds the landing folder.
    Raises BusyError where a run does.
    """
    from missions.sources.refresh import is_under_way  # pandas and requests, which `missions load` does without

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


def dagster_home() -> Path:
    """The folder where runs are recorded, with the project's settings: `make dev` shows what `make index` did."""
    DAGSTER_HOME.mkdir(parents=True, exist_ok=True)
    shutil.copy2(_SETTINGS, DAGSTER_HOME)
    return DAGSTER_HOME


def run_index(target: str = "dev") -> Path:
    """Materialise every asset and check from the seeds to the publication; returns the published database.

    With the target `spark` only the raw tables are made, and the models on Spark; returns the folder of Spark's tables.
    Raises RunError naming each failed step and why.
    """
    # dagster and dbt make many small objects that live as long as the run: looking for garbage there takes seconds.
    gc.set_threshold(100_000, 50, 100)
    # A sensor holds the lock for a moment to look after dead runs.
    with only_run(patience=2.0):
        try:
            from orchestration.definitions import defs
        except dg.DagsterError as error:
            raise RunError(str(error)) from error
        with dg.DagsterInstance.from_config(str(dagster_home())) as instance:
            fail_dead_runs(instance)
            result = defs.resolve_job_def("index").execute_in_process(
                instance=instance,
                raise_on_error=False,
                run_config={
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                    "ops": {"warehouse_models": {"config": {"target": target}}},
                },
            )
    if not result.success:
        raise RunError(_what_failed(result))
    return SPARK_TABLES if target == "spark" else PUBLISHED / DATABASE


def _what_failed(result: dg.ExecuteInProcessResult) -> str:
    failed = [f"{event.step_key}: {step_problem(event)}" for event in result.all_events if event.is_step_failure]
    published = any(event.is_step_success and event.step_key == "publication" for event in result.all_events)
    what = (
        "The index is published, but its site could not be made; the last good site stays."
        if published
        else "The run failed; what was published before is as it was."
    )
    return "\n\n".join([what, *failed])


def step_problem(event: dg.DagsterEvent) -> str:
    """What a failed step said of itself, without a traceback."""
    failure = event.step_failure_data
    described = failure.user_failure_data.description if failure.user_failure_data else None
    error = failure.error.cause or failure.error if failure.error else None
    return described or (error.message.strip() if error else "failed")
