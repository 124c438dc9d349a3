"""The command refresh: the seeds, kept current.

Belongs here: its words, tables and exit codes. What it does is in missions.sources.refresh.
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

FAILED, DECISION = 1, 3  # exit codes; 0 is well, 2 that the words of the command are wrong


@command
def refresh(
    source_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Sources by id; all refreshable ones by default.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Fetch and compare, but leave the seeds as they are.")] = False,
    accept: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="Take the landed edition of a source though it is out of its bounds."),
    ] = None,
    manual: Annotated[bool, typer.Option("--manual", help="List what only a person can fetch, and how.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--from", exists=True, file_okay=False, help="Take files that a person fetched into a folder."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Fetch newer editions of the sources, compare them with those in use, and take what is within its bounds.

    Exit code 0: every source is at its newest edition (or, with --check, could be). 1: something could not be
    fetched, read or put in place. 2: the words of the command are wrong. 3: an edition waits for a person's decision.
    """
    from missions.sources import refresh as refreshing

    if sum((accept is not None, manual, folder is not None)) > 1 or (source_ids and (accept or manual)):
        raise UsageError("--accept, --manual and --from exclude each other, and --accept takes one source")
    if accept and check:
        raise UsageError("--accept takes an edition, --check takes none: choose one")
    if manual:
        _show_manual(as_json)
        return
    outcomes: list[Outcome]
    if accept:
        outcomes = [refreshing.accept(*_comparable([accept]))]
    elif folder:
        if not source_ids:
            raise UsageError("name the sources whose files are in the folder")
        outcomes = refreshing.take_from(_comparable(source_ids), folder, check=check)
    else:
        chosen = refreshing.refreshable(source_ids or [])
        with progress(len(chosen)) as advance:
            outcomes = refreshing.refresh(chosen, check=check, report=lambda outcome: advance(outcome.source_id))
    _show(outcomes, as_json, is_for_all=not (source_ids or accept))
    statuses = {outcome.status for outcome in outcomes}
    if statuses & {refreshing.Status.FAILED, refreshing.Status.UNREADABLE}:
        raise typer.Exit(FAILED)
    if refreshing.Status.WAITING in statuses:
        raise typer.Exit(DECISION)


def _comparable(source_ids: list[str]) -> list[Source]:
    """The sources whose files can be compared with what is in use."""
    from missions.sources.refresh import how_by_hand
    from missions.sources.registry import sources

    known = sources()
    for source_id in source_ids:
        if source_id not in known:
            raise UsageError(f"there is no source {source_id!r}; docs/SOURCES.md lists all")
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
    """A line for each source, what is said of those that are not simply as they were, and what to do next."""
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
    new_console().print(table_of({"Source": "left", "": "left", "Edition": "left"}, rows))
    for outcome in outcomes:
        if outcome.status != "unchanged":
            typer.echo(f"{outcome.source_id}: {outcome.message}\n")
    taken = sum(outcome.status is Status.TAKEN for outcome in outcomes)
    if taken:
        typer.echo(f"{taken} newer in use; `missions build` publishes {'it' if taken == 1 else 'them'}.")
    if is_for_all:
        typer.echo(f"{len(by_hand())} sources only a person can fetch: `missions refresh --manual` says how.")
