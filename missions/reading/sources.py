"""The sources of the figures, and each source's files.

Belongs here: the question behind `missions sources` and `Index.sources`.
"""

import duckdb

from missions.reading.labels import Labels
from missions.reading.names import choose
from missions.reading.queries import SOURCE_FILES, SOURCES, Rows, ask


def sources_of(connection: duckdb.DuckDBPyConnection, source_id: str | None = None) -> Rows:
    """One row per source, or one per file of the source named. Raises UsageError if there is no such source."""
    found, labels = ask(connection, SOURCES), Labels.of(connection)
    if not source_id:
        return labels.completed(found)
    files = ask(
        connection,
        f"SELECT * EXCLUDE (source_ids) FROM ({SOURCE_FILES}) WHERE source_id = $source_id ORDER BY path",
        source_id=choose("source", source_id, {r["source_id"]: r["source_id"] for r in found.records}),
    )
    return labels.completed(files)
