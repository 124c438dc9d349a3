"""The command snapshot: regenerate the seeds from the publishers' files.

Belongs here: options, help and messages. missions.sources.snapshot does the work.
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
        Path, typer.Option("--from", exists=True, file_okay=False, help="Folder with the publishers' files.")
    ],
) -> None:
    """Regenerate the seeds from the publishers' files."""
    from missions.sources.registry import sources
    from missions.sources.snapshot import snapshot as write_seeds

    read = [source for source in sources().values() if source.reader is not None]
    with progress(len(read)) as advance:
        write_seeds(folder, lambda source, rows: advance(source.source_id))
    typer.echo(f"{len(read)} seeds written to {SEEDS}")
