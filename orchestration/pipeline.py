"""Running the whole job in this process, for `missions build` and the tests.

Belongs here: starting the job and saying plainly what went wrong. What the job does is in assets.py.
"""

import gc
import shutil
from pathlib import Path

import dagster as dg

from orchestration import PROJECT, PUBLISHED, WAREHOUSE
from orchestration.publish import DATABASE

DAGSTER_HOME = PROJECT / "build" / "dagster"
_SETTINGS = Path(__file__).with_name("dagster.yaml")


class PipelineError(Exception):
    """The run failed; the last publication is as it was. The message has a paragraph for each failed step."""


def dagster_home() -> Path:
    """The folder where runs are recorded, with the project's settings: `make dev` shows what `make index` did."""
    DAGSTER_HOME.mkdir(parents=True, exist_ok=True)
    shutil.copy2(_SETTINGS, DAGSTER_HOME)
    return DAGSTER_HOME


def run_index() -> Path:
    """Materialise every asset and check from the seeds to the publication; returns the published database.

    Raises PipelineError naming each failed step and why.
    """
    # dagster and dbt make many small objects that live as long as the run: looking for garbage there takes seconds.
    gc.set_threshold(100_000, 50, 100)
    try:
        from orchestration.definitions import defs
    except dg.DagsterError as error:
        raise PipelineError(str(error)) from error
    WAREHOUSE.parent.mkdir(parents=True, exist_ok=True)
    with dg.DagsterInstance.from_config(str(dagster_home())) as instance:
        result = defs.resolve_job_def("index").execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    if not result.success:
        raise PipelineError(_what_failed(result))
    return PUBLISHED / DATABASE


def _what_failed(result: dg.ExecuteInProcessResult) -> str:
    lines = ["The run failed; what was published before is as it was."]
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data
            described = failure.user_failure_data.description if failure.user_failure_data else None
            error = failure.error.cause or failure.error if failure.error else None
            lines.append(f"{event.step_key}: {described or (error.message.strip() if error else 'failed')}")
    return "\n\n".join(lines)
