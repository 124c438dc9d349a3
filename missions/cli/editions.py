"""The command editions: the seeds that a publication was built from.

Belongs here: options, help, table and messages. missions.publication.seeds does the work.
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
        str | None, typer.Argument(metavar="[PUBLICATION]", help="Publication ID; by default the current one.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--restore", file_okay=False, help="Copy its seeds into this new folder.")
    ] = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List the seeds that a publication was built from, or restore them to build it again."""
    from missions.publication.seeds import built_from, restore

    place = ctx.obj / "current"
    if publication is not None:
        place = ctx.obj / "history" / publication
        if place not in kept(ctx.obj):
            raise UsageError(f"No publication {publication!r}; `missions history` lists those kept.")
    elif not place.is_dir():
        raise MissionsError(f"Nothing is published yet; run `make index` ({place} does not exist)")
    found = restore(place, ctx.obj, folder) if folder else built_from(place)
    if folder:
        typer.echo(f"{len(found)} seeds of {place.resolve().name} restored to {folder}")
        return
    columns = ["source_id", "seed_path", "snapshot_date", "seed_sha256", "publication_id"]
    id_ = place.resolve().name
    rows = Rows(columns, [(e.source_id, e.seed_path, e.snapshot_date, e.seed_sha256, id_) for e in found])
    if not printed_as_data(rows, as_json, as_csv):
        cells: list[list[str | Text]] = [[e.source_id, e.snapshot_date, e.seed_sha256[:12]] for e in found]
        new_console().print(table_of({"Source": "left", "Retrieved": "left", "Seed (sha256)": "left"}, cells))
