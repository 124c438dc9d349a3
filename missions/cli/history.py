"""The commands on publications that are kept: history lists them, diff says what changed between two.

Belongs here: what people type, and what of the answers is shown. How causes are told apart is in missions.scoring.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from rich.console import Console

from missions.cli.app import EXPLAIN, Csv, Json, app
from missions.cli.printing import as_text, new_console, printed_as_data, table_of
from missions.errors import DifferenceError, MissionsError, PublicationError, UsageError
from missions.publication.folder import DATABASE, current, kept, verify
from missions.reading.names import choose
from missions.reading.queries import Rows, ask
from missions.reading.wording import in_words, places_moved

# What a publication says of itself: the moves of councils in the composite since the one before it, by cause.
_MOVES = """
    SELECT
        any_value(previous_publication_id) AS previous_publication_id,
        count(DISTINCT authority_code) FILTER (rank_change <> 0) AS authorities_moved,
        list(DISTINCT cause ORDER BY cause) AS causes
    FROM marts.publication_change
    WHERE index_kind = 'composite'
"""
# Under these causes no council has moved.
_NO_MOVES = {"no_earlier_publication": "the first one", "not_compared": "not comparable with the one before"}
# The head of a column of moves.
_CAUSE_WORDS = {
    "method_change": "Method",
    "framework_change": "Framework",
    "boundary_change": "Boundary",
    "new_period": "Period",
    "data_revision": "Data",
}


@app.command(rich_help_panel=EXPLAIN)
def history(
    ctx: typer.Context,
    check: Annotated[
        bool,
        typer.Option(
            "--verify", help="Recompute every checksum, also of the seeds that are kept; takes some seconds each."
        ),
    ] = False,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List the publications that are kept, newest first, with what each changed; `missions diff` tells more."""
    published: Path = ctx.obj
    in_force = current(published)
    records = [_described(folder, folder == in_force, check) for folder in kept(published)]
    if not records:
        raise MissionsError(f"nothing is published yet in {published}; run `make index`")
    rows = Rows(list(records[0]), [tuple(record.values()) for record in records])
    if not printed_as_data(rows, as_json, as_csv, records):
        columns = {"Publication": "left", "Published (UTC)": "right", "What changed": "left"}
        lines = [[r["publication_id"], r["published_at"][:16].replace("T", " "), r["in_short"]] for r in records]
        new_console().print(table_of(columns, lines))
    wrong = [r["fault"] for r in records if r["fault"]]
    if check:
        from missions.publication.seeds import faults

        wrong += faults(published, kept(published))
    if wrong:
        raise MissionsError("\n".join(wrong))


def _described(folder: Path, is_current: bool, check: bool) -> dict[str, Any]:
    previous, moved, causes, fault = None, None, [], None
    try:
        if check:
            verify(folder)
        with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
            previous, moved, causes = connection.execute(_MOVES).fetchall()[0]
        in_short = _in_short(moved, [cause for cause in causes or [] if cause != "no_change"], previous)
    except duckdb.CatalogException:
        in_short = "of an older schema"  # made before publications said what they changed
    except (duckdb.Error, PublicationError) as error:
        in_short, fault = "not whole", str(error)
    return {
        "publication_id": folder.name,
        "published_at": datetime.strptime(folder.name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).isoformat(),
        "is_current": is_current,
        "previous_publication_id": previous,
        "authorities_moved": moved,
        "causes": ", ".join(causes or []),
        "in_short": in_short + (" (in force)" if is_current else ""),
        "fault": fault,
    }


def _in_short(moved: int, causes: list[str], previous: str | None) -> str:
    for cause in causes:
        if cause in _NO_MOVES:
            return _NO_MOVES[cause]
    if not causes:
        return f"nothing since {previous}"
    words = ", ".join(in_words(cause) for cause in causes)
    return f"{moved} {'council' if moved == 1 else 'councils'} moved: {words}"


