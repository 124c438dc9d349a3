"""Where the figures come from: the sources, and the publishers' files of each.

Belongs here: the question of `missions sources` and `Index.sources`.
"""

import duckdb

from missions.reading.names import choose
from missions.reading.queries import SOURCE_FILES, SOURCES, Rows, ask


def sources_of(connection: duckdb.DuckDBPyConnection, source_id: str | None = None) -> Rows:
    """One row a source, or a file of the source that is named. Raises UsageError where there is no such source."""
    found = ask(connection, SOURCES)
    if not source_id:
        return found
    return ask(
        connection,
        f"SELECT * EXCLUDE (source_ids) FROM ({SOURCE_FILES}) WHERE source_id = $source_id ORDER BY path",
        source_id=choose("source", source_id, {r["source_id"]: r["source_id"] for r in found.records}),
    )
