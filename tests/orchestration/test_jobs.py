"""Runs do not overlap and none is lost: the lock, and runs whose process was killed."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.test_utils import create_run_for_test

from missions.errors import BusyError
from missions.sources import build_file, landing, refresh
from orchestration import automation, jobs
from tests.conftest import copy_project
from tests.support.faults import held

Missions = Callable[..., subprocess.CompletedProcess[str]]


def test_the_lock_goes_with_the_process_that_holds_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_file, "_LOCK", project / "build/.run.lock")
    with held(project) as holder:
        with pytest.raises(BusyError), build_file.only_run():
            pass
        with dg.DagsterInstance.ephemeral() as instance, pytest.raises(BusyError):
            jobs.fail_dead_runs(instance)
        # A Dagster run waits for a while.
        threading.Timer(0.5, holder.kill).start()
        with build_file.only_run(patience=20), build_file.only_run():  # it nests within a process
            pass


def test_every_run_of_dagster_holds_a_lock(graph: Any) -> None:
    """Whatever is selected in the UI: a run without a lock would be taken for dead while it is in progress.

    The job refresh locks the landing folder, not the build: it may wait for servers for half an hour, and locks the
    build only to replace a seed.
    """
    from orchestration.jobs import refresh_job

    assert [op.name for op in refresh_job.nodes if "warehouse" in op.definition.required_resource_keys] == []
    for assets in graph.assets_defs:
        assert "warehouse" in assets.required_resource_keys or not assets.keys, assets.keys


def test_a_refresh_in_progress_is_not_taken_for_dead(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_file, "_LOCK", project / "build/.run.lock")
    monkeypatch.setattr(landing, "LANDING", project / "build/landing")
    with dg.DagsterInstance.ephemeral() as instance:
        run = create_run_for_test(instance, "refresh", status=dg.DagsterRunStatus.STARTED)
        other = create_run_for_test(instance, "index", status=dg.DagsterRunStatus.STARTED)
        with refresh._alone():
            assert jobs.fail_dead_runs(instance) == [other.run_id]
        assert jobs.fail_dead_runs(instance) == [run.run_id]


def test_a_run_without_a_process_is_marked_failed_and_a_new_one_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        own = create_run_for_test(instance, "index", status=dg.DagsterRunStatus.STARTED)
        repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("missions_index"), "__repository__")
        young = create_run_for_test(
            instance,
            "index",
            status=dg.DagsterRunStatus.STARTED,
            remote_job_origin=RemoteJobOrigin(repository, "index"),
        )
        queued = create_run_for_test(
            instance,
            "index",
            status=dg.DagsterRunStatus.QUEUED,
            remote_job_origin=RemoteJobOrigin(repository, "index"),
        )
        done = create_run_for_test(instance, "index", status=dg.DagsterRunStatus.SUCCESS)
        assert jobs.fail_dead_runs(instance) == [own.run_id]
        assert instance.get_run_by_id(own.run_id).status == dg.DagsterRunStatus.FAILURE
        assert instance.get_run_by_id(queued.run_id).status == dg.DagsterRunStatus.QUEUED
        assert instance.get_run_by_id(done.run_id).status == dg.DagsterRunStatus.SUCCESS
        assert jobs.fail_dead_runs(instance) == []
        # A Dagster run may not have reached the lock yet.
        assert instance.get_run_by_id(young.run_id).status == dg.DagsterRunStatus.STARTED
        monkeypatch.setattr(jobs, "_WITHOUT_LOCK", 0.0)
        assert jobs.fail_dead_runs(instance) == [young.run_id]


@pytest.mark.parametrize("job", ["index", "refresh"])
def test_a_killed_run_that_dagster_forgets_is_retried_once(
    job: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster's daemon reads the failure event before the run is marked failed, and never looks again."""
    monkeypatch.setattr(build_file, "_LOCK", project / "build/.run.lock")
    monkeypatch.setattr(jobs, "_WITHOUT_LOCK", 0.0)
    origin = RemoteJobOrigin(
        RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("missions_index"), "__repository__"), job
    )
    monkeypatch.setattr(landing, "LANDING", project / "build/landing")
    config = {"ops": {"fetch_editions": {"config": {"check": True}}}} if job == "refresh" else {}
    (project / "build/dagster").mkdir(parents=True)
    shutil.copy2(project / "orchestration/dagster.yaml", project / "build/dagster")
    with dg.DagsterInstance.from_config(str(project / "build/dagster")) as instance:
        context = dg.build_sensor_context(instance=instance)
        run = create_run_for_test(
            instance, job, status=dg.DagsterRunStatus.STARTED, remote_job_origin=origin, run_config=config
        )
        assert isinstance(automation.dead_runs(context), dg.SkipReason)
        assert instance.get_run_by_id(run.run_id).tags["dagster/will_retry"] == "true"
        # Dagster is given time to retry.
        assert isinstance(automation.dead_runs(context), dg.SkipReason)
        monkeypatch.setattr(jobs, "_LOST_AFTER", 0.0)
        (asked,) = automation.dead_runs(context)
        assert (asked.run_key, asked.job_name, asked.run_config) == (f"again-{run.run_id}", job, config)
        # If Dagster has retried it, or there is a later run, the sensor starts nothing.
        instance.add_run_tags(run.run_id, {"dagster/auto_retry_run_id": "other"})
        assert isinstance(automation.dead_runs(context), dg.SkipReason)
        own = create_run_for_test(instance, job, status=dg.DagsterRunStatus.STARTED)
        assert isinstance(automation.dead_runs(context), dg.SkipReason)
        assert instance.get_run_by_id(own.run_id).status == dg.DagsterRunStatus.FAILURE


@pytest.mark.slow
def test_a_killed_build_is_marked_failed_by_the_next_one(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = copy_project(tmp_path_factory.mktemp("killed") / "project")
    run = subprocess.Popen(
        [sys.executable, "-m", "missions.cli", "build"],
        env={**os.environ, "MISSIONS_HOME": str(project)},
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not (project / "build/warehouse.duckdb").exists() and time.monotonic() < deadline and run.poll() is None:
        time.sleep(0.05)
    run.kill()
    run.wait()
    monkeypatch.setattr(build_file, "_LOCK", project / "build/.run.lock")
    with dg.DagsterInstance.from_config(str(project / "build/dagster")) as instance:
        (killed,) = instance.get_runs()
        assert killed.status == dg.DagsterRunStatus.STARTED
        assert jobs.fail_dead_runs(instance) == [killed.run_id]
        (event,) = instance.all_logs(killed.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        assert event.dagster_event and "it was killed" in (event.dagster_event.message or "")
    shutil.rmtree(project)
