"""The progress of a run: what is counted, and the time left by the record of the last run."""

from pathlib import Path

import pytest

from orchestration import progress
from orchestration.progress import Progress, Step

ASSETS = ("raw/area", "marts/composite_index", "publication")


class Clock:
    """A clock that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Step]:
    monkeypatch.setattr(progress, "DURATIONS", tmp_path / "durations.json")
    return []


def run(shown: list[Step], *seconds: float) -> Progress:
    """A run whose assets take so long, one after the other."""
    clock = Clock()
    followed = Progress(ASSETS, shown.append, clock)
    for name, duration in zip(ASSETS, seconds, strict=False):
        followed.begun(name)
        clock.now += duration
        followed.made(name)
    return followed


def test_the_first_run_counts_and_knows_no_time(shown: list[Step]) -> None:
    run(shown, 3, 10, 5)
    assert [(step.name, step.made, step.total) for step in shown[:3]] == [
        ("raw/area", 0, 3),
        ("raw/area", 1, 3),
        ("marts/composite_index", 1, 3),
    ]
    assert [step.seconds_left for step in shown[:-1]] == [None] * 5
    assert (shown[-1].made, shown[-1].seconds_left) == (3, 0)


def test_the_next_run_knows_the_time_left_at_its_own_pace(shown: list[Step]) -> None:
    run(shown, 3, 10, 5).remember()
    shown.clear()
    run(shown, 6, 20)
    assert [step.seconds_left for step in shown] == [18, 30, 30, 10]


def test_what_is_no_asset_of_the_run_is_not_counted(shown: list[Step]) -> None:
    followed = run(shown, 3)
    shown.clear()
    followed.begun("newest_editions")
    followed.made("raw/area")  # a second time
    assert shown == []


def test_a_damaged_record_is_no_record(shown: list[Step]) -> None:
    progress.DURATIONS.write_text('{"raw/area": "long", "publication"')
    run(shown, 1)
    assert shown[0].seconds_left is None
