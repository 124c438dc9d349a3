"""The commands that compare: what-if with other choices, diff between two publications.

Belongs here: what people type, and what of the answers is shown. How it is worked out is in orchestration.scoring.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from rich.console import Console

from orchestration.cli.app import EXPLAIN, OTHERWISE, Csv, Json, Problem, app
from orchestration.cli.names import choose, find_authority
from orchestration.cli.printing import as_text, new_console, printed_as_data, table_of
from orchestration.cli.published import Rows, ask, open_published
from orchestration.cli.wording import in_words, shortened
from orchestration.publish import DATABASE, current

_RANK_NOTE = "Rank 1 is the greatest need."
# The head of a column of moves.
_CAUSE_WORDS = {
    "method_change": "Method",
    "framework_change": "Framework",
    "boundary_change": "Boundary",
    "new_period": "Period",
    "data_revision": "Data",
}
_SUMMARY = """
    SELECT
        count(*) AS authorities,
        count(*) FILTER (rank_change <> 0) AS authorities_moved,
        avg(abs(rank_change)) AS mean_places_moved,
        max(abs(rank_change)) AS most_places_moved,
        corr(new_rank, official_rank) AS rank_correlation,
        count(*) FILTER (5 * new_rank <= authorities AND 5 * official_rank > authorities) AS new_in_most_needy_fifth
    FROM (SELECT *, count(*) OVER () AS authorities FROM what_if)
"""


@app.command("what-if", rich_help_panel=OTHERWISE)
def what_if(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Councils to show; without any, who moves most.")
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(metavar="NODE=NUMBER", help="Another weight for a mission or an indicator, by id or title."),
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option(metavar="NODE", help="Leave out a mission or an indicator, by id or title.")
    ] = None,
    normalisation: Annotated[
        str | None, typer.Option(metavar="NAME", help="How indicators are put on one scale, such as percentile_rank.")
    ] = None,
    treatment: Annotated[
        str | None, typer.Option(metavar="NAME", help="How outliers of indicators are treated, such as none.")
    ] = None,
    aggregation: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which mean is taken, such as geometric.")
    ] = None,
    mission: Annotated[str | None, typer.Option(help="Rank by this mission, not by all together.")] = None,
    top: Annotated[
        int, typer.Option(min=1, help="How many councils to show of each kind; --json and --csv have all.")
    ] = 10,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Rank under other weights or methods, beside the official ranks, and show who moves most."""
    from orchestration.scoring import what_if as scoring

    with open_published(ctx) as connection:
        nodes = dict(ask(connection, "SELECT node_id, label FROM dim_framework_node ORDER BY depth, node_id").values)
        missions = dict(ask(connection, "SELECT mission_id, mission_name FROM dim_mission ORDER BY ALL").values)
        root = next(iter(nodes))
        codes = _authorities(connection, words or [])
    inner = {node: label for node, label in nodes.items() if node != root}
    weights: dict[str, float] = {}
    for text in weight or []:
        node, number = _weight(text, inner)
        if node in weights:
            raise Problem(f"{node} is given two weights", 2)
        weights[node] = number
    choices = scoring.Choices(
        index_id=choose("mission", mission, missions) if mission else root,
        weights=weights,
        dropped=tuple(dict.fromkeys(choose("mission or indicator", text, inner) for text in drop or [])),
        treatment=_named("treatment", treatment, scoring.TREATMENTS),
        normalisation=_named("normalisation", normalisation, scoring.NORMALISATIONS),
        aggregation=_named("aggregation", aggregation, scoring.AGGREGATIONS),
    )
    try:
        with scoring.what_if(ctx.obj / DATABASE, choices) as connection:
            everyone = ask(connection, "FROM what_if")
            (summary,) = ask(connection, _SUMMARY).records
    except scoring.WhatIfError as error:
        raise Problem(str(error), 2) from None
    place = everyone.columns.index("authority_code")
    found = Rows(everyone.columns, [row for row in everyone.values if not codes or row[place] in codes])
    notes = scoring.notes(choices)
    whole = {
        "index_id": choices.index_id,
        "weights": weights,
        "dropped": list(choices.dropped),
        "treatment": choices.treatment,
        "normalisation": choices.normalisation,
        "aggregation": choices.aggregation,
        "notes": notes,
        "summary": summary,
        "authorities": found.records,
    }
    if printed_as_data(found, as_json, as_csv, whole):
        return
    console = new_console()
    index_name = missions.get(choices.index_id, "All missions")
    console.print(f"{index_name}, if {_in_words(choices, nodes)}", style="bold")
    console.print(
        f"{summary['authorities_moved']} of {summary['authorities']} councils move, by "
        f"{summary['mean_places_moved']:.1f} places on average and by {summary['most_places_moved']} at most. "
        f"{summary['new_in_most_needy_fifth']} are new in the most needy fifth. "
        f"Correlation with the official ranks: {summary['rank_correlation']:.3f}."
    )
    for note in notes:
        console.print(note, style="dim")
    if codes:
        _show_moves(console, "", found.records)
    else:
        records = everyone.records
        moved = sorted(records, key=lambda r: (r["rank_change"], r["new_rank"]))
        _show_moves(console, "The greatest need", records[:top])
        _show_moves(console, "Nearer to the greatest need", [r for r in moved[:top] if r["rank_change"] < 0])
        _show_moves(console, "Farther from it", [r for r in moved[::-1][:top] if r["rank_change"] > 0])
    console.print(f"{_RANK_NOTE} A move is the new rank less the official one.", style="dim")


