"""The command build: everything, from the seeds to the publication.

Belongs here: options, help and messages. orchestration.run does the work.
"""

import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from missions.cli.app import command
from missions.cli.printing import show_ranks
from missions.paths import PUBLISHED
from missions.publication.folder import DATABASE, current
from missions.reading.queries import open_database


class Target(StrEnum):
    """The targets of dbt_project/profiles.yml."""

    dev = "dev"
    spark = "spark"


@command
def build(
    target: Annotated[
        Target, typer.Option(help="spark builds the models on Apache Spark and publishes nothing (see docs/scale.md).")
    ] = Target.dev,
    force: Annotated[bool, typer.Option("--force", help="Build everything, changed or not.")] = False,
) -> None:
    """Build what hangs on changes since the last publication, publish it, and show the ten councils of highest need."""
    if not force and target is Target.dev and (unchanged := _unchanged_publication()):
        typer.echo(f"Nothing has changed since {unchanged}; use --force to build anyway.", err=True)
        database = PUBLISHED / DATABASE
    else:
        with _ended_by_interrupt(), _shown_progress() as (say, show):
            from orchestration.run import run_index

            database = run_index(target.value, force=force, say=say, show=show)
    if target is Target.spark:
        typer.echo(f"Built on Spark: {database}")
        return
    from missions.reading.rank import ranked

    with open_database(database) as connection:
        councils = ranked(connection).records
    show_ranks(councils[:10], f"All missions: top 10 of {len(councils)} councils")
    query = "SELECT authority_name, need_rank, need_score FROM marts.authority_profile ORDER BY need_rank"
    typer.echo(f"\nPublished: {database}\nIn the DuckDB shell:\n  duckdb -readonly {shlex.quote(str(database))}")
    typer.echo("In Python:")
    typer.echo(f"  import duckdb; duckdb.connect({str(database)!r}, read_only=True).sql({query!r}).show()")


def _unchanged_publication() -> str | None:
    """The id of the publication in force, if nothing has changed since."""
    from orchestration.built import changed

    folder = current(PUBLISHED)
    return folder.name if folder and changed() == [] else None


@contextmanager
def _shown_progress() -> Iterator[tuple[Callable[[str], None], Callable[[Any], None]]]:
    """What shows a message, and what shows a step of the run: on a terminal as a bar, elsewhere as a line per layer."""
    console = Console(stderr=True)
    columns = (BarColumn(), TextColumn("{task.fields[count]}"), TextColumn("{task.description}"))
    layers: set[str] = set()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Starting", total=None, count="")

        def show(step: Any) -> None:
            left = "" if step.seconds_left is None else f", about {max(1, round(step.seconds_left))} s left"
            count = f"{step.made} of {step.total}"
            bar.update(task, total=step.total, completed=step.made, count=count, description=f"{step.name}{left}")
            layer = step.name.partition("/")[0]
            if not console.is_terminal and layer not in layers:
                layers.add(layer)
                typer.echo(f"{count}: {step.name}{left}", err=True)

        yield lambda text: console.print(text, markup=False, highlight=False, soft_wrap=True), show


@contextmanager
def _ended_by_interrupt() -> Iterator[None]:
    """Let Ctrl+C end the command at once, as a kill would; nothing is lost by that.

    Dagster and dbt each handle it in their own way, and their threads crash on the way out. Python writes every signal
    to this pipe, whoever handles it.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def wait() -> None:
        while signals := os.read(reader, 1):
            if signals[0] == signal.SIGINT:
                # Written directly: this thread might otherwise wait for an import that the program is in the middle of.
                shown = "\033[?25h" if sys.stderr.isatty() else ""  # show the cursor, which the spinner has hidden
                os.write(2, f"{shown}\nStopped; the previous publication is unchanged.\n".encode())
                os._exit(130)

    # Keep the helper process of Python's multiprocessing from warning about what it cleans up afterwards.
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
