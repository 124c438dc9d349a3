"""The command load: load the seeds into the build file.

Belongs here: help and messages. missions.sources.load does the work.
"""

import duckdb
import typer

from missions.cli.app import command
from missions.cli.printing import progress
from missions.paths import WAREHOUSE


@command
def load() -> None:
    """Load the seeds into the build file, checking every value."""
    from missions.sources.build_file import only_run
    from missions.sources.load import load_all
    from missions.sources.registry import sources

    WAREHOUSE.parent.mkdir(parents=True, exist_ok=True)
    with only_run(), progress(len(sources()) + 1) as advance, duckdb.connect(str(WAREHOUSE)) as connection:
        loaded = load_all(connection, lambda done: advance(done.source_id))
    typer.echo(f"{len(loaded)} tables with {sum(done.rows for done in loaded):,} rows loaded into {WAREHOUSE}")
