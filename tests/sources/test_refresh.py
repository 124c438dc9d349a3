"""A refresh from end to end against a real HTTP server: the cases in refresh_cases.py and people's decisions."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from missions.cli import app
from missions.files import sha256
from missions.sources import build_file, generated, landing, load, refresh, snapshot
from missions.sources.fetch import Fetcher, Limits
from missions.sources.load import seed_text
from missions.sources.registry import sources
from tests.conftest import ROOT, SHARED
from tests.sources.refresh_cases import CASES, Case
from tests.support.changes import hundredfold, next_period, recoded, rows_swapped
from tests.support.publisher import OBESITY, RECYCLING, as_csv, publishers_files, publishers_table, status
from tests.support.refreshing import HASTY, Place

TABLE_BEGIN, TABLE_END = "<!-- refresh cases -->", "<!-- /refresh cases -->"


def test_files_are_written_as_publishers_write_them(place: Place) -> None:
    """The project's own reader turns them back into exactly the seeds they were written from."""
    for source_id in (OBESITY, RECYCLING):
        text, _ = snapshot.read_publisher(place.source(source_id), place.landed(source_id)[0])
        assert text == (ROOT / f"seeds/observations/{source_id}.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_happens(place: Place, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "Fetcher", lambda: Fetcher(case.limits, sleep=place.waits.append))
    if case.by_date_only:
        place.server.by_date_only = True
        place.landed()[0].joinpath(landing.EDITION).unlink()  # it records the ETags
        place.run(case.source_id)
        place.server.asked.clear()
    if case.change:
        place.offer(case.change, case.source_id)
    before, landed = place.state(), place.landed(case.source_id)
    place.server.answers, place.server.always = list(case.answers), case.always

    began = time.monotonic()
    code, outcome = place.one(case.source_id)

    if case.limits is HASTY:
        assert time.monotonic() - began < 8  # five attempts of 0.3 seconds
    assert (outcome["status"], code) == (case.status, case.exit_code), outcome["message"]
    assert case.said in outcome["message"]
    statuses = [status for path, status, _ in place.server.asked if path.endswith(".csv")]
    if case.statuses is not None:
        assert statuses == case.statuses
    if case.by_date_only:
        assert statuses == [304]
    assert place.waits == case.waits
    after = place.state()
    source = place.source(case.source_id)
    if case.status == "taken":
        (new,) = set(place.landed(case.source_id)) - set(landed)
        assert {f.path: f.sha256 for f in source.files} == {f.path: sha256(new / f.path) for f in source.files}
        assert seed_text(source) == snapshot.read_publisher(source, new)[0]
        served = place.server.files[f"/{source.distributor}/HEAD/{source.files[0].distributor_path}"]
        assert (new / source.files[0].path).read_bytes() == served
        assert str(source.snapshot_date) == new.name[:10]
        # Only this seed and the registry.
        changed = {Path(path).name for path in after if after[path] != before[path]}
        assert changed <= {"sources.yml", "SHA256SUMS", f"{case.source_id}.csv"}
        with duckdb.connect() as connection:
            load.load_source(connection, source)
    else:
        assert after == before
    if case.status in ("waiting", "unreadable"):
        (new,) = set(place.landed(case.source_id)) - set(landed)
        report = (new / refresh.REPORT_TEXT).read_text(encoding="utf-8")
        assert case.said.split(": ")[-1] in report
        assert (case.status == "waiting") == (f"missions refresh --accept {case.source_id}" in report)
        assert json.loads((new / refresh.REPORT_JSON).read_text(encoding="utf-8"))["status"] == case.status
        # At the next refresh the server has nothing new, and the question is still open.
        place.server.asked.clear()
        again, outcome = place.one(case.source_id)
        assert (again, outcome["status"]) == (case.exit_code, case.status)
        assert {status for _, status, _ in place.server.asked} == {304}
    if case.status == "failed":
        assert place.landed(case.source_id) == landed


def test_the_operations_page_lists_the_cases() -> None:
    """The table in docs/operations.md is made from the cases."""
    rows = [f"| {c.name} | {c.happens} | {c.status} | {c.exit_code} |" for c in CASES]
    table = "\n".join(["| Case | What happens | Status | Exit code |", "|---|---|---|---|", *rows])
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert page.split(TABLE_BEGIN)[1].split(TABLE_END)[0].strip() == table


def test_the_page_of_sources_follows(place: Place) -> None:
    refresh.SOURCES_PAGE.write_text("old", encoding="utf-8")
    place.offer()
    place.run(OBESITY)
    assert refresh.SOURCES_PAGE.read_text(encoding="utf-8") == generated.sources_page()


def test_check_changes_nothing(place: Place) -> None:
    before = place.state()
    place.offer()
    assert place.one("--check", OBESITY)[1]["status"] == "newer"
    assert place.state() == before
    code, outcome = place.one(OBESITY)  # 304 this time; applied from the landing folder
    assert (code, outcome["status"]) == (0, "taken")
    assert place.state() != before


def test_a_person_accepts_what_is_out_of_bounds(place: Place) -> None:
    place.offer(rows_swapped)
    assert place.run(OBESITY)[0] == 3
    place.server.always = status(500)  # nothing is fetched: the edition in the report is applied
    code, outcome = place.one("--accept", OBESITY)
    assert (code, outcome["status"]) == (0, "taken")
    assert "accepted by a person although out of bounds" in outcome["message"]
    assert seed_text(place.source()) == snapshot.read_publisher(place.source(), place.landed()[-1])[0]
    place.server.always = None
    assert place.one(OBESITY)[1]["status"] == "unchanged"


def test_what_cannot_be_read_cannot_be_accepted(place: Place) -> None:
    place.offer(recoded("E06000999"))
    place.run(OBESITY)
    before = place.state()
    assert place.run("--accept", OBESITY)[0] == 1
    assert place.state() == before


def test_a_publisher_takes_an_edition_back(place: Place) -> None:
    """The edition in use is the newest again: nothing is waiting, and no landed file is overwritten."""
    place.offer(hundredfold)
    assert place.run(OBESITY)[0] == 3
    contents = {p: sha256(p) for f in place.landed() for p in f.rglob("*.csv")}
    place.server.files.update(publishers_files(OBESITY))
    assert place.one(OBESITY)[1]["status"] == "unchanged"
    assert {p: sha256(p) for f in place.landed() for p in f.rglob("*.csv")} == contents
    assert refresh.standing(place.source()).is_good


def test_one_source_that_fails_does_not_keep_the_others_back(place: Place) -> None:
    place.offer(source_id=RECYCLING)
    place.server.files = {p: b for p, b in place.server.files.items() if "obesity" not in p}
    code, outcomes = place.run(OBESITY, RECYCLING)
    # The file has gone, even though nothing newer was requested.
    assert (code, [o["status"] for o in outcomes]) == (1, ["failed", "taken"])


def test_a_damaged_seed_in_use_is_told(place: Place) -> None:
    place.offer()
    place.source().path.write_bytes(b"\xff")
    code, outcome = place.one(OBESITY)
    assert (code, outcome["status"]) == (1, "failed")
    assert "is not UTF-8" in outcome["message"]
    code, (told,) = place.run("--accept", OBESITY)
    assert code == 1
    assert "is not UTF-8" in told["e"]


def test_two_refreshes_do_not_run_at_once(place: Place) -> None:
    with refresh._alone():
        code, (told,) = place.run(OBESITY)
    assert code == 1
    assert "another refresh is under way" in told["e"]


@contextmanager
def another_run(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if another process held the build and nobody waited long for it."""
    monkeypatch.setattr(build_file, "_LOCK", place.folder / "build" / ".run.lock")
    with build_file.only_run(), monkeypatch.context() as other:
        other.setattr(build_file, "_holds_lock", False)
        other.setattr(refresh, "_PATIENCE", 0.1)
        yield


def test_seeds_are_not_swapped_under_a_run(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source that waits in vain for the run to end fails; those before and after it are unaffected."""
    place.offer()
    before = place.state()
    with another_run(place, monkeypatch):
        code, outcomes = place.run(RECYCLING, OBESITY, RECYCLING)
    assert (code, [o["status"] for o in outcomes]) == (1, ["unchanged", "failed", "unchanged"])
    assert "Another run is under way" in outcomes[1]["message"]
    assert f"missions refresh {OBESITY}" in outcomes[1]["message"]
    assert place.state() == before
    assert refresh.standing(place.source()).status == "failed"
    assert place.one(OBESITY)[1]["status"] == "taken"
    assert refresh.standing(place.source()).status == "unchanged"


def test_what_a_person_accepted_waits_for_a_run_too(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.offer(rows_swapped)
    place.run(OBESITY)
    with another_run(place, monkeypatch):
        code, outcome = place.one("--accept", OBESITY)
    assert (code, outcome["status"]) == (1, "failed")
    assert f"missions refresh --accept {OBESITY}" in outcome["message"]
    assert place.one("--accept", OBESITY)[1]["status"] == "taken"


def test_a_refresh_ends_before_dagster_ends_its_run() -> None:
    settings = yaml.safe_load((ROOT / "orchestration/dagster.yaml").read_text(encoding="utf-8"))
    longest = settings["run_monitoring"]["max_runtime_seconds"]
    assert Limits().refresh_timeout + refresh._PATIENCE < longest
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert f"{Limits().refresh_timeout / 60:.0f} minutes" in page


def test_a_kill_between_seed_and_registry_mends_itself(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.offer()
    with monkeypatch.context() as killed:
        killed.setattr(refresh, "write_registry", lambda document: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            refresh.refresh([place.source()])
    code, outcome = place.one(OBESITY)
    assert (code, outcome["message"]) == (0, "0 figures new or changed")
    assert place.one(OBESITY)[1]["status"] == "unchanged"


def test_files_fetched_by_hand_pass_the_same_gate(place: Place, tmp_path: Path) -> None:
    """As for sources only a person can download; here with a refreshable one, whose format the test can write."""
    file = place.source(RECYCLING).files[0]
    by_hand = tmp_path / "by hand" / file.path
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(as_csv(rows_swapped(publishers_table(RECYCLING))))
    folder = str(tmp_path / "by hand")
    assert place.one("--from", folder, RECYCLING)[0] == 3
    by_hand.write_bytes(as_csv(next_period(publishers_table(RECYCLING))))
    assert place.one("--from", folder, RECYCLING)[1]["status"] == "taken"
    assert place.server.asked == []


@pytest.mark.skipif(not SHARED.is_dir(), reason="the publishers' files are not beside this checkout")
def test_publishers_own_files_are_the_editions_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One source of each format lands and is found to be in use; compared anyway, no figure differs."""
    monkeypatch.setattr(landing, "LANDING", tmp_path)
    by_reader = {source.reader: source for source in sources().values() if source.is_refreshable}
    assert len(by_reader) == 6
    for source in by_reader.values():
        edition = landing.land_from(source, SHARED / "sources")
        assert refresh.consider(source, edition, take=True).status == "unchanged"
        changed = replace(source, files=tuple(replace(f, sha256="0" * 64) for f in source.files))
        outcome = refresh.consider(changed, edition, take=False)
        assert (outcome.status, outcome.message[:9]) == ("newer", "0 figures"), outcome.message


def test_what_a_person_must_fetch_is_listed_with_how(place: Place) -> None:
    listed = json.loads(CliRunner().invoke(app, ["refresh", "--manual", "--json"]).stdout)
    assert set(listed) == {s.source_id for s in sources().values() if s.files and not s.is_refreshable}
    assert all(how.startswith("download from ") and "`missions " in how for how in listed.values())
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert "missions refresh --manual" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "there is no source 'nonsense'"),
        (["desnz_fuel_poverty"], "missions refresh --from FOLDER desnz_fuel_poverty"),
        (["second_framework"], "a table of the project itself"),
        (["--accept", "nonsense"], "No source 'nonsense'"),
        (["--accept", OBESITY, "--check"], "not both"),
        (["--accept", OBESITY, "--manual"], "Use only one of"),
        (["--from", "."], "Name the sources"),
    ],
)
def test_wrong_words_are_told(place: Place, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["refresh", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr
