"""The command snapshot: the seeds, from the publishers' own files.

Belongs here: its words and messages. What it does is in missions.sources.snapshot.
"""

from pathlib import Path
from typing import Annotated

import typer

from missions.cli.app import command
from missions.cli.printing import progress
from missions.paths import SEEDS


@command
def snapshot(
    folder: Annotated[
        Path, typer.Option("--from", exists=True, file_okay=False, help="The folder of the publishers' files.")
    ],
) -> None:
    """Write the seeds anew from the publishers' own files."""
    from missions.sources.registry import sources
    from missions.sources.snapshot import snapshot as write_seeds

    read = [source for source in sources().values() if source.reader is not None]
    with progress(len(read)) as advance:
        write_seeds(folder, lambda source, rows: advance(source.source_id))
    typer.echo(f"{len(read)} seeds written to {SEEDS}")
