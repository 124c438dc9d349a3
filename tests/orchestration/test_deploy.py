"""docs/deploy.md and deploy/ work and agree with each other, as far as can be tested without a container engine."""

import configparser
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
import yaml

from missions.errors import PublicationError
from missions.publication.folder import kept, verify
from tests.conftest import PATIENCE, ROOT
from tests.support.ports import free_port

DEPLOY = ROOT / "deploy"
HOME = "/opt/missions-index"
BIN = Path(sys.executable).parent
PAGE = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def unit(name: str) -> configparser.ConfigParser:
    class Repeated(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            old = self.get(key)
            super().__setitem__(key, old + value if isinstance(value, list) and isinstance(old, list) else value)

    parser = configparser.ConfigParser(strict=False, interpolation=None, dict_type=Repeated)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / name)
    return parser


SERVICES = {name: unit(f"missions-{name}.service") for name in ("code", "daemon", "webserver")}


def command(name: str) -> list[str]:
    """The command that starts a process, the same for systemd and containers."""
    return shlex.split(SERVICES[name]["Service"]["ExecStart"])


def option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


def composed(name: str) -> list[str]:
    words = shlex.split(COMPOSE["services"][name]["command"])
    return shlex.split(words[2])[shlex.split(words[2]).index("exec") + 1 :] if words[0] == "sh" else words


def test_both_ways_run_the_same_commands() -> None:
    for name in SERVICES:
        single = [word.removeprefix(f"{HOME}/.venv/bin/") for word in command(name)]
        assert [word.replace("127.0.0.1", "0.0.0.0") for word in single] == composed(name)


@pytest.mark.slow
def test_commands_exist_and_take_these_options() -> None:
    for name in SERVICES:
        words = command(name)
        program = Path(words[0])
        assert program.parent == Path(HOME) / ".venv/bin"
        verbs = [word for word in words[1:] if not word.startswith("-")][: 2 if program.name == "dagster" else 1]
        verbs = verbs if program.name != "dagster-webserver" else []
        helped = subprocess.run(
            [str(BIN / program.name), *verbs, "--help"], capture_output=True, text=True, timeout=PATIENCE, check=True
        ).stdout
        for word in words:
            if word.startswith("--"):
                assert word in helped, (name, word)


def test_ports_and_paths_agree() -> None:
    workspace = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())["load_from"][0]["grpc_server"]
    caddy = (DEPLOY / "Caddyfile").read_text()
    code, web = option(command("code"), "--port"), option(command("webserver"), "--port")
    assert str(workspace["port"]) == code == COMPOSE["services"]["code"]["expose"][0]
    assert COMPOSE["services"]["code"]["healthcheck"]["test"][-1] == code
    assert COMPOSE["services"]["webserver"]["expose"] == [web]
    assert COMPOSE["services"]["proxy"]["environment"]["MISSIONS_WEBSERVER"] == f"webserver:{web}"
    assert f"127.0.0.1:{web}" in caddy
    assert f"127.0.0.1:{code}" in PAGE and f"127.0.0.1:{web}" in PAGE
    prefix = option(command("webserver"), "--path-prefix")
    assert f"handle {prefix}*" in caddy and f"`{prefix}`" in PAGE
    assert f"root * {{$MISSIONS_HOME:{HOME}}}/published/site" in caddy
    assert workspace["location_name"] == option(command("code"), "--location-name")
    assert (
        workspace["location_name"]
        == yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"][0]["python_module"]["location_name"]
    )
    for service in SERVICES.values():
        assert service["Service"]["WorkingDirectory"] == HOME
        assert f"DAGSTER_HOME={HOME}/build/dagster" in service["Service"]["Environment"]
    assert f"DAGSTER_HOME={HOME}/build/dagster" in (DEPLOY / "Dockerfile").read_text()
    mounted = {volume.split(":")[1] for volume in COMPOSE["services"]["code"]["volumes"]}
    assert mounted == {f"{HOME}/{folder}" for folder in ("seeds", "build", "published", "docs")}


def test_only_the_proxy_is_open_to_the_network_and_dagster_is_behind_its_login() -> None:
    for name in SERVICES:
        words = command(name)
        assert "--host" not in words or option(words, "--host") == "127.0.0.1"
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["proxy"]
    assert COMPOSE["services"]["proxy"]["ports"] == ["80:80", "443:443"]
    caddy = re.sub(r"#.*", "", (DEPLOY / "Caddyfile").read_text())
    blocks = re.findall(r"^\thandle(?: (\S+))? \{(.*?)^\t\}", caddy, re.DOTALL | re.MULTILINE)
    served = {path: body for path, body in blocks}
    assert set(served) == {"/dagster*", "@pinned", "@download", ""}
    assert served["/dagster*"].index("basicauth") < served["/dagster*"].index("reverse_proxy")
    assert not [path for path, body in served.items() if path != "/dagster*" and "reverse_proxy" in body]


