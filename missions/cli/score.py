"""The command score: an index of the user's own.

Belongs here: its words. What it does is in missions.scoring.
"""

from pathlib import Path
from typing import Annotated

import typer

from missions.cli.app import command, tell


@command
def score(
    units: Annotated[Path, typer.Option(help="CSV: unit_id, and if wanted unit_name, group, in_reference_set.")],
    observations: Annotated[Path, typer.Option(help="CSV: unit_id, node_id, value, and if wanted lower_95, upper_95.")],
    framework: Annotated[Path, typer.Option(help="CSV: a row for each node of the tree, as docs/scoring.md says.")],
    out: Annotated[Path, typer.Option(help="The folder for the results.")],
) -> None:
    """Score an index of your own by the same SQL: units, observations and a framework as CSV in, scores as CSV out."""
    from missions.scoring.score_files import score_files

    done = score_files(units, observations, framework, out)
    tell(*done.notes)
    typer.echo(f"{done.units:,} units scored on {done.leaves} leaves and {done.aggregates} aggregates: {out}")
