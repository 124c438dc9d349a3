"""The commands that keep the seeds current, and that lay out those of an earlier publication.

Belongs here: their words, tables and exit codes. What they do is in missions.sources.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from missions.cli.app import BUILD, Csv, Json, app
from missions.cli.printing import new_console, printed_as_data, progress, table_of
from missions.errors import KeptSeedsError, MissionsError, RefreshError, RegistryError, SeedError, UsageError
from missions.publication.folder import kept
from missions.reading.queries import Rows

if TYPE_CHECKING:
    from missions.sources.refresh import Outcome

FAILED, USAGE, DECISION = 1, 2, 3  # exit codes; 0 is well


@app.command(rich_help_panel=BUILD)
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
    from missions.sources import registry
    from missions.sources.refresh import Status, by_hand, how_by_hand, refreshable, take_from
    from missions.sources.refresh import accept as take_newest
    from missions.sources.refresh import refresh as fetch_newest

    if sum((accept is not None, manual, folder is not None)) > 1 or (source_ids and (accept or manual)):
        raise UsageError("--accept, --manual and --from exclude each other, and --accept takes one source")
    if accept and check:
        raise UsageError("--accept takes an edition, --check takes none: choose one")
    try:
        if manual:
            listed = {source.source_id: how_by_hand(source) for source in by_hand()}
            if as_json:
                typer.echo(json.dumps(listed, ensure_ascii=False, indent=2))
            for source_id, how in () if as_json else listed.items():
                typer.echo(f"{source_id}\n    {how}")
            return
        known = registry.sources()
        try:
            for source_id in [*(source_ids or []), *([accept] if accept else [])]:
                if source_id not in known:
                    raise RefreshError(f"there is no source {source_id!r}; docs/SOURCES.md lists all")
            if folder and not source_ids:
                raise RefreshError("name the sources whose files are in the folder")
            if folder or accept:
                chosen = [known[source_id] for source_id in source_ids or [accept or ""]]
                strange = [s.source_id for s in chosen if not s.is_comparable]
                if strange:
                    raise RefreshError(f"{strange[0]}: {how_by_hand(known[strange[0]])}")
            else:
                chosen = refreshable(source_ids or [])
        except RefreshError as error:
            raise UsageError(str(error)) from error
        outcomes: list[Outcome]
        if accept:
            outcomes = [take_newest(chosen[0])]
        elif folder:
            outcomes = take_from(chosen, folder, check=check)
        else:
            with progress(len(chosen)) as advance:
                outcomes = fetch_newest(chosen, check=check, report=lambda outcome: advance(outcome.source_id))
    except (RefreshError, SeedError, RegistryError) as error:
        raise MissionsError(str(error)) from error
    if as_json:
        told = [
            {"source_id": o.source_id, "status": o.status, "message": o.message, "folder": o.folder and str(o.folder)}
            for o in outcomes
        ]
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _show(outcomes)
        taken = [outcome for outcome in outcomes if outcome.status is Status.TAKEN]
        if taken:
            typer.echo(f"{len(taken)} newer in use; `missions build` publishes {'it' if len(taken) == 1 else 'them'}.")
        if not (source_ids or accept):
            typer.echo(f"{len(by_hand())} sources only a person can fetch: `missions refresh --manual` says how.")
    statuses = {outcome.status for outcome in outcomes}
    if statuses & {Status.FAILED, Status.UNREADABLE}:
        raise typer.Exit(FAILED)
    if Status.WAITING in statuses:
        raise typer.Exit(DECISION)


@app.command(rich_help_panel=BUILD)
def editions(
    ctx: typer.Context,
    publication: Annotated[
        str | None, typer.Argument(metavar="[PUBLICATION]", help="Its id; the one in force by default.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--restore", file_okay=False, help="Lay out its seeds in this new folder.")
    ] = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List the seeds that a publication was built from, or lay them out to build it again."""
    from missions.publication.seeds import built_from, restore

    place = ctx.obj / "current"
    if publication is not None:
        place = ctx.obj / "history" / publication
        if place not in kept(ctx.obj):
            raise MissionsError(
                f"there is no publication {publication!r}; `missions history` lists those that are kept", USAGE
            )
    elif not place.is_dir():
        raise MissionsError(f"there is no publication {place}")
    try:
        found = restore(place, ctx.obj, folder) if folder else built_from(place)
    except KeptSeedsError as error:
        raise MissionsError(str(error)) from error
    if folder:
        typer.echo(f"{len(found)} seeds of {place.resolve().name} laid out in {folder}")
        return
    columns = ["source_id", "seed_path", "snapshot_date", "seed_sha256"]
    rows = Rows(columns, [(e.source_id, e.seed_path, e.snapshot_date, e.seed_sha256) for e in found])
    if not printed_as_data(rows, as_json, as_csv):
        cells: list[list[str | Text]] = [[e.source_id, e.snapshot_date, e.seed_sha256[:12]] for e in found]
        new_console().print(table_of({"Source": "left", "Fetched": "left", "Seed (sha256)": "left"}, cells))


def _show(outcomes: list[Outcome]) -> None:
    """A line for each source, and what is said of those that are not simply as they were."""
    rows: list[list[str | Text]] = [
        [outcome.source_id, str(outcome.status), outcome.folder.name if outcome.folder else ""] for outcome in outcomes
    ]
    new_console().print(table_of({"Source": "left", "": "left", "Edition": "left"}, rows))
    for outcome in outcomes:
        if outcome.status != "unchanged":
            typer.echo(f"{outcome.source_id}: {outcome.message}\n")