@app.command(rich_help_panel=EXPLAIN)
def diff(
    ctx: typer.Context,
    old: Annotated[str, typer.Argument(help="A publication: its id or the beginning of it, or a path.")] = "previous",
    new: Annotated[str, typer.Argument(help="The same, for the later one.")] = "current",
    authority: Annotated[
        str | None, typer.Option(metavar="NAME", help="Show what changed for this council, with its indicators.")
    ] = None,
    mission: Annotated[str | None, typer.Option(help="Show ranks of this mission, not of all together.")] = None,
    top: Annotated[int, typer.Option(min=1, help="How many councils to show; --json and --csv have all.")] = 10,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Show what changed between two publications, and why: the causes of each change add up to it."""
    from missions.publication.difference import CAUSES, difference

    before, after = _edition(ctx.obj, old), _edition(ctx.obj, new)
    try:
        with difference(before, after) as connection:
            changes = ask(connection, "FROM publication_change WHERE cause <> 'no_change'")
            nodes = _changed_nodes(connection)
            councils = ask(
                connection,
                """
                SELECT authority_name, before_code, after_code, explanation FROM council
                WHERE explanation IS NOT NULL ORDER BY authority_name
                """,
            ).records
            values = ask(
                connection,
                """
                SELECT cause, count(DISTINCT indicator_id) AS indicators, count(DISTINCT authority_code) AS authorities,
                    count(*) AS values
                FROM cell WHERE cause IS NOT NULL GROUP BY cause ORDER BY list_position($causes, cause)
                """,
                causes=list(CAUSES),
            ).records
            indices = dict(
                ask(
                    connection, "SELECT node_id, label FROM node WHERE NOT is_leaf AND depth <= 1 ORDER BY depth"
                ).values
            )
            labels = dict(ask(connection, "SELECT node_id, label FROM node ORDER BY depth, label").values)
            names = dict(ask(connection, "SELECT authority_code, authority_name FROM council").values)
    except DifferenceError as error:
        raise MissionsError(str(error)) from None
    root = next(iter(indices))
    index_id = choose("mission", mission, {i: n for i, n in indices.items() if i != root}) if mission else root
    code = choose("council", authority, names, forgiving=True) if authority else None
    shown = Rows(changes.columns, [row for row in changes.values if code is None or row[0] == code])
    whole = {
        "previous_publication_id": before.name,
        "new_publication_id": after.name,
        "is_unchanged": not (changes.values or nodes or councils),
        "framework": nodes,
        "authorities": councils,
        "values": values,
        "changes": shown.records,
    }
    if printed_as_data(shown, as_json, as_csv, whole):
        return
    console = new_console()
    console.print(f"From {before.name} to {after.name}", style="bold")
    if whole["is_unchanged"]:
        console.print("Nothing changed: every value, score and rank is the same.")
        return
    if code:
        _show_changes_of(console, names[code], shown.records, labels)
        return
    for node in nodes:
        console.print(f"Framework: {node['label']}: {node['change']}")
    for council in councils:
        console.print(f"Councils: {council['authority_name']}: {council['explanation']}")
    if values:
        console.print(
            table_of(
                {"Values that changed by": "left", "Indicators": "right", "Councils": "right", "Values": "right"},
                [
                    [in_words(r["cause"]), *(f"{r[n]:,}" for n in ("indicators", "authorities", "values"))]
                    for r in values
                ],
            )
        )
    _show_changed_ranks(
        console, labels[index_id], [r for r in changes.records if r["index_id"] == index_id], CAUSES, top
    )


def _edition(published: Path, text: str) -> Any:
    """The publication that the words stand for."""
    from missions.publication.comparable import Side

    in_force = current(published)
    history = published / "history"
    ids = (
        sorted(entry.name for entry in history.iterdir() if not entry.name.startswith(".")) if history.is_dir() else []
    )
    if text == "current":
        if in_force is None:
            raise MissionsError(f"nothing is published yet; run `make index` (there is no {published / DATABASE})")
        return Side(in_force.name, in_force / DATABASE)
    if text == "previous":
        older = [name for name in ids if in_force is None or name < in_force.name]
        if not older:
            raise MissionsError("there is only one publication: nothing to compare it with")
        return Side(older[-1], history / older[-1] / DATABASE)
    found = [name for name in ids if name.startswith(text)]
    if len(found) == 1 or text in found:
        name = text if text in found else found[0]
        return Side(name, history / name / DATABASE)
    path = Path(text)
    if path.is_dir() and (folder := current(path)) is not None:
        return Side(folder.name, folder / DATABASE)
    if path.is_dir():
        return Side(path.resolve().name, path / DATABASE)
    if path.is_file():
        return Side(path.name, path)
    several = f"{len(found)} publications begin with" if found else "there is no publication or path"
    raise UsageError(f"{several} {text!r}; there are: {', '.join(found or ids) or 'none'}")


def _changed_nodes(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The nodes of the framework that are not the same in both, with what changed of each in words."""
    changed = []
    for node in ask(
        connection, "FROM node WHERE previous IS DISTINCT FROM new OR is_other ORDER BY depth, label"
    ).records:
        if not node["is_in_before"]:
            change = "added"
        elif not node["is_in_after"]:
            change = "dropped"
        else:
            previous = node["previous"] | {"unit": node["previous_unit"]}
            new = node["new"] | {"unit": node["new_unit"]}
            change = "; ".join(
                f"{in_words(what)} was {as_text(previous[what]) or 'none'} and is {as_text(new[what]) or 'none'}"
                for what in previous
                if previous[what] != new[what]
            )
        changed.append({"node_id": node["node_id"], "label": node["label"], "change": change})
    return changed


def _show_changed_ranks(
    console: Console, title: str, records: list[dict[str, Any]], causes: Sequence[str], top: int
) -> None:
    """Who moved most, with the places that each cause moved it."""
    amounts: dict[str, dict[str, int]] = {}
    for r in records:
        if r["rank_change"]:
            amounts.setdefault(r["authority_code"], {})[r["cause"]] = r["rank_change"]
    councils = {r["authority_code"]: r for r in records}
    moves = {code: councils[code]["new_rank"] - councils[code]["previous_rank"] for code in amounts}
    moved = sum(move != 0 for move in moves.values())
    console.print(f"{title}: {moved} {'council has' if moved == 1 else 'councils have'} another rank", style="bold")
    if not amounts:
        return
    present = [cause for cause in causes if any(cause in by_cause for by_cause in amounts.values())]
    columns = {"Rank was": "right", "is": "right", "Authority": "left", "Move": "right"}
    most = sorted(amounts, key=lambda code: (-abs(moves[code]), councils[code]["new_rank"]))[:top]
    rows = [
        [
            str(councils[code]["previous_rank"]),
            str(councils[code]["new_rank"]),
            councils[code]["authority_name"],
            places_moved(moves[code]),
            *(places_moved(amounts[code].get(cause, 0)) for cause in present),
        ]
        for code in most
    ]
    console.print(table_of(columns | {_CAUSE_WORDS[cause]: "right" for cause in present}, rows))
    console.print("A move is the rank now less the rank before; the causes add up to it.", style="dim")


def _show_changes_of(console: Console, name: str, records: list[dict[str, Any]], labels: Mapping[str, str]) -> None:
    """All changes of one council: its scores and ranks by cause, then its indicators."""
    console.print(name, style="bold")
    if not records:
        console.print("Nothing changed for it.")
        return
    order = list(labels)
    records = sorted(records, key=lambda r: (order.index(r["index_id"]), list(_CAUSE_WORDS).index(r["cause"])))
    indices = [r for r in records if r["index_kind"] != "indicator"]
    indicators = [r for r in records if r["index_kind"] == "indicator"]
    revalued = [r for r in indicators if r["value_change"] != 0]
    if indices:
        rows = [
            [
                labels[r["index_id"]],
                in_words(r["cause"]),
                _was_and_is(r["previous_rank"], r["new_rank"]),
                "-" if r["rank_change"] is None else places_moved(r["rank_change"]),
                "-" if r["score_change"] is None else f"{r['score_change']:+z.2f}",
            ]
            for r in indices
        ]
        console.print(
            table_of(
                {"Need": "left", "Cause": "left", "Rank": "right", "of it": "right", "Points": "right"},
                rows,
            )
        )
    if revalued:
        rows = [
            [
                labels[r["index_id"]],
                in_words(r["cause"]),
                _was_and_is(r["previous_value"], r["new_value"]),
                _was_and_is(r["previous_rank"], r["new_rank"]),
            ]
            for r in revalued
        ]
        console.print(table_of({"Indicator": "left", "Cause": "left", "Value": "right", "Rank": "right"}, rows))
    others = {r["index_id"] for r in indicators} - {r["index_id"] for r in revalued}
    if others:
        console.print(
            f"On {len(others)} other indicators only its rank changed, for others' sake; --csv has them.", style="dim"
        )


def _was_and_is(was: float | None, now: float | None) -> str:
    return " → ".join("none" if value is None else f"{value:,.5g}" for value in (was, now))
