"""Dagster in a real browser: the graph, a group and then everything built from the UI, and a check that blocks.

Uses a separate project, web server and daemon, started as `make dev` starts them. Skipped if no Chromium is found. The
tests build on each other.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from missions.publication.folder import current, verify
from tests.conftest import copy_project
from tests.support.browser import PATIENCE as PAGE_PATIENCE
from tests.support.browser import browser
from tests.support.receiver import Receiver

__all__ = ["browser"]

pytestmark = pytest.mark.slow
GROUPS = ("raw", "staging", "intermediate", "marts", "publication")
# A busy machine takes many times as long as an idle one.
PATIENCE = 600.0
FINAL = ("SUCCESS", "FAILURE", "CANCELED")


@dataclass
class Dagster:
    """A running web server and daemon."""

    project: Path
    address: str
    process: subprocess.Popen[bytes]
    receiver: Receiver

    def ask(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.address}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PAGE_PATIENCE) as answer:
            return json.loads(answer.read())["data"]

    def status(self, run_id: str) -> str:
        return str(
            self.ask("query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }", id=run_id)["runOrError"][
                "status"
            ]
        )

    def runs(self) -> list[dict[str, Any]]:
        """Newest first."""
        found: list[dict[str, Any]] = self.ask(
            "{ runsOrError { ... on Runs { results { runId status jobName parentRunId } } } }"
        )["runsOrError"]["results"]
        return found

    def finished(self, run_id: str) -> str:
        return wait(lambda: (status := self.status(run_id)) in FINAL and status, f"run {run_id} to end")


def wait(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.25)
    raise AssertionError(f"waited {patience:.0f} s for {what}")


@pytest.fixture(scope="module")
def dagster(
    browser: Browser, home: Path, publication: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dagster]:
    project = copy_project(tmp_path_factory.mktemp("browser") / "project")
    (project / "build/dagster").mkdir(parents=True)
    shutil.copy2(project / "orchestration/dagster.yaml", project / "build/dagster")
    shutil.copy2(home / "build/warehouse.duckdb", project / "build")
    shutil.copytree(publication, project / "published", symlinks=True)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    receiver = Receiver()
    log = (project / "build/dev.log").open("wb")
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "dagster"), "dev", "-w", "workspace.yaml", "-p", str(port)],
        cwd=project,
        env={
            **os.environ,
            "MISSIONS_HOME": str(project),
            "DAGSTER_HOME": str(project / "build/dagster"),
            "MISSIONS_WEBHOOK": receiver.address,
            "PYTHONPATH": str(project),
        },
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    started = Dagster(project, f"http://127.0.0.1:{port}", process, receiver)
    try:
        wait(lambda: process.poll() is not None or answers(started), "the web server")
        assert process.poll() is None, (project / "build/dev.log").read_text()
        yield started
    finally:
        everyone = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        os.killpg(process.pid, signal.SIGINT)
        _, alive = psutil.wait_procs(everyone, timeout=8)
        for one in alive:
            one.kill()
        psutil.wait_procs(alive, timeout=10)
        log.close()
        receiver.close()
        shutil.rmtree(project)


def answers(dagster: Dagster) -> bool:
    try:
        nodes = dagster.ask("{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }")
    except OSError:
        return False
    return bool(nodes["repositoriesOrError"].get("nodes"))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1500, "height": 1000})
    opened.set_default_timeout(PAGE_PATIENCE * 1000)
    yield opened
    opened.close()


def materialise_all(page: Page) -> str:
    """Press the button; return the id of the run that the UI links to."""
    page.get_by_role("button", name="Materialize all").click()
    link = page.get_by_role("link", name="View", exact=True).and_(page.locator("a[href*='/runs/']"))
    return str(link.first.get_attribute("href")).rsplit("/", 1)[1]


def test_the_graph_shows_the_layers_and_the_automation_what_is_on(dagster: Dagster, page: Page) -> None:
    page.goto(f"{dagster.address}/asset-groups")
    for group in GROUPS:
        expect(page.get_by_text(group, exact=True).first).to_be_visible()
    page.goto(f"{dagster.address}/automation")
    for name, is_on in (
        ("weekly", False),
        ("weekly_refresh", False),
        ("landed_editions", False),
        ("by_rhythm", False),
        ("dead_runs", True),
        ("failure_notice", True),
    ):
        expect(page.get_by_text(name, exact=True)).to_be_visible()
        row = page.locator("div").filter(has=page.get_by_text(name, exact=True)).filter(has=page.locator("input")).last
        switch = row.locator("input[type=checkbox]").last
        expect(switch).to_be_checked(checked=is_on)


def test_a_group_is_built_from_its_page_and_shows_its_metadata(dagster: Dagster, page: Page) -> None:
    page.goto(f"{dagster.address}/locations/missions_index/asset-groups/raw")
    run = materialise_all(page)
    assert dagster.finished(run) == "SUCCESS"
    page.goto(f"{dagster.address}/runs/{run}")
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()
    page.goto(f"{dagster.address}/assets/raw/ons_claimant_count")
    rows = len((dagster.project / "seeds/observations/ons_claimant_count.csv").read_text().splitlines()) - 1
    for words in ("Claimant Count (Office for National Statistics)", "missions-index", f"{rows:,}", "sha256"):
        expect(page.get_by_text(words).first).to_be_visible()
    expect(page.get_by_text("Warns if more than").first).to_be_visible()


def test_everything_is_built_and_a_killed_run_is_retried(dagster: Dagster, page: Page) -> None:
    before = current(dagster.project / "published")
    warehouse = dagster.project / "build/warehouse.duckdb"
    page.goto(f"{dagster.address}/locations/missions_index/jobs/index")
    touched = warehouse.stat().st_mtime_ns
    run = materialise_all(page)
    wait(lambda: dagster.status(run) == "STARTED" and warehouse.stat().st_mtime_ns > touched, "the run to be at work")
    holder = re.search(r"process (\d+)", (dagster.project / "build/.run.lock").read_text())
    family = {one.pid: one for one in psutil.Process(dagster.process.pid).children(recursive=True)}
    assert holder
    family[int(holder[1])].kill()
    assert dagster.finished(run) == "FAILURE"
    page.goto(f"{dagster.address}/runs/{run}")
    expect(page.get_by_text("Failure", exact=True).first).to_be_visible()
    assert current(dagster.project / "published") == before
    # By Dagster within seconds, or else by the sensor dead_runs.
    again = wait(lambda: [r for r in dagster.runs() if r["jobName"] == "index" and r["runId"] != run], "the next run")[
        0
    ]
    assert dagster.finished(again["runId"]) == "SUCCESS"
    after = current(dagster.project / "published")
    assert after and before and after != before
    assert after.name.rsplit("-", 1)[1] == before.name.rsplit("-", 1)[1]  # the same seeds, the same tables
    verify(after)
    page.goto(f"{dagster.address}/assets/publication")
    expect(page.get_by_text(after.name).first).to_be_visible()
    page.goto(f"{dagster.address}/assets/marts/composite_index?view=checks")
    expect(page.get_by_text("assert_contrib").first).to_be_visible()
    expect(page.get_by_text("Passed", exact=True).first).to_be_visible()
    expect(page.get_by_text("blocking", exact=True).first).to_be_visible()


def test_a_failing_check_blocks_the_publication_and_is_notified(dagster: Dagster, page: Page) -> None:
    before = current(dagster.project / "published")
    seed = dagster.project / "seeds/framework/correction.csv"
    text = seed.read_text()
    damaged = re.sub(
        r"(?m)^(fuel_poverty_sefton,.*?),2022-12-31,2022-12-31,", r"\1,1999-12-31,1999-12-31,", text, count=1
    )
    assert damaged != text
    seed.write_text(damaged)
    try:
        # The correction and everything that depends on it, selected in the graph.
        page.goto(
            f"{dagster.address}/asset-groups~{quote('key:' + chr(34) + 'raw/correction' + chr(34) + '+', safe='')}/"
        )
        run = materialise_all(page)
        assert dagster.finished(run) == "FAILURE"
    finally:
        seed.write_text(text)
    assert current(dagster.project / "published") == before
    assert before
    verify(before)
    page.goto(f"{dagster.address}/runs/{run}")
    expect(page.get_by_text("Failure", exact=True).first).to_be_visible()
    page.goto(
        f"{dagster.address}/assets/intermediate/int_observations?view=checks&checkDetail=assert_corrections_apply"
    )
    expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
    # The notices: of this run with its failed step, and of the killed one, that it will be retried.
    told = wait(lambda: {n["run_id"]: n for n in dagster.receiver.taken}.get(run), "the notice")
    (step,) = told["failed_steps"]
    assert step["step"] == "warehouse_models"
    assert "assert_corrections_apply" in step["message"]
    assert (told["will_be_retried"], told["publication_in_force"]) == (False, before.name)
    retried = [notice for notice in dagster.receiver.taken if notice["will_be_retried"]]
    assert [notice["job"] for notice in retried] == ["index"]
    # The cause comes from whoever notices the dead process first: the executor, which knows the signal, or the daemon.
    assert re.search("SIGKILL|marked as failed", retried[0]["text"]) and "will be retried" in retried[0]["text"]
    assert not [r for r in dagster.runs() if r["parentRunId"] == run]
