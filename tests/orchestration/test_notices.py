"""Notices of failed runs: their content, retries, and that the address is never revealed."""

import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from missions.errors import NoticeError
from orchestration import notices
from tests.support.receiver import Receiver

Missions = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    started = Receiver()
    yield started
    started.close()


@pytest.fixture
def failed() -> Iterator[Any]:
    """The sensor's context for a run in which one step fails on a seed and another on a bug."""

    @dg.asset
    def population() -> None:
        raise dg.Failure("seeds/geography/population.csv, line 5: 'many' is not a number", allow_retries=False)

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


def test_a_notice_has_the_failed_steps_and_their_messages(
    failed: Any, receiver: Receiver, publication: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISSIONS_WEBHOOK", receiver.address)
    assert notices.failure_notice(failed) is None
    (told,) = receiver.taken
    assert (told["event"], told["job"], told["run_id"]) == ("run_failed", "index", failed.dagster_run.run_id)
    assert {step["step"]: step["message"] for step in told["failed_steps"]} == {
        "population": "seeds/geography/population.csv, line 5: 'many' is not a number",
        "other": "ZeroDivisionError: division by zero",
    }
    assert told["will_be_retried"] is False
    assert told["publication_in_force"] == (publication / "current").resolve().name
    for words in ("index failed", "line 5", "is unchanged"):
        assert words in told["text"]
    assert datetime.fromisoformat(told["failed_at"]).tzinfo


def test_without_an_address_nothing_is_sent(failed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MISSIONS_WEBHOOK", raising=False)
    assert isinstance(notices.failure_notice(failed), dg.SkipReason)


@pytest.mark.parametrize(
    ("answers", "asked", "is_taken"),
    [([500, 503], 3, True), ([429], 2, True), ([500] * 3, 3, False), ([404], 1, False), ([302], 1, False)],
    ids=["trouble that ends", "too many", "trouble that stays", "not there", "redirect"],
)
def test_a_notice_is_retried_if_that_may_help(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, answers: list[int], asked: int, is_taken: bool
) -> None:
    monkeypatch.setattr(notices, "_WAITS", (0, 0, 0))
    receiver.answers = list(answers)
    if is_taken:
        notices.post(receiver.address, {"text": "x"})
    else:
        with pytest.raises(NoticeError, match=r"127\.0\.0\.1") as raised:
            notices.post(receiver.address, {"text": "x"})
        assert "secret-token" not in str(raised.value)
    assert (receiver.asked, bool(receiver.taken)) == (asked, is_taken)


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/secret-token", "file:///etc/passwd", "nonsense"])
def test_an_error_about_the_address_does_not_reveal_it(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "_WAITS", (0,))
    with pytest.raises(NoticeError) as raised:
        notices.post(address, {"text": "x"})
    assert "MISSIONS_WEBHOOK" in str(raised.value) and "secret-token" not in str(raised.value)
