"""What is known about a source between refreshes: the last attempt, what is waiting and what is overdue."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from missions.sources import landing, refresh
from tests.support.changes import rows_swapped
from tests.support.publisher import OBESITY, status
from tests.support.refreshing import Place


def test_a_source_that_cannot_be_fetched_does_not_look_healthy(place: Place) -> None:
    source = place.source()
    assert refresh.standing(source).status == "unchanged"
    place.server.always = status(404)
    assert place.run(OBESITY)[0] == 1
    told = refresh.standing(source)
    assert (told.status, told.is_good) == ("failed", False)
    assert "404" in told.message and "last success: " in told.message
    place.server.always = None
    assert place.run("--check", OBESITY)[0] == 0
    assert refresh.standing(source).status == "unchanged"


def test_a_source_that_was_never_fetched_well_is_told_too(place: Place) -> None:
    shutil.rmtree(place.folder / "landing" / OBESITY)
    assert refresh.standing(place.source()).message == "no edition has been fetched yet"
    place.server.always = status(404)
    place.run(OBESITY)
    assert refresh.standing(place.source()).status == "failed"
    # A damaged note is ignored.
    (place.folder / "landing" / OBESITY / "attempt.json").write_text("{", encoding="utf-8")
    assert refresh.standing(place.source()).status == "unchanged"


def test_what_waits_for_a_person_goes_on_waiting_where_a_fetch_fails(place: Place) -> None:
    place.offer(rows_swapped)
    place.run(OBESITY)
    place.server.always = status(404)
    place.run(OBESITY)
    told = refresh.standing(place.source())
    assert told.status == "waiting"
    assert "E06000001 with E06000002" in told.message and "404" in told.message


def test_files_that_a_person_lacks_are_no_failed_fetch(place: Place, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert place.run("--from", str(tmp_path / "empty"), OBESITY)[0] == 1
    assert refresh.standing(place.source()).status == "unchanged"


def test_a_source_not_asked_in_its_rhythm_is_overdue(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    source = place.source()
    assert source.release_rhythm == "annual"
    asked = datetime.fromisoformat(landing.last_attempt(OBESITY).succeeded_at)  # type: ignore[union-attr, arg-type]
    monkeypatch.setattr(refresh, "_now", lambda: asked + timedelta(days=365))
    assert refresh.standing(source).overdue is None
    # A failed attempt does not reset the clock; one that finds nothing new does.
    monkeypatch.setattr(refresh, "_now", lambda: asked + timedelta(days=367))
    place.server.always = status(404)
    place.run(OBESITY)
    said = refresh.standing(source).overdue
    assert said and f"the last successful check was on {asked:%Y-%m-%d}" in said and "annual" in said
    place.server.always = None
    monkeypatch.setattr(landing, "_now", lambda: (asked + timedelta(days=367)).isoformat())
    place.run(OBESITY)
    assert refresh.standing(source).overdue is None
    # If nothing has ever landed, the date of the snapshot counts.
    shutil.rmtree(place.folder / "landing" / OBESITY)
    assert refresh.standing(source).overdue