def test_everything_named_on_the_page_is_there(defs: dg.Definitions) -> None:
    from orchestration.assets import PATIENCE  # importing it parses the dbt project

    for name in re.findall(r"`?(deploy/[\w./-]+\w)`?", PAGE):
        if name != "deploy/.env" and "*" not in name:
            assert (ROOT / name).exists(), name
    for name in re.findall(r"`(docs/[\w.-]+|tests/[\w.-]+)`", PAGE):
        assert (ROOT / name).exists(), name
    table = dict(re.findall(r"^\| `(\w+)` \| \w+ \| (on|off) \|", PAGE, re.MULTILINE))
    found = {s.name: s.default_status.value for s in [*(defs.schedules or []), *(defs.sensors or [])]}
    assert table == {name: {"RUNNING": "on", "STOPPED": "off"}[status] for name, status in found.items()}
    assert f"up to {PATIENCE:.0f} seconds" in PAGE
    assert "deploy/.env" in (ROOT / ".gitignore").read_text().split()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    """All but the programs, as their paths do not exist here."""
    for path in [*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")]:
        text = re.sub(r"^(ExecStart)=/opt/\S+", r"\1=/bin/true", path.read_text(), flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text)
    checked = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    if "Failed to" in checked.stderr and "runtime directory" in checked.stderr:
        pytest.skip("systemd-analyze cannot work in this container")
    own = [line for line in checked.stderr.splitlines() if line.startswith(("missions-", str(tmp_path)))]
    assert own == [], own


def test_the_dockerfile_copies_what_is_there_and_leaves_out_what_is_big() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    copied = [words.split()[1:-1] for words in re.findall(r"^COPY (.+)$", text, re.MULTILINE)]
    for name in [name for names in copied for name in names]:
        assert (ROOT / name).exists(), name
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    assert {".venv", "build", "published", ".git"} <= set(ignored)
    assert ".venv/installed:" in (ROOT / "Makefile").read_text()
    version = re.search(r"FROM python:(3\.\d+)-", text)
    assert version and version[1] in ("3.11", "3.12")


def backed_up(publication: Path, folder: Path, copies: str = "14") -> Path:
    done = subprocess.run(
        ["bash", str(DEPLOY / "backup"), str(folder), copies],
        env={**os.environ, "MISSIONS_HOME": str(publication.parent)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def test_a_backup_is_restored_whole(publication: Path, home: Path, missions: Any, tmp_path: Path) -> None:
    copy = backed_up(publication, tmp_path / "backups")
    assert {path.name for path in copy.iterdir()} >= {"published", "seeds", "build"}
    assert not [path for path in (copy / "published").rglob("*") if path.name.startswith(".")]
    restored = tmp_path / "restored"
    shutil.copytree(copy, restored, symlinks=True)
    for folder in kept(restored / "published"):
        verify(folder)
    found = missions("--published", str(restored / "published"), "history", "--verify", home=home)
    assert found.returncode == 0, found.stderr
    question = "SELECT count(*), sum(need_score) FROM marts.composite_index"
    answers = []
    for place in (publication, restored / "published"):
        with duckdb.connect(str(place / "missions_index.duckdb"), read_only=True) as connection:
            answers.append(connection.execute(question).fetchall())
    assert answers[0] == answers[1]
    # The record of runs is complete too.
    with dg.DagsterInstance.from_config(str(home / "build/dagster")) as instance:
        runs = {run.run_id for run in instance.get_runs()}
    shutil.copy2(home / "build/dagster/dagster.yaml", restored / "build/dagster")
    with dg.DagsterInstance.from_config(str(restored / "build/dagster")) as instance:
        assert {run.run_id for run in instance.get_runs()} == runs
    # And damage is found.
    (kept(restored / "published")[0] / "csv/dim_authority.csv").write_text("")
    with pytest.raises(PublicationError):
        verify((restored / "published/current").resolve())


def test_old_backups_go_and_a_damaged_publication_is_not_backed_up(publication: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    history = project / "published/history"
    folder = (publication / "current").resolve()
    small = history / folder.name
    small.mkdir(parents=True)
    (small / "one.csv").write_text("1\n")
    (small / "SHA256SUMS").write_text("4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865  one.csv\n")
    (project / "published/current").symlink_to(f"history/{folder.name}")
    (project / "seeds").mkdir()
    backups, beside = tmp_path / "my backups", tmp_path / "my"
    beside.mkdir()
    for day in (1, 2, 3):
        (backups / f"2026010{day}T023000Z").mkdir(parents=True)
    (backups / "notes").mkdir()
    newest = backed_up(project / "published", backups, "2")
    left = ["20260103T023000Z", newest.name, "notes"]
    assert sorted(path.name for path in backups.iterdir()) == left
    assert beside.is_dir(), "a folder that is not a backup is left alone"
    none = subprocess.run(["bash", str(DEPLOY / "backup"), str(backups), "0"], capture_output=True, text=True)
    assert none.returncode == 2 and "COPIES must be" in none.stderr
    (small / "one.csv").write_text("2\n")
    failed = subprocess.run(
        ["bash", str(DEPLOY / "backup"), str(backups)],
        env={**os.environ, "MISSIONS_HOME": str(project)},
        capture_output=True,
        text=True,
    )
    assert failed.returncode != 0
    assert "one.csv" in failed.stdout + failed.stderr
    assert sorted(path.name for path in backups.iterdir()) == left


def test_the_steps_of_the_page_make_an_empty_home(tmp_path: Path) -> None:
    """useradd fills a home that it creates, and git clones only into empty folders."""
    page = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    [made] = re.findall(r"sudo useradd .*", page)
    assert "--no-create-home" in made and page.index(made) < page.index(
        "sudo install -d -o missions -m 755 /opt/missions-index"
    )
    assert page.index("sudo install -d -o missions -m 755") < page.index("git clone REPOSITORY /opt/missions-index")


@pytest.mark.slow
def test_the_web_server_starts_against_the_code_server(project: Path, tmp_path: Path) -> None:
    """The commands of the units, on free ports and in a separate project; one query under the path prefix."""
    code, web = str(free_port()), str(free_port())
    text = (DEPLOY / "workspace.yaml").read_text().replace("4000", code)
    (tmp_path / "workspace.yaml").write_text(text)
    (project / "build/dagster").mkdir(parents=True)
    shutil.copy2(project / "orchestration/dagster.yaml", project / "build/dagster")
    environment = {
        **os.environ,
        "MISSIONS_HOME": str(project),
        "DAGSTER_HOME": str(project / "build/dagster"),
        "MISSIONS_CODE_HOST": "127.0.0.1",
    }
    started = []
    try:
        for name in ("code", "webserver"):
            if name == "webserver":  # as its unit does
                assert "grpc-health-check --port 4000" in (DEPLOY / "missions-webserver.service").read_text()
                health = [str(BIN / "dagster"), "api", "grpc-health-check", "--port", code]
                deadline = time.monotonic() + 120
                while subprocess.run(health, env=environment, capture_output=True).returncode:
                    assert time.monotonic() < deadline, (tmp_path / "code.log").read_text()
            words = [word.replace(f"{HOME}/.venv/bin", str(BIN)) for word in command(name)]
            for flag, value in (
                ("--port", code if name == "code" else web),
                ("--workspace", str(tmp_path / "workspace.yaml")),
            ):
                if flag in words:
                    words[words.index(flag) + 1] = value
            log = (tmp_path / f"{name}.log").open("w")
            started.append(
                subprocess.Popen(words, cwd=project, env=environment, stdout=log, stderr=log, start_new_session=True)
            )
        address = f"http://127.0.0.1:{web}/dagster"
        question = "{ repositoriesOrError { ... on RepositoryConnection { nodes { location { name } } } } }"
        query = json.dumps({"query": question}).encode()
        deadline, answer = time.monotonic() + 120, ""
        while "missions_index" not in answer and time.monotonic() < deadline:
            assert all(process.poll() is None for process in started), (tmp_path / "code.log").read_text()
            try:
                request = urllib.request.Request(
                    f"{address}/graphql", data=query, headers={"Content-Type": "application/json"}
                )
                with urllib.request.urlopen(request, timeout=10) as response:
                    answer = response.read().decode()
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.5)
        assert "missions_index" in answer, (tmp_path / "code.log").read_text() + (
            tmp_path / "webserver.log"
        ).read_text()
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGTERM)
        for process in started:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
