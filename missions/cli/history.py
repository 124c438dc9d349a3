"""The command history: the publications that are kept.

Belongs here: options, help and what is shown of the answer.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

from missions.cli.app import Csv, Json, command
from missions.cli.printing import new_console, printed_as_data, table_of
from missions.errors import MissionsError, PublicationError
from missions.publication.folder import DATABASE, current, kept, verify
from missions.reading.queries import Rows, unreadable
from missions.reading.wording import in_words

# What a publication records about itself: how councils moved since the previous one, by cause.
_MOVES = """
    SELECT
        any_value(previous_publication_id) AS previous_publication_id,
        count(DISTINCT authority_code) FILTER (rank_change <> 0) AS authorities_moved,
        list(DISTINCT cause ORDER BY cause) AS causes
    FROM marts.publication_change
    WHERE index_kind = 'composite'
"""
# Causes without moves.
_NO_MOVES = {"no_earlier_publication": "first publication", "not_compared": "not comparable with the previous one"}


@command
def history(
    ctx: typer.Context,
    check: Annotated[
        bool,
        typer.Option(
            "--verify", help="Recompute every checksum, including the kept seeds'; takes a few seconds per publication."
        ),
    ] = False,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List the publications kept, newest first, with what each changed (for details see `missions diff`)."""
    published: Path = ctx.obj
    in_force = current(published)
    records = [_described(folder, folder == in_force, check) for folder in kept(published)]
    if not records:
        raise MissionsError(f"Nothing is published yet in {published}; run `make index`.")
    rows = Rows(list(records[0]), [tuple(record.values()) for record in records])
    if not printed_as_data(rows, as_json, as_csv, records):
        columns = {"Publication": "left", "Published (UTC)": "right", "What changed": "left"}
        lines = [[r["publication_id"], r["published_at"][:16].replace("T", " "), r["in_short"]] for r in records]
        new_console().print(table_of(columns, lines))
    wrong = [r["fault"] for r in records if r["fault"]]
    if check:
        from missions.publication.seeds import faults

        wrong += faults(published, kept(published))
    if wrong:
        raise MissionsError("\n".join(wrong))


def _described(folder: Path, is_current: bool, check: bool) -> dict[str, Any]:
    previous, moved, causes, fault = None, None, [], None
    try:
        if check:
            verify(folder)
        with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
            previous, moved, causes = connection.execute(_MOVES).fetchall()[0]
        in_short = _in_short(moved, [cause for cause in causes or [] if cause != "no_change"], previous)
    except duckdb.CatalogException:
        in_short = "older schema"  # from before publications recorded what they changed
    except PublicationError as error:
        in_short, fault = "incomplete", str(error)
    except duckdb.Error as error:
        in_short, fault = "incomplete", unreadable(str(folder / DATABASE), error)
    return {
        "publication_id": folder.name,
        "published_at": datetime.strptime(folder.name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).isoformat(),
        "is_current": is_current,
        "previous_publication_id": previous,
        "authorities_moved": moved,
        "causes": ", ".join(causes or []),
        "in_short": in_short + (" (current)" if is_current else ""),
        "fault": fault,
    }


def _in_short(moved: int, causes: list[str], previous: str | None) -> str:
    for cause in causes:
        if cause in _NO_MOVES:
            return _NO_MOVES[cause]
    if not causes:
        return f"no change since {previous}"
    words = ", ".join(in_words(cause) for cause in causes)
    return f"{moved} {'council' if moved == 1 else 'councils'} moved: {words}"
