"""The command editions: the seeds that a publication was built from.

Belongs here: its words, table and messages. What it does is in missions.publication.seeds.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from missions.cli.app import Csv, Json, command
from missions.cli.printing import new_console, printed_as_data, table_of
from missions.errors import MissionsError, UsageError
from missions.publication.folder import kept
from missions.reading.queries import Rows


@command
def editions(
    ctx: typer.Context,
    publication: Annotated[
        str | None, typer.Argument(metavar="[PUBLICATION]", help="Its id; the one in force by default.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--restore", file_okay=False, help="Lay out its seeds in this new folder.")
    ] = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List the seeds that a publication was built from, or lay them out to build it again."""
    from missions.publication.seeds import built_from, restore

    place = ctx.obj / "current"
    if publication is not None:
        place = ctx.obj / "history" / publication
        if place not in kept(ctx.obj):
            raise UsageError(f"there is no publication {publication!r}; `missions history` lists those that are kept")
    elif not place.is_dir():
        raise MissionsError(f"there is no publication {place}")
    found = restore(place, ctx.obj, folder) if folder else built_from(place)
    if folder:
        typer.echo(f"{len(found)} seeds of {place.resolve().name} laid out in {folder}")
        return
    columns = ["source_id", "seed_path", "snapshot_date", "seed_sha256"]
    rows = Rows(columns, [(e.source_id, e.seed_path, e.snapshot_date, e.seed_sha256) for e in found])
    if not printed_as_data(rows, as_json, as_csv):
        cells: list[list[str | Text]] = [[e.source_id, e.snapshot_date, e.seed_sha256[:12]] for e in found]
        new_console().print(table_of({"Source": "left", "Fetched": "left", "Seed (sha256)": "left"}, cells))
