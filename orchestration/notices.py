"""Notices of failed runs, posted to a webhook of your own.

Belongs here: describing a failure and sending the description. No `from __future__ import annotations`: Dagster reads
the annotations of its functions.
"""

import os
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import dagster as dg
import requests

from missions.errors import NoticeError
from missions.paths import PUBLISHED
from missions.publication.folder import current

WEBHOOK_VARIABLE = "MISSIONS_WEBHOOK"
# Seconds before each attempt to post. urllib3's own retries would log the address, which is secret.
_WAITS = (0.0, 2.0, 8.0)
_CHARACTERS = 2_000  # per message; the run's own page has the rest


@dg.run_failure_sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=f"Posts a notice of each failed run to the address in {WEBHOOK_VARIABLE}, if that is set.",
)
def failure_notice(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
    address = os.environ.get(WEBHOOK_VARIABLE)
    if not address:
        return dg.SkipReason(f"{WEBHOOK_VARIABLE} is not set.")
    post(address, notice(context))
    return None


def notice(context: dg.RunFailureSensorContext) -> dict[str, Any]:
    """The notice: `text` for people, as chat services expect it, and the other fields for programs."""
    run = context.instance.get_run_by_id(context.dagster_run.run_id) or context.dagster_run
    failed = [
        {"step": event.step_key, "message": _cut(step_problem(event))} for event in context.get_step_failure_events()
    ]
    data = context.failure_event.event_specific_data
    error = getattr(data, "error", None)
    while error and error.cause:
        error = error.cause
    message = (error.message if error else None) or context.failure_event.message or "failed"
    if not failed and not error:  # ended from outside: the code server logs how
        told = context.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
        ends = [log.dagster_event.message or "" for log in told if log.dagster_event]
        message = next((end.split("] ")[-1] for end in ends if "Run execution process" in end), message)
    message = _cut(message.strip())
    published = current(PUBLISHED)
    will_retry = run.tags.get("dagster/will_retry") == "true"
    steps = ("; ".join(f"{step['step']}: {step['message']}" for step in failed) or message).rstrip(".")
    return {
        "event": "run_failed",
        "job": run.job_name,
        "run_id": run.run_id,
        "failed_at": datetime.fromtimestamp(_failed_at(context), UTC).isoformat(timespec="seconds"),
        "message": message,
        "failed_steps": failed,
        "will_be_retried": will_retry,
        "publication_in_force": published.name if published else None,
        "text": _cut(
            f"Missions Index: a run of {run.job_name} failed ({run.run_id[:8]}). {steps}. "
            + ("It will be retried once. " if will_retry else "")
            + (
                f"The current publication, {published.name}, is unchanged."
                if published
                else "Nothing is published yet."
            )
        ),
    }


def post(address: str, body: dict[str, Any]) -> None:
    """Post JSON, with retries. Raises NoticeError if it is not accepted."""
    problem = "not an http(s) address"
    for wait in _WAITS if urlsplit(address).scheme in ("http", "https") else ():
        time.sleep(wait)
        try:
            answer = requests.post(address, json=body, timeout=(5, 10), allow_redirects=False)
        except requests.RequestException as error:
            problem = type(error).__name__
            continue
        if answer.ok and not answer.is_redirect:
            return
        problem = f"the answer was {answer.status_code}"
        if answer.status_code < 500 and answer.status_code != 429:
            break
    host = urlsplit(address).hostname or "the address"
    raise NoticeError(f"the notice could not be posted to {host} ({WEBHOOK_VARIABLE}): {problem}") from None


def _failed_at(context: dg.RunFailureSensorContext) -> float:
    record = context.instance.get_run_record_by_id(context.dagster_run.run_id)
    return (record.end_time if record else None) or time.time()


def _cut(text: str) -> str:
    return text if len(text) <= _CHARACTERS else text[: _CHARACTERS - 1] + "…"


def step_problem(event: dg.DagsterEvent) -> str:
    """The error of a failed step, without a traceback."""
    failure = event.step_failure_data
    described = failure.user_failure_data.description if failure.user_failure_data else None
    error = failure.error.cause or failure.error if failure.error else None
    return described or (error.message.strip() if error else "failed")
