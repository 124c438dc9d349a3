"""Automatic runs: release rhythms, conditions, freshness, and the sensor that watches the seeds."""

import json
import math
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from missions.files import sha256
from missions.sources import landing, refresh, registry
from missions.sources.landing import Edition, LandedFile
from orchestration import automation

Missions = Callable[..., subprocess.CompletedProcess[str]]


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


def test_what_starts_runs_is_off_by_default_and_what_watches_them_is_on(defs: dg.Definitions) -> None:
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


def test_in_its_month_a_source_is_reloaded_with_everything_that_depends_on_it(defs: dg.Definitions, graph: Any) -> None:
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
    """A folder of current seeds and publications built from them, as far as the sensor looks."""

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
        """The key of the run that the sensor requests, or None."""
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
    """One run per set of seeds that is not published, including one that returns; none if they are published."""
    first = desk.asked()
    assert first and first == desk.asked()  # nothing is published: one run
    desk.publish("20270104T060000Z-00000001")
    assert desk.asked() is None
    desk.put("observations/trafford_recycling.csv", "second")
    second = desk.asked()
    assert second and second != first and second == desk.asked()
    desk.put("observations/trafford_recycling.csv", "first")  # reverted before it was built
    assert desk.asked() is None
    desk.put("observations/trafford_recycling.csv", "second")
    desk.publish("20270111T060000Z-00000002")
    assert desk.asked() is None
    # An earlier set returns: it is built again, with a new key.
    desk.put("observations/trafford_recycling.csv", "first")
    third = desk.asked()
    assert third and third not in (first, second)
    # The registry is published too.
    desk.publish("20270118T060000Z-00000003")
    desk.put("sources.yml", "registry, changed")
    assert desk.asked()


def test_a_publication_that_does_not_record_its_seeds_is_rebuilt(desk: Desk) -> None:
    desk.publish("20270104T060000Z-00000001")
    (desk.folder / "published/current/csv/source_edition.csv").unlink()
    assert desk.asked()


def land(source_id: str, day: str, status: str) -> None:
    """A version that is not in use, with its report."""
    source = registry.sources()[source_id]
    folder = landing.LANDING / source_id / f"{day}-00000000"
    (folder / source.files[0].path).parent.mkdir(parents=True)
    (folder / source.files[0].path).write_text(f"edition of {day}")
    checksum = sha256(folder / source.files[0].path)
    one = LandedFile(source.files[0].path, "address", None, None, f"{day}T06:00:00Z", checksum, 21)
    landing._write_note(Edition(folder, source_id, f"{day}T06:00:00Z", f"{day}T06:00:00Z", (one,)), folder)
    (folder / refresh.REPORT_JSON).write_text(json.dumps({"status": status, "message": "unit: a hundredfold"}))


def test_a_version_that_awaits_a_decision_is_named_and_starts_no_build(desk: Desk) -> None:
    desk.publish("20270104T060000Z-00000001")
    land("trafford_recycling", "2027-01-04", "waiting")
    said = automation.landed_editions()
    assert isinstance(said, dg.SkipReason)
    assert "Awaiting your decision: trafford_recycling" in (said.skip_message or "")
