"""The job `index`, run in this process for `missions build` and the tests.

Belongs here: starting it, and describing failures in plain words. Its steps are in assets.py, automatic starts in
automation.py.
"""

import gc
import shutil
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
    """The folder that records runs, with the project's settings, so that `make dev` shows runs of `make index`."""
    DAGSTER_HOME.mkdir(parents=True, exist_ok=True)
    shutil.copy2(_SETTINGS, DAGSTER_HOME)
    return DAGSTER_HOME


def run_index(target: str = "dev") -> Path:
    """Build and check everything from the seeds to the publication; return the published database.

    With the target `spark`, build only the raw tables, and the models on Spark; return the folder of Spark's tables.
    Raises RunError naming each failed step and why.
    """
    # dagster and dbt create many small objects that last as long as the run; searching them for garbage takes seconds.
    gc.set_threshold(100_000, 50, 100)
    # The sensor dead_runs holds the lock for a moment.
    with only_run(patience=2.0):
        try:  # under the lock, as importing these reads the registry and may parse the dbt project
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
        "The index is published, but the site could not be made; the previous site is unchanged."
        if published
        else "The run failed; the previous publication is unchanged."
    )
    return "\n\n".join([what, *failed])
