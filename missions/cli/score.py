"""The command score: a user's own index.

Belongs here: options and help. missions.scoring does the work.
"""

from pathlib import Path
from typing import Annotated

import typer

from missions.cli.app import command, tell


@command
def score(
    units: Annotated[
        Path, typer.Option(help="CSV: unit_id and, optionally, unit_name, group, weight, in_reference_set.")
    ],
    observations: Annotated[
        Path,
        typer.Option(
            help="CSV: unit_id, node_id, value and, optionally, period, lower_95, upper_95; or a column per leaf."
        ),
    ],
    framework: Annotated[Path, typer.Option(help="CSV: one row per node of the tree (see docs/scoring.md).")],
    out: Annotated[Path, typer.Option(help="Folder for the results.")],
    base_period: Annotated[
        str | None,
        typer.Option(help="Score all periods against this one, or against 'all'; each for itself if not given."),
    ] = None,
) -> None:
    """Score your own index with the same SQL. CSV in: units, observations and a framework. CSV out: scores."""
    from missions.scoring.score_files import score_files

    done = score_files(units, observations, framework, out, base_period)
    tell(*done.notes)
    typer.echo(f"{done.units:,} units scored on {done.leaves} leaves and {done.aggregates} aggregates: {out}")
