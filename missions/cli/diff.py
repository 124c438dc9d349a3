"""The command diff: what changed between two publications, and why.

Belongs here: options, help and what is shown of the answer. How causes are separated is in
missions.publication.difference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from rich.console import Console

from missions.cli.app import Csv, Json, command, tell
from missions.cli.printing import new_console, printed_as_data, table_of
from missions.errors import MissionsError, UsageError
from missions.publication.folder import DATABASE, current
from missions.reading.cells import as_text
from missions.reading.queries import Rows, ask, ask_names, open_database
from missions.reading.wording import in_words, places_moved

# Column headings, in the order in which causes are applied.
CAUSE_WORDS = {
    "method_change": "Method",
    "framework_change": "Framework",
    "boundary_change": "Boundary",
    "new_period": "Period",
    "data_revision": "Data",
}


@command
def diff(
    ctx: typer.Context,
    old: Annotated[str, typer.Argument(help="Earlier publication: its ID, the start of it, or a path.")] = "previous",
    new: Annotated[str, typer.Argument(help="Later publication, given the same way.")] = "current",
    authority: Annotated[
        str | None, typer.Option(metavar="NAME", help="Show what changed for this council, including its indicators.")
    ] = None,
    mission: Annotated[str | None, typer.Option(help="Show ranks for one mission instead of all together.")] = None,
    top: Annotated[int, typer.Option(min=1, help="Councils to show; --json and --csv include all.")] = 10,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Show what changed between two publications, and why. The causes of each change add up to it."""
    from missions.publication.difference import difference
    from missions.reading.labels import Labels
    from missions.reading.names import choose, choose_near

    before, after = _publication(ctx.obj, old), _publication(ctx.obj, new)
    with difference(before, after) as connection:
        changed = _changed(connection)
    with open_database(after.database) as connection:
        labels = replace(Labels.of(connection), publication_id=after.name)
    root = next(iter(changed.indices))
    missions = {index_id: label for index_id, label in changed.indices.items() if index_id != root}
    index_id = choose("mission", mission, missions) if mission else root
    council = choose_near("council", authority, changed.names) if authority else None
    if council:
        tell(*council.notes)
    changes = changed.changes
    shown = Rows(changes.columns, [row for row in changes.values if council is None or row[0] == council.code])
    shown = labels.completed(shown)
    whole = {
        "previous_publication_id": before.name,
        "new_publication_id": after.name,
        "is_unchanged": changed.is_nothing,
        "framework": changed.nodes,
        "authorities": changed.councils,
        "values": changed.values,
        "changes": shown.records,
    }
    if printed_as_data(shown, as_json, as_csv, whole):
        return
    console = new_console()
    console.print(f"From {before.name} to {after.name}", style="bold")
    if changed.is_nothing:
        console.print("Nothing changed: every value, score and rank is the same.")
    elif council:
        _show_changes_of(console, changed.names[council.code], shown.records, changed.labels)
    else:
        _show_causes(console, changed)
        records = [r for r in changes.records if r["index_id"] == index_id]
        _show_changed_ranks(console, changed.labels[index_id], records, top)


@dataclass(frozen=True)
class _Changed:
    """What differs between two publications."""

    changes: Rows
    nodes: list[dict[str, Any]]
    councils: list[dict[str, Any]]
    values: list[dict[str, Any]]
    indices: Mapping[str, str]  # the composite first
    labels: Mapping[str, str]
    names: Mapping[str, str]

    @property
    def is_nothing(self) -> bool:
        return not (self.changes.values or self.nodes or self.councils)


def _changed(connection: duckdb.DuckDBPyConnection) -> _Changed:
    return _Changed(
        changes=ask(connection, "FROM publication_change WHERE cause <> 'no_change'"),
        nodes=_changed_nodes(connection),
        councils=ask(
            connection,
            """
            SELECT authority_name, before_code, after_code, explanation FROM council
            WHERE explanation IS NOT NULL ORDER BY authority_name
            """,
        ).records,
        values=ask(
            connection,
            """
            SELECT cause, count(DISTINCT indicator_id) AS indicators, count(DISTINCT authority_code) AS authorities,
                count(*) AS values
            FROM cell WHERE cause IS NOT NULL GROUP BY cause ORDER BY list_position($causes, cause)
            """,
            causes=list(CAUSE_WORDS),
        ).records,
        indices=ask_names(
            connection, "SELECT node_id, label FROM node WHERE NOT is_leaf AND depth <= 1 ORDER BY depth"
        ),
        labels=ask_names(connection, "SELECT node_id, label FROM node ORDER BY depth, label"),
        names=ask_names(connection, "SELECT authority_code, authority_name FROM council"),
    )


