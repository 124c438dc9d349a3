"""The whole job, run in this process for `missions build` and the tests.

Belongs here: starting it, and saying plainly what went wrong. What the job does is in assets.py, when Dagster starts it
by itself is in automation.py.
"""

import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from missions.errors import RunError
from missions.paths import PROJECT, PUBLISHED, WAREHOUSE
from missions.publication.folder import DATABASE
from missions.sources.build_file import only_run
from orchestration.notices import step_problem

SPARK_TABLES = WAREHOUSE.with_name("spark") / "warehouse"
DAGSTER_HOME = PROJECT / "build" / "dagster"
_SETTINGS = Path(__file__).with_name("dagster.yaml")


def dagster_home() -> Path:
    """The folder where runs are recorded, with the project's settings: `make dev` shows what `make index` did."""
    DAGSTER_HOME.mkdir(parents=True, exist_ok=True)
    shutil.copy2(_SETTINGS, DAGSTER_HOME)
    return DAGSTER_HOME


@contextmanager
def own_settings() -> Iterator[None]:
    """Keep the settings of another Dagster from this run: its DAGSTER_… variables are taken out meanwhile."""
    foreign = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("DAGSTER_")}
    try:
        yield
    finally:
        os.environ.update(foreign)


def run_index(target: str = "dev") -> Path:
    """Materialise every asset and check from the seeds to the publication; returns the published database.

    With the target `spark` only the raw tables are made, and the models on Spark; returns the folder of Spark's tables.
    Raises RunError naming each failed step and why.
    """
    # dagster and dbt make many small objects that live as long as the run: looking for garbage there takes seconds.
    gc.set_threshold(100_000, 50, 100)
    # A sensor holds the lock for a moment to look after dead runs.
    with own_settings(), only_run(patience=2.0):
        try:  # under the lock, as these read the registry and may have dbt parse the project
            from orchestration.definitions import defs
            from orchestration.jobs import fail_dead_runs
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