def _authorities(connection: duckdb.DuckDBPyConnection, words: list[str]) -> list[str]:
    """The councils that the words name: all of them one council, or else each of them one."""
    if len(words) < 2:
        return [find_authority(connection, word) for word in words]
    try:
        return [find_authority(connection, " ".join(words))]
    except Problem:
        return [find_authority(connection, word) for word in words]


def _weight(text: str, nodes: Mapping[str, str]) -> tuple[str, float]:
    name, _, number = text.rpartition("=")
    try:
        value = float(number)
    except ValueError:
        name = ""
    if not name:
        raise Problem(f"{text!r} is no weight: say NODE=NUMBER, such as health=2", 2)
    return choose("mission or indicator", name, nodes), value


def _named(what: str, text: str | None, names: tuple[str, ...]) -> str | None:
    return None if text is None else choose(what, text, {name: name for name in names})


def _in_words(choices: Any, nodes: Mapping[str, str]) -> str:
    parts = [f"{nodes[node]} weighs {number:g}" for node, number in choices.weights.items()]
    if choices.dropped:
        parts.append(f"{shortened([nodes[node] for node in choices.dropped])} is left out")
    for what in ("treatment", "normalisation", "aggregation"):
        if name := getattr(choices, what):
            parts.append(f"{what} is {in_words(name)}")
    return "; ".join(parts) or "nothing is changed"


def _show_moves(console: Console, title: str, records: list[dict[str, Any]]) -> None:
    if not records:
        return
    console.print()
    if title:
        console.print(title, style="bold")
    columns = {"New rank": "right", "Official": "right", "Move": "right", "Authority": "left", "Region": "left"}
    rows = [
        [
            str(r["new_rank"]),
            str(r["official_rank"]),
            _move(r["rank_change"]),
            r["authority_name"],
            r["region_name"],
            f"{r['new_score']:.1f}",
        ]
        for r in records
    ]
    console.print(table_of(columns | {"Score": "right"}, rows))


# --- diff -------------------------------------------------------------------------------------------------------------


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
    from orchestration.scoring.difference import CAUSES, DifferenceError, difference

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
        raise Problem(str(error)) from None
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
    from orchestration.scoring.difference import Edition

    in_force = current(published)
    history = published / "history"
    ids = (
        sorted(entry.name for entry in history.iterdir() if not entry.name.startswith(".")) if history.is_dir() else []
    )
    if text == "current":
        if in_force is None:
            raise Problem(f"nothing is published yet; run `make index` (there is no {published / DATABASE})")
        return Edition(in_force.name, in_force / DATABASE)
    if text == "previous":
        older = [name for name in ids if in_force is None or name < in_force.name]
        if not older:
            raise Problem("there is only one publication: nothing to compare it with")
        return Edition(older[-1], history / older[-1] / DATABASE)
    found = [name for name in ids if name.startswith(text)]
    if len(found) == 1 or text in found:
        name = text if text in found else found[0]
        return Edition(name, history / name / DATABASE)
    path = Path(text)
    if path.is_dir() and (folder := current(path)) is not None:
        return Edition(folder.name, folder / DATABASE)
    if path.is_dir():
        return Edition(path.resolve().name, path / DATABASE)
    if path.is_file():
        return Edition(path.name, path)
    several = f"{len(found)} publications begin with" if found else "there is no publication or path"
    raise Problem(f"{several} {text!r}; there are: {', '.join(found or ids) or 'none'}", 2)


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
            _move(moves[code]),
            *(_move(amounts[code].get(cause, 0)) for cause in present),
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
                "-" if r["rank_change"] is None else _move(r["rank_change"]),
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


def _move(places: int) -> str:
    return f"{places:+}" if places else "0"