def _publication(published: Path, text: str) -> Any:
    """Find a publication by `current`, `previous`, ID, start of an ID, or path."""
    from missions.publication.comparable import Side

    in_force = current(published)
    history = published / "history"
    ids = (
        sorted(entry.name for entry in history.iterdir() if not entry.name.startswith(".")) if history.is_dir() else []
    )
    if text == "current":
        if in_force is None:
            raise MissionsError(f"Nothing is published yet; run `make index` ({published / DATABASE} does not exist)")
        return Side(in_force.name, in_force / DATABASE)
    if text == "previous":
        older = [name for name in ids if in_force is None or name < in_force.name]
        if not older:
            raise MissionsError("There is only one publication, so nothing to compare it with.")
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
    several = f"{len(found)} publications begin with" if found else "No publication or path"
    raise UsageError(f"{several} {text!r}. Publications: {', '.join(found or ids) or 'none'}")


def _changed_nodes(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The framework nodes that differ, with each change in words."""
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
                f"{in_words(what)} {as_text(previous[what]) or 'none'} → {as_text(new[what]) or 'none'}"
                for what in previous
                if previous[what] != new[what]
            )
        changed.append({"node_id": node["node_id"], "label": node["label"], "change": change})
    return changed


def _show_causes(console: Console, changed: _Changed) -> None:
    """Changes in the framework, the councils and the values."""
    for node in changed.nodes:
        console.print(f"Framework: {node['label']}: {node['change']}")
    for council in changed.councils:
        console.print(f"Councils: {council['authority_name']}: {council['explanation']}")
    if changed.values:
        columns = {"Changed values, by cause": "left", "Indicators": "right", "Councils": "right", "Values": "right"}
        rows = [
            [in_words(r["cause"]), *(f"{r[n]:,}" for n in ("indicators", "authorities", "values"))]
            for r in changed.values
        ]
        console.print(table_of(columns, rows))


def _show_changed_ranks(console: Console, title: str, records: list[dict[str, Any]], top: int) -> None:
    """The councils that moved most, with the places moved by cause."""
    amounts: dict[str, dict[str, int]] = {}
    for r in records:
        if r["rank_change"]:
            amounts.setdefault(r["authority_code"], {})[r["cause"]] = r["rank_change"]
    councils = {r["authority_code"]: r for r in records}
    moves = {code: councils[code]["new_rank"] - councils[code]["previous_rank"] for code in amounts}
    moved = sum(move != 0 for move in moves.values())
    console.print(f"{title}: {moved} {'council' if moved == 1 else 'councils'} changed rank", style="bold")
    if not amounts:
        return
    present = [cause for cause in CAUSE_WORDS if any(cause in by_cause for by_cause in amounts.values())]
    columns = {"Old rank": "right", "New": "right", "Authority": "left", "Move": "right"}
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
    console.print(table_of(columns | {CAUSE_WORDS[cause]: "right" for cause in present}, rows))
    console.print("Move: new rank minus old rank; the causes add up to it.", style="dim")


def _show_changes_of(console: Console, name: str, records: list[dict[str, Any]], labels: Mapping[str, str]) -> None:
    """All changes for one council: scores and ranks by cause, then indicators."""
    console.print(name, style="bold")
    if not records:
        console.print("Nothing changed for this council.")
        return
    order = list(labels)
    records = sorted(records, key=lambda r: (order.index(r["index_id"]), list(CAUSE_WORDS).index(r["cause"])))
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
                {"Mission": "left", "Cause": "left", "Rank": "right", "Rank change": "right", "Points": "right"},
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
            f"On {len(others)} other indicators its rank changed only because other councils moved; --csv lists them.",
            style="dim",
        )


def _was_and_is(was: float | None, now: float | None) -> str:
    return " → ".join("none" if value is None else f"{value:,.5g}" for value in (was, now))
