"""A folder of seeds refreshed from a server on this machine: fixtures for all tests of newer editions."""

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from missions.cli import app
from missions.files import sha256
from missions.publication import seeds as kept_seeds
from missions.sources import addresses, generated, landing, load, refresh, registry, snapshot
from missions.sources.fetch import Fetcher, Limits
from missions.sources.registry import Source, sources
from tests.conftest import ROOT
from tests.support.changes import next_period
from tests.support.publisher import OBESITY, RECYCLING, Change, Publisher, publishers_files

SEEDS_NEEDED = [
    "sources.yml",
    "SHA256SUMS",
    "framework/indicator_measure.csv",
    "framework/small_area_indicator.csv",
    "geography/area.csv",
    "geography/authority.csv",
    "geography/dfe_local_authority_number.csv",
    "geography/partnership.csv",
    f"observations/{OBESITY}.csv",
    f"observations/{RECYCLING}.csv",
]
LIMITS = Limits(file_bytes=5_000_000)
HASTY = replace(LIMITS, read_timeout=0.2, file_timeout=0.3)  # only if every attempt should exceed it


@dataclass
class Place:
    """A folder of seeds with its registry and landing folder, and the server from which it is refreshed."""

    folder: Path
    server: Publisher
    waits: list[float]

    def source(self, source_id: str = OBESITY) -> Source:
        return sources()[source_id]

    def offer(self, change: Change = next_period, source_id: str = OBESITY) -> None:
        self.server.files.update(publishers_files(source_id, change))

    def run(self, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
        """Run `missions refresh --json`."""
        result = CliRunner().invoke(app, ["refresh", "--json", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, json.loads(result.stdout) if result.stdout.startswith("[") else [{"e": result.stderr}]

    def one(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        code, (outcome,) = self.run(*arguments)
        return code, outcome

    def state(self) -> dict[str, str]:
        """The checksum of every seed."""
        return {str(p): sha256(p) for p in sorted((self.folder / "seeds").rglob("*")) if p.is_file()}

    def landed(self, source_id: str = OBESITY) -> list[Path]:
        return sorted((self.folder / "landing" / source_id).glob("2*"))


@pytest.fixture(scope="module")
def server() -> Iterator[Publisher]:
    with Publisher() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def settle_in(folder: Path, monkeypatch: pytest.MonkeyPatch, server: Publisher) -> list[float]:
    """Make all modules work in `folder` and skip all waits."""
    waits: list[float] = []
    for module in (registry, load, snapshot, refresh, kept_seeds, generated):
        monkeypatch.setattr(module, "SEEDS", folder / "seeds")
    monkeypatch.setattr(refresh, "SOURCES_PAGE", folder / "SOURCES.md")
    monkeypatch.setattr(landing, "LANDING", folder / "landing")
    monkeypatch.setattr(refresh, "Fetcher", lambda: Fetcher(LIMITS, sleep=waits.append))
    monkeypatch.setenv(addresses.LIVE_BASE_VARIABLE, server.address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    registry.forget()
    return waits


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, server: Publisher) -> Iterator[Path]:
    """Seeds refreshed once from the server's files, without any change to a figure."""
    folder = tmp_path_factory.mktemp("refresh") / "template"
    for seed in SEEDS_NEEDED:
        (folder / "seeds" / seed).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "seeds" / seed, folder / "seeds" / seed)
    with pytest.MonkeyPatch.context() as monkeypatch:
        settle_in(folder, monkeypatch, server)
        server.forget()
        for source_id in (OBESITY, RECYCLING):
            server.files.update(publishers_files(source_id))
        outcomes = refresh.refresh([sources()[OBESITY], sources()[RECYCLING]])
        assert [(o.status, o.message) for o in outcomes] == [("taken", "0 figures new or changed")] * 2
    registry.forget()
    yield folder


@pytest.fixture
def place(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch, server: Publisher) -> Iterator[Place]:
    folder = tmp_path / "project"
    shutil.copytree(template, folder)
    server.forget()
    waits = settle_in(folder, monkeypatch, server)
    for source_id in (OBESITY, RECYCLING):
        server.files.update(publishers_files(source_id))
    yield Place(folder, server, waits)
    monkeypatch.undo()
    registry.forget()
