"""The build file: one writer at a time, and none that cannot be opened.

Belongs here: the lock that every run holds from start to end. What is written is for load.py and for dbt.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from missions.files import lock
from missions.paths import WAREHOUSE

_LOCK = WAREHOUSE.with_name(".run.lock")
_holds_lock = False


@contextmanager
def only_run(patience: float = 0.0) -> Iterator[None]:
    """Hold the lock on the build. Within a process it nests.

    Raises BusyError where another process has it for longer than `patience` seconds.
    """
    global _holds_lock
    if _holds_lock:
        yield
        return
    with lock(_LOCK, _busy, patience):
        _holds_lock = True
        try:
            _discard_damaged()
            yield
        finally:
            _holds_lock = False


def _busy(holder: str) -> str:
    return (
        f"Another run is under way in {_LOCK.parent} ({holder}). Nothing was changed. Wait until it has ended and try "
        "again."
    )


def _discard_damaged() -> None:
    """Remove a build file that DuckDB cannot open: all that was in it is made again from the seeds."""
    try:
        if WAREHOUSE.exists():
            duckdb.connect(str(WAREHOUSE)).close()
    except duckdb.Error as error:
        # Somebody has it open, or the disk is at fault: the run itself will say so.
        if not any(words in str(error) for words in ("lock", "space", "Read-only", "Permission")):
            WAREHOUSE.unlink()
            WAREHOUSE.with_name(f"{WAREHOUSE.name}.wal").unlink(missing_ok=True)
