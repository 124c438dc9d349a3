"""What Dagster does by itself: rhythms, the landing folder, notices of failure; and that runs do not overlap."""

import http.server
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.test_utils import create_run_for_test

from missions.errors import BusyError
from missions.files import sha256
from missions.sources import landing, refresh, registry
from missions.sources.landing import Edition, LandedFile
from orchestration import automation
from orchestration import run as pipeline
from tests.conftest import copy_project

Missions = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    from orchestration.definitions import defs

    return defs


@pytest.fixture(scope="module")
def graph(defs: dg.Definitions) -> Any:
    return defs.resolve_asset_graph()


# --- Rhythms, conditions and freshness --------------------------------------------------------------------------------


def test_every_source_of_figures_has_a_rhythm_and_says_how_it_is_known() -> None:
    for source in registry.sources().values():
        assert (source.release_rhythm is not None) == source.is_comparable, source.source_id
    assert set(automation.RHYTHMS) == set(registry.RHYTHMS) - {"irregular"}


def test_a_rhythm_seen_in_the_periods_is_the_one_that_the_seed_shows() -> None:
    for source in registry.sources().values():
        if source.release_rhythm_from != "periods":
            continue
        ends = pd.Series(pd.read_csv(source.path, usecols=["period_end_date"])["period_end_date"].unique())
        gap = pd.to_datetime(ends).sort_values().diff().dt.days.median()
        nearest = min(automation.RHYTHMS, key=lambda name: abs(math.log(automation.RHYTHMS[name].days / gap)))
        assert source.release_rhythm == nearest, (source.source_id, gap)


def test_what_starts_runs_waits_to_be_turned_on_and_what_watches_them_does_not(defs: dg.Definitions) -> None:
    off = {"landed_editions", "by_rhythm"}
    status = {sensor.name: sensor.default_status.value for sensor in defs.sensors or []}
    assert status == {name: "STOPPED" if name in off else "RUNNING" for name in (*off, "dead_runs", "failure_notice")}


def test_assets_follow_the_rhythm_of_their_source(graph: Any) -> None:
    for key in graph.get_all_asset_keys():
        source = registry.sources().get(key.path[-1]) if key.path[0] == "raw" else None
        condition, policy = graph.get(key).automation_condition, graph.get(key).freshness_policy_or_from_metadata
        if key.path[0] != "raw":
            assert condition == dg.AutomationCondition.eager(), key
            continue
        rhythm = automation.RHYTHMS.get(source.release_rhythm or "") if source else None
        assert (condition is None) == (policy is None) == (rhythm is None), key
        if rhythm:
            assert condition == dg.AutomationCondition.on_cron(rhythm.cron, "Europe/London")
            assert policy.warn_window.to_timedelta() == timedelta(days=rhythm.days) < policy.fail_window.to_timedelta()


def test_in_its_month_a_source_is_read_again_with_all_that_hangs_on_it(defs: dg.Definitions, graph: Any) -> None:
    keys = graph.get_all_asset_keys()
    monthly = {s.source_id for s in registry.sources().values() if s.release_rhythm == "monthly"}
    with dg.DagsterInstance.ephemeral() as instance:
        for key in keys:
            instance.report_runless_asset_event(dg.AssetMaterialization(key))
        cursor, asked = None, []
        for moment in ("2027-01-15T12:00", "2027-01-31T23:00", "2027-02-01T05:01", "2027-02-01T05:02"):
            result = dg.evaluate_automation_conditions(
                defs, instance, cursor=cursor, evaluation_time=datetime.fromisoformat(moment).replace(tzinfo=UTC)
            )
            cursor = result.cursor
            asked.append({key for key in keys if result.get_num_requested(key)})
    before, still, now, after = asked
    assert before == still == after == set()
    assert {key.path[-1] for key in now if key.path[0] == "raw"} == monthly
    hanging = set()
    waiting = {dg.AssetKey(["raw", source]) for source in monthly}
    while waiting:
        key = waiting.pop()
        hanging.add(key)
        waiting |= set(graph.get(key).child_keys) - hanging
    assert now == hanging
    assert dg.AssetKey("publication") in now


# --- The landing folder -----------------------------------------------------------------------------------------------


