"""The job `index`, run in this process for `missions build` and the tests.

Belongs here: starting it, and describing failures in plain words. Its steps are in assets.py, automatic starts in
automation.py.
"""

import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from missions.errors import RunError
from missions.paths import PROJECT, PUBLISHED, WAREHOUSE
from missions.publication.change import PUBLICATION_CHANGE
from missions.publication.folder import DATABASE
from missions.sources.build_file import only_run
from orchestration import built, progress
from orchestration.environment import without
from orchestration.history import written_quickly
from orchestration.notices import step_problem

SPARK_TABLES = WAREHOUSE.with_name("spark") / "warehouse"
DAGSTER_HOME = PROJECT / "build" / "dagster"
_SETTINGS = Path(__file__).with_name("dagster.yaml")


def dagster_home() -> Path:
    """The folder that records runs, with the project's settings, so that `make dev` shows runs of `make index`."""
    DAGSTER_HOME.mkdir(parents=True, exist_ok=True)
    shutil.copy2(_SETTINGS, DAGSTER_HOME)
    return DAGSTER_HOME


def run_index(
    target: str = "dev",
    *,
    force: bool = True,
    say: Callable[[str], None] = lambda _: None,
    show: Callable[[progress.Step], None] = lambda _: None,
) -> Path:
    """Build and check everything from the seeds to the publication; return the published database.

    Without `force`, build only what depends on something that has changed since the current publication, and report
    that to `say`. `show` is told of each asset that is begun or made. With the target `spark`, build only the raw
    tables, and the models on Spark; return the folder of Spark's tables.
    Raises RunError naming each failed step and why.
    """
    # The sensor dead_runs holds the lock for a moment.
    with without("DAGSTER_"), only_run(patience=2.0):  # another Dagster's settings are not for this run
        try:  # under the lock, as importing these reads the registry and may parse the dbt project
            from orchestration.again import assets_behind
            from orchestration.definitions import defs
            from orchestration.jobs import fail_dead_runs
        except dg.DagsterError as error:
            raise RunError(str(error)) from error
        selected = None
        if not force and target == "dev" and (changes := built.changed()) is not None:
            selected = assets_behind(changes, defs)
            say(_what_is_made(changes, selected))
            if selected == set():
                return PUBLISHED / DATABASE
        parts = built.parts()
        built.forget()
        with written_quickly(), dg.DagsterInstance.from_config(str(dagster_home())) as instance:
            fail_dead_runs(instance)
            made = selected or defs.resolve_asset_graph().get_all_asset_keys()
            with _watched(instance, made, show) as (run_id, remember):
                result = defs.resolve_job_def("index").execute_in_process(
                    instance=instance,
                    run_id=run_id,
                    raise_on_error=False,
                    asset_selection=sorted(selected) if selected else None,
                    run_config=_run_config(target, selected),
                )
        if result.success and target == "dev":
            built.remember(parts)
            remember()
    if not result.success:
        raise RunError(_what_failed(result))
    return SPARK_TABLES if target == "spark" else PUBLISHED / DATABASE


@contextmanager
def _watched(
    instance: dg.DagsterInstance, assets: Collection[dg.AssetKey], show: Callable[[progress.Step], None]
) -> Iterator[tuple[str, Callable[[], None]]]:
    """The id for a run whose progress is shown, and what records its durations once it has succeeded."""
    run_id = str(uuid.uuid4())
    seen = progress.Progress({key.to_user_string() for key in assets}, show)
    report = {dg.DagsterEventType.STEP_START: seen.begun, dg.DagsterEventType.STEP_SUCCESS: seen.made}

    def listen(entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event and event.step_key and event.event_type in report:
            report[event.event_type](event.step_key.replace("__", "/", 1))

    instance.add_event_listener(run_id, listen)
    progress.watched = seen
    try:
        yield run_id, seen.remember
    finally:
        progress.watched = None


def _run_config(target: str, selected: set[dg.AssetKey] | None) -> dict[str, Any]:
    models = {"warehouse_models": {"config": {"target": target, "shared_tests": selected is not None}}}
    changes = dg.AssetKey(["marts", PUBLICATION_CHANGE])  # a mart that dbt does not build
    no_models = selected is not None and not any(
        key.path[0] in ("staging", "intermediate", "marts") for key in selected - {changes}
    )
    return {
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        **({} if no_models else {"ops": models}),
    }


def _what_is_made(changes: Sequence[str], selected: set[dg.AssetKey] | None) -> str:
    named = ", ".join(changes[:5]) + (f" and {len(changes) - 5} more" if len(changes) > 5 else "")
    if not changes or selected == set():
        return "Nothing that the publication hangs on has changed."
    if selected is None:
        return f"Changed: {named}. Everything is built again."
    counts = Counter(key.path[0] for key in selected)
    seeds, models = counts["raw"], counts["staging"] + counts["intermediate"] + counts["marts"]
    made = [f"{seeds} raw tables"] * bool(seeds) + [f"{models} models"] * bool(models)
    made += ["the publication"] * (dg.AssetKey("publication") in selected)
    return f"Changed: {named}. Built again: {', '.join([*made, 'the site'])}."


def _what_failed(result: dg.ExecuteInProcessResult) -> str:
    failed = [f"{event.step_key}: {step_problem(event)}" for event in result.all_events if event.is_step_failure]
    published = any(event.is_step_success and event.step_key == "publication" for event in result.all_events)
    what = (
        "The index is published, but the site could not be made; the previous site is unchanged."
        if published
        else "The run failed; the previous publication is unchanged."
    )
    return "\n\n".join([what, *failed])
