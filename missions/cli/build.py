"""The command build: everything, from the seeds to the publication.

Belongs here: its words and messages. What it does is in orchestration.run.
"""

import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from missions.cli.app import command
from missions.cli.printing import show_ranks
from missions.reading.queries import open_database


class Target(StrEnum):
    """The targets of dbt_project/profiles.yml."""

    dev = "dev"
    spark = "spark"


@command
def build(
    target: Annotated[
        Target, typer.Option(help="spark builds the models on Apache Spark and publishes nothing (docs/scale.md).")
    ] = Target.dev,
) -> None:
    """Run everything from the seeds to the publication, and show the ten councils with the greatest need."""
    with _ended_by_interrupt(), Console(stderr=True).status("Building the index …"):
        from orchestration.run import run_index

        database = run_index(target.value)
    if target is Target.spark:
        typer.echo(f"Built on Spark: {database}")
        return
    from missions.reading.rank import ranked

    with open_database(database) as connection:
        councils = ranked(connection).records
    show_ranks(councils[:10], f"All missions: the ten of {len(councils)} councils with the greatest need")
    query = "SELECT authority_name, need_rank, need_score FROM marts.authority_profile ORDER BY need_rank"
    typer.echo(f"\nPublished: {database}\nIn the DuckDB shell:\n  duckdb -readonly {shlex.quote(str(database))}")
    typer.echo("In Python:")
    typer.echo(f"  import duckdb; duckdb.connect({str(database)!r}, read_only=True).sql({query!r}).show()")


@contextmanager
def _ended_by_interrupt() -> Iterator[None]:
    """Let Ctrl-C end the command at once, as a kill would, which costs nothing.

    Dagster and dbt each have a handler of their own for it, and on the way out their threads break with a crash. Python
    tells of every signal on this pipe, whoever handles it.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def wait() -> None:
        while signals := os.read(reader, 1):
            if signals[0] == signal.SIGINT:
                # Written as it is: the program may be half-way through an import that this thread would wait for.
                shown = "\033[?25h" if sys.stderr.isatty() else ""  # the cursor, which the turning sign has hidden
                os.write(2, f"{shown}\nStopped; what was published before is as it was.\n".encode())
                os._exit(130)

    # Of what it cleans up after such an end the helper process of Python's multiprocessing need not tell.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writer)
        thread.join()
        os.close(reader)