@dataclass
class Desk:
    """A folder of seeds in use, and publications that were built from them, as far as the sensor looks."""

    folder: Path

    def put(self, seed: str, text: str) -> None:
        (self.folder / "seeds" / seed).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / "seeds" / seed).write_text(text)

    def publish(self, name: str) -> None:
        publication = self.folder / "published/history" / name
        (publication / "csv").mkdir(parents=True)
        seeds = [p for p in sorted((self.folder / "seeds").rglob("*")) if p.is_file()]
        lines = [f"{p.stem},{p.relative_to(self.folder / 'seeds')},{sha256(p)},2027-01-04" for p in seeds]
        header = "source_id,seed_path,seed_sha256,snapshot_date"
        (publication / "csv/source_edition.csv").write_text("\n".join([header, *lines, ""]))
        (self.folder / "published/current").unlink(missing_ok=True)
        (self.folder / "published/current").symlink_to(f"history/{name}")

    def asked(self) -> str | None:
        """The key of the run that the sensor asks for, or None."""
        said = automation.landed_editions()
        return said.run_key if isinstance(said, dg.RunRequest) else None


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(landing, "LANDING", tmp_path / "landing")
    monkeypatch.setattr(automation, "SEEDS", tmp_path / "seeds")
    monkeypatch.setattr(automation, "PUBLISHED", tmp_path / "published")
    desk = Desk(tmp_path)
    desk.put("sources.yml", "registry")
    for source_id in ("trafford_recycling", "ons_claimant_count"):
        desk.put(registry.sources()[source_id].seed, "first")
    return desk


def test_seeds_that_were_published_are_not_built_again(desk: Desk) -> None:
    """One run for each set of seeds that is not in force, also for one that comes back, and none where all is built."""
    first = desk.asked()
    assert first and first == desk.asked()  # nothing is published: once
    desk.publish("20270104T060000Z-00000001")
    assert desk.asked() is None
    desk.put("observations/trafford_recycling.csv", "second")
    second = desk.asked()
    assert second and second != first and second == desk.asked()
    desk.put("observations/trafford_recycling.csv", "first")  # taken back before it was built
    assert desk.asked() is None
    desk.put("observations/trafford_recycling.csv", "second")
    desk.publish("20270111T060000Z-00000002")
    assert desk.asked() is None
    # An earlier set returns: it is built again, under a key of its own.
    desk.put("observations/trafford_recycling.csv", "first")
    third = desk.asked()
    assert third and third not in (first, second)
    # What the registry says is published too.
    desk.publish("20270118T060000Z-00000003")
    desk.put("sources.yml", "registry, changed")
    assert desk.asked()


def test_a_publication_that_does_not_say_what_it_was_built_from_is_built_anew(desk: Desk) -> None:
    desk.publish("20270104T060000Z-00000001")
    (desk.folder / "published/current/csv/source_edition.csv").unlink()
    assert desk.asked()


def land(source_id: str, day: str, status: str) -> None:
    """An edition that is not in use, with its report."""
    source = registry.sources()[source_id]
    folder = landing.LANDING / source_id / f"{day}-00000000"
    (folder / source.files[0].path).parent.mkdir(parents=True)
    (folder / source.files[0].path).write_text(f"edition of {day}")
    checksum = sha256(folder / source.files[0].path)
    one = LandedFile(source.files[0].path, "address", None, None, f"{day}T06:00:00Z", checksum, 21)
    landing._write_note(Edition(folder, source_id, f"{day}T06:00:00Z", f"{day}T06:00:00Z", (one,)), folder)
    (folder / refresh.REPORT_JSON).write_text(json.dumps({"status": status, "message": "unit: a hundredfold"}))


def test_an_edition_that_waits_for_a_person_is_named_and_asks_for_no_build(desk: Desk) -> None:
    desk.publish("20270104T060000Z-00000001")
    land("trafford_recycling", "2027-01-04", "waiting")
    said = automation.landed_editions()
    assert isinstance(said, dg.SkipReason)
    assert "A person is to decide about trafford_recycling" in (said.skip_message or "")


# --- Notices of failure -----------------------------------------------------------------------------------------------


