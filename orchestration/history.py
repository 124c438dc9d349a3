"""The history of runs in build/dagster, written quickly while one process makes a whole run.

Belongs here: SQLite's settings. What is recorded is Dagster's own doing.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool


@contextmanager
def written_quickly() -> Iterator[None]:
    """Let Dagster's files of history, one commit and one connection per event, wait for the disk only now and then.

    A run has thousands of events, and the last connection to a file writes everything to the disk when it closes: one
    connection is therefore kept open to each. Nothing is lost if the process is killed, and the files stay whole if the
    power fails (SQLite's own promise for synchronous = NORMAL with a write-ahead log).
    """
    kept: dict[str, sqlite3.Connection] = {}

    def connected(connection: Any, _: object) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        connection.execute("PRAGMA synchronous = NORMAL")
        file = connection.execute("PRAGMA database_list").fetchone()[2]
        if file and file not in kept:
            kept[file] = sqlite3.connect(file, check_same_thread=False)
        with suppress(sqlite3.OperationalError):  # busy being made: the next connection tries again
            if file:
                # Only a connection that has read takes part in the log, which a new file does not have at once.
                kept[file].execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()

    event.listen(Pool, "connect", connected)
    try:
        yield
    finally:
        event.remove(Pool, "connect", connected)
        for connection in kept.values():
            connection.close()
