"""The command regroup: the index for areas that someone draws.

Belongs here: options and help. missions.scoring does the work.
"""

from pathlib import Path
from typing import Annotated

import typer

from missions.cli.app import command, tell
from missions.errors import UsageError
from missions.publication.folder import DATABASE


@command
def regroup(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for the results.")],
    areas: Annotated[
        Path | None,
        typer.Option(
            help="CSV: area_id, area_name, authority_code or small_area_code and, optionally, share, status "
            "(see docs/regroup.md)."
        ),
    ] = None,
    example: Annotated[
        str | None,
        typer.Option(help="In place of a file: authorities, counties, combined-authorities or coming-councils."),
    ] = None,
    replace_parts: Annotated[
        bool, typer.Option("--replace-parts", help="Take the councils that the areas replace out of the ranking.")
    ] = False,
) -> None:
    """Work out the whole index for areas made of councils: draft unitaries, combined authorities, police areas."""
    from missions.scoring.regroup import regroup_file

    if (areas is None) == (example is None):
        raise UsageError("Give one of --areas and --example")
    done = regroup_file(ctx.obj / DATABASE, areas, example, out, replace_parts=replace_parts)
    tell(*done.notes)
    for line in done.lines:
        typer.echo(line)
    typer.echo(f"{done.areas:,} {'area' if done.areas == 1 else 'areas'} worked out: {out}")
