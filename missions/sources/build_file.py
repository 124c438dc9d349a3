"""The build file: one writer at a time, and a damaged file is discarded.

Belongs here: the lock that every run holds from start to finish. load.py and dbt decide what is written.
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
    """Hold the lock on the build. Calls may be nested within a process.

    Raises BusyError if another process still holds it after `patience` seconds.
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
        f"Another run is under way in {_LOCK.parent} ({holder}). Nothing was changed. Wait until it has ended, then "
        "try again."
    )


def _discard_damaged() -> None:
    """Remove a build file that DuckDB cannot open: everything in it is rebuilt from the seeds."""
    try:
        if WAREHOUSE.exists():
            duckdb.connect(str(WAREHOUSE)).close()
    except duckdb.Error as error:
        # Another program has it open, or the disk is at fault: the run itself will report that.
        if not any(words in str(error) for words in ("lock", "space", "Read-only", "Permission")):
            WAREHOUSE.unlink()
            WAREHOUSE.with_name(f"{WAREHOUSE.name}.wal").unlink(missing_ok=True)
