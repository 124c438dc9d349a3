"""The history of runs: quick to write within one process, and there for the next."""

from pathlib import Path

import dagster as dg
import sqlalchemy as db

from orchestration.history import written_quickly

FULL, NORMAL = 2, 1


@dg.job
def two_steps() -> None:
    @dg.op
    def first() -> int:
        return 1

    @dg.op
    def second(number: int) -> int:
        return number

    second(first())


def synchronous(instance: dg.DagsterInstance, run_id: str) -> int:
    with instance.event_log_storage.run_connection(run_id) as connection:  # type: ignore[attr-defined]
        return int(connection.execute(db.text("PRAGMA synchronous")).scalar())


def test_a_run_is_recorded_without_waiting_for_the_disk(tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        with written_quickly():
            run = two_steps.execute_in_process(instance=instance)
            assert synchronous(instance, run.run_id) == NORMAL
            # The log is still there: the last connection has not closed and written it all to the file.
            assert list(tmp_path.rglob(f"{run.run_id}.db-wal"))
        assert synchronous(instance, run.run_id) == FULL
    assert not list(tmp_path.rglob(f"{run.run_id}.db-wal"))
    with dg.DagsterInstance.local_temp(str(tmp_path)) as later:
        assert [found.run_id for found in later.get_runs()] == [run.run_id]
        events = [record.dagster_event_type for record in later.all_logs(run.run_id)]
    assert events.count(dg.DagsterEventType.STEP_SUCCESS) == 2 and dg.DagsterEventType.RUN_SUCCESS in events