class Receiver:
    """A server that takes notices, after it has answered otherwise for a while."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.asked = 0
        self.answers: list[int] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.asked += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = outer.answers.pop(0) if outer.answers else 200
                if status == 200:
                    assert self.headers["Content-Type"] == "application/json"
                    outer.taken.append(json.loads(body))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/hook/secret-token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    started = Receiver()
    yield started
    started.close()


@pytest.fixture
def failed() -> Iterator[Any]:
    """The context of the sensor for a run in which one step fails by a seed and another by a slip of ours."""

    @dg.asset
    def population() -> None:
        raise dg.Failure("seeds/geography/population.csv, line 5: 'many' is no number", allow_retries=False)

    @dg.asset
    def other() -> None:
        raise ZeroDivisionError("division by zero")

    @dg.asset(deps=[population])
    def publication() -> None:
        raise AssertionError("not reached")

    job = dg.Definitions(
        assets=[population, other, publication],
        jobs=[dg.define_asset_job("index")],
        executor=dg.in_process_executor,
    ).resolve_job_def("index")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        yield dg.build_run_status_sensor_context(
            sensor_name="failure_notice",
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            dagster_event=next(e for e in result.all_events if e.event_type_value == "PIPELINE_FAILURE"),
        ).for_run_failure()


def test_a_failed_run_is_told_with_its_steps_and_what_they_said(
    failed: Any, receiver: Receiver, publication: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISSIONS_WEBHOOK", receiver.address)
    assert automation.failure_notice(failed) is None
    (told,) = receiver.taken
    assert (told["event"], told["job"], told["run_id"]) == ("run_failed", "index", failed.dagster_run.run_id)
    assert {step["step"]: step["message"] for step in told["failed_steps"]} == {
        "population": "seeds/geography/population.csv, line 5: 'many' is no number",
        "other": "ZeroDivisionError: division by zero",
    }
    assert told["will_be_retried"] is False
    assert told["publication_in_force"] == (publication / "current").resolve().name
    for words in ("index failed", "line 5", "stays in force"):
        assert words in told["text"]
    assert datetime.fromisoformat(told["failed_at"]).tzinfo


def test_without_an_address_nothing_is_told(failed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MISSIONS_WEBHOOK", raising=False)
    assert isinstance(automation.failure_notice(failed), dg.SkipReason)


@pytest.mark.parametrize(
    ("answers", "asked", "is_taken"),
    [([500, 503], 3, True), ([429], 2, True), ([500] * 3, 3, False), ([404], 1, False), ([302], 1, False)],
    ids=["trouble that ends", "too many", "trouble that stays", "not there", "redirect"],
)
def test_a_notice_is_posted_again_where_that_may_help(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, answers: list[int], asked: int, is_taken: bool
) -> None:
    monkeypatch.setattr(automation, "_WAITS", (0, 0, 0))
    receiver.answers = list(answers)
    if is_taken:
        automation.post(receiver.address, {"text": "x"})
    else:
        with pytest.raises(automation.NoticeError, match=r"127\.0\.0\.1") as raised:
            automation.post(receiver.address, {"text": "x"})
        assert "secret-token" not in str(raised.value)
    assert (receiver.asked, bool(receiver.taken)) == (asked, is_taken)


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/secret-token", "file:///etc/passwd", "nonsense"])
def test_an_address_that_leads_nowhere_is_said_without_its_secret(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automation, "_WAITS", (0,))
    with pytest.raises(automation.NoticeError) as raised:
        automation.post(address, {"text": "x"})
    assert "MISSIONS_WEBHOOK" in str(raised.value) and "secret-token" not in str(raised.value)


# --- Runs do not overlap, and none is lost ----------------------------------------------------------------------------

_HOLDER = "from orchestration.run import only_run\nwith only_run(): print('held', flush=True); input()"


@pytest.fixture
def holder(project: Path) -> Iterator[subprocess.Popen[str]]:
    """A run of another process, so to say, in a project of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER],
        env={**os.environ, "MISSIONS_HOME": str(project)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_build_beside_another_run_says_so_and_touches_nothing(
    project: Path, holder: subprocess.Popen[str], missions: Missions
) -> None:
    result = missions("build", home=project)
    assert result.returncode == 1
    said = " ".join(result.stderr.split())
    assert f"Another run is under way in {project}/build (process {holder.pid}, since" in said
    assert "Wait until it has ended" in said
    assert "Traceback" not in result.stderr
    assert not (project / "build/warehouse.duckdb").exists()
    assert not (project / "published").exists()


def test_the_lock_goes_with_the_process_that_holds_it(
    project: Path, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_LOCK", project / "build/.run.lock")
    with pytest.raises(BusyError), pipeline.only_run():
        pass
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(BusyError):
        pipeline.fail_dead_runs(instance)
    # A run of Dagster's waits for a while.
    threading.Timer(0.5, holder.send_signal, [signal.SIGKILL]).start()
    with pipeline.only_run(patience=20), pipeline.only_run():  # within a process it nests
        pass


def test_every_run_of_dagster_holds_a_lock(graph: Any) -> None:
    """Whatever is chosen in the UI: a run without one would be taken for dead while it works.

    The job refresh holds the landing folder, not the build: it may wait for servers for half an hour, and takes the
    lock on the build only where it puts a seed in place.
    """
    from orchestration.refresh import refresh_job

    assert [op.name for op in refresh_job.nodes if "warehouse" in op.definition.required_resource_keys] == []
    for assets in graph.assets_defs:
        assert "warehouse" in assets.required_resource_keys or not assets.keys, assets.keys


def test_a_refresh_at_work_is_not_taken_for_dead(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_LOCK", project / "build/.run.lock")
    monkeypatch.setattr(landing, "LANDING", project / "build/landing")
    with dg.DagsterInstance.ephemeral() as instance:
        run = create_run_for_test(instance, "refresh", status=dg.DagsterRunStatus.STARTED)
        other = create_run_for_test(instance, "index", status=dg.DagsterRunStatus.STARTED)
        with refresh._alone():
            assert pipeline.fail_dead_runs(instance) == [other.run_id]
        assert pipeline.fail_dead_runs(instance) == [run.run_id]


def test_a_run_whose_process_is_gone_is_marked_failed_and_a_young_one_left(monkeypatch: pytest.MonkeyPatch) -> None:
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
        assert pipeline.fail_dead_runs(instance) == [own.run_id]
        assert instance.get_run_by_id(own.run_id).status == dg.DagsterRunStatus.FAILURE
        assert instance.get_run_by_id(queued.run_id).status == dg.DagsterRunStatus.QUEUED
        assert instance.get_run_by_id(done.run_id).status == dg.DagsterRunStatus.SUCCESS
        assert pipeline.fail_dead_runs(instance) == []
        # One of Dagster's own may not have come as far as the lock yet.
        assert instance.get_run_by_id(young.run_id).status == dg.DagsterRunStatus.STARTED
        monkeypatch.setattr(pipeline, "_WITHOUT_LOCK", 0.0)
        assert pipeline.fail_dead_runs(instance) == [young.run_id]


@pytest.mark.parametrize("job", ["index", "refresh"])
def test_a_killed_run_that_dagster_forgets_is_begun_again_once(
    job: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its daemon reads the event of the failure before the run is marked failed, and never looks again."""
    monkeypatch.setattr(pipeline, "_LOCK", project / "build/.run.lock")
    monkeypatch.setattr(pipeline, "_WITHOUT_LOCK", 0.0)
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
        # Dagster is given its time.
        assert isinstance(automation.dead_runs(context), dg.SkipReason)
        monkeypatch.setattr(automation, "_LOST_AFTER", 0.0)
        (asked,) = automation.dead_runs(context)
        assert (asked.run_key, asked.job_name, asked.run_config) == (f"again-{run.run_id}", job, config)
        # Where Dagster did its part, or a later run is there, nothing is asked for.
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
    monkeypatch.setattr(pipeline, "_LOCK", project / "build/.run.lock")
    with dg.DagsterInstance.from_config(str(project / "build/dagster")) as instance:
        (killed,) = instance.get_runs()
        assert killed.status == dg.DagsterRunStatus.STARTED
        assert pipeline.fail_dead_runs(instance) == [killed.run_id]
        (event,) = instance.all_logs(killed.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        assert event.dagster_event and "it was killed" in (event.dagster_event.message or "")
    shutil.rmtree(project)
