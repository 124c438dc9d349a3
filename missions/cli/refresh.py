"""The command refresh: download new versions of the sources.

Belongs here: options, help, tables and exit codes. missions.sources.refresh does the work.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from missions.cli.app import Json, command
from missions.cli.printing import new_console, progress, table_of
from missions.errors import UsageError

if TYPE_CHECKING:
    from missions.sources.refresh import Outcome
    from missions.sources.registry import Source

FAILED, DECISION = 1, 3  # exit codes; 0 is success, 2 a usage error


@command
def refresh(
    source_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE]...", help="Source IDs; by default all that can be fetched automatically."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Download and compare, but leave the seeds unchanged.")
    ] = False,
    accept: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE", help="Apply the downloaded version of this source although it is out of bounds."
        ),
    ] = None,
    manual: Annotated[bool, typer.Option("--manual", help="List the sources to fetch by hand, and how.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--from", exists=True, file_okay=False, help="Use files that you fetched by hand into this folder."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Download new versions of the sources, compare them with those in use, and apply what is within bounds.

    Exit codes:

    0: every source is up to date (with --check: is, or could be)

    1: something could not be downloaded, read or applied

    2: usage error

    3: a downloaded version awaits your decision
    """
    from missions.sources.refresh import Status

    if sum((accept is not None, manual, folder is not None)) > 1 or (source_ids and (accept or manual)):
        raise UsageError("Use only one of --accept, --manual and --from; --accept takes one source.")
    if accept and check:
        raise UsageError("Use --accept or --check, not both: one applies a version, the other applies none.")
    if manual:
        _show_manual(as_json)
        return
    outcomes = _refreshed(source_ids or [], check, accept, folder)
    _show(outcomes, as_json, is_for_all=not (source_ids or accept))
    statuses = {outcome.status for outcome in outcomes}
    if statuses & {Status.FAILED, Status.UNREADABLE}:
        raise typer.Exit(FAILED)
    if Status.WAITING in statuses:
        raise typer.Exit(DECISION)


def _refreshed(source_ids: list[str], check: bool, accept: str | None, folder: Path | None) -> list[Outcome]:
    """Refresh from the folder, the accepted version or the network, as asked; one outcome per source."""
    from missions.sources import refresh as refreshing

    if accept:
        return [refreshing.accept(*_comparable([accept]))]
    if folder:
        if not source_ids:
            raise UsageError("Name the sources whose files are in the folder.")
        return refreshing.take_from(_comparable(source_ids), folder, check=check)
    chosen = refreshing.refreshable(source_ids)
    with progress(len(chosen)) as advance:
        return refreshing.refresh(chosen, check=check, report=lambda outcome: advance(outcome.source_id))


def _comparable(source_ids: list[str]) -> list[Source]:
    """The named sources, if their files can be compared with those in use."""
    from missions.sources.refresh import how_by_hand
    from missions.sources.registry import sources

    known = sources()
    for source_id in source_ids:
        if source_id not in known:
            raise UsageError(f"No source {source_id!r}; docs/SOURCES.md lists all.")
    for source_id in source_ids:
        if not known[source_id].is_comparable:
            raise UsageError(f"{source_id}: {how_by_hand(known[source_id])}")
    return [known[source_id] for source_id in source_ids]


def _show_manual(as_json: bool) -> None:
    from missions.sources.refresh import by_hand, how_by_hand

    listed = {source.source_id: how_by_hand(source) for source in by_hand()}
    if as_json:
        typer.echo(json.dumps(listed, ensure_ascii=False, indent=2))
    for source_id, how in () if as_json else listed.items():
        typer.echo(f"{source_id}\n    {how}")


def _show(outcomes: list[Outcome], as_json: bool, is_for_all: bool) -> None:
    """One line per source, a message for each that is not unchanged, and what to do next."""
    from missions.sources.refresh import Status, by_hand

    if as_json:
        told = [
            {"source_id": o.source_id, "status": o.status, "message": o.message, "folder": o.folder and str(o.folder)}
            for o in outcomes
        ]
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    rows: list[list[str | Text]] = [
        [outcome.source_id, str(outcome.status), outcome.folder.name if outcome.folder else ""] for outcome in outcomes
    ]
    new_console().print(table_of({"Source": "left", "": "left", "Version": "left"}, rows))
    for outcome in outcomes:
        if outcome.status != "unchanged":
            typer.echo(f"{outcome.source_id}: {outcome.message}\n")
    taken = sum(outcome.status is Status.TAKEN for outcome in outcomes)
    if taken:
        what = "1 new version" if taken == 1 else f"{taken} new versions"
        typer.echo(f"{what} in use; run `missions build` to publish.")
    if is_for_all:
        typer.echo(f"{len(by_hand())} sources must be fetched by hand: see `missions refresh --manual`.")
