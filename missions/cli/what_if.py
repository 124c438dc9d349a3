"""The command what-if: ranks under other weights or methods, next to the official ones.

Belongs here: options, help and what is shown of the answer. missions.scoring calculates it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from missions.cli.app import Csv, Json, command, open_published, tell
from missions.cli.printing import new_console, printed_as_data, table_of
from missions.errors import UsageError
from missions.publication.folder import DATABASE
from missions.reading.labels import Labels
from missions.reading.queries import Rows, ask, ask_names
from missions.reading.rank_words import range_words
from missions.reading.wording import OVERALL, in_words, places_moved, shortened

if TYPE_CHECKING:
    import duckdb

    from missions.scoring.what_if import Choices

_RANK_NOTE = (
    "Rank 1 is the highest need. Move: new rank minus official rank. Range: where the official rank stays in 90% of "
    "recalculations that vary the method and allow for errors in the data; a new rank is no more certain."
)
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


@command
def what_if(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Councils to show; by default those that move most.")
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NODE=NUMBER", help="Override the weight of a node (mission, theme, indicator) by ID or title."
        ),
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option(metavar="NODE", help="Leave out a mission, theme or indicator, by ID or title.")
    ] = None,
    normalisation: Annotated[
        str | None, typer.Option(metavar="NAME", help="How to put indicators on one scale, such as percentile_rank.")
    ] = None,
    treatment: Annotated[str | None, typer.Option(metavar="NAME", help="How to treat outliers, such as none.")] = None,
    aggregation: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which mean to take, such as geometric.")
    ] = None,
    framework: Annotated[str | None, typer.Option(help="Start from another framework, such as first.")] = None,
    mission: Annotated[str | None, typer.Option(help="Rank by one mission instead of all together.")] = None,
    top: Annotated[int, typer.Option(min=1, help="Councils to show in each list; --json and --csv include all.")] = 10,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Rank under other weights or methods, next to the official ranks, and show which councils move most."""
    from missions.reading.lookup import find_authorities
    from missions.scoring import what_if as scoring

    with open_published(ctx) as connection:
        framework, nodes = _nodes(connection, framework)
        missions = ask_names(connection, "SELECT mission_id, mission_name FROM dim_mission ORDER BY ALL")
        councils = find_authorities(connection, words or [])
        labels = Labels.of(connection)
    tell(*(note for council in councils for note in council.notes))
    methods = {"treatment": treatment, "normalisation": normalisation, "aggregation": aggregation}
    choices = replace(_choices(nodes, missions, mission, weight or [], drop or [], methods), framework=framework)
    with scoring.what_if(ctx.obj / DATABASE, choices) as connection:
        everyone = ask(connection, "SELECT *, $index_id AS index_id FROM what_if", index_id=choices.index_id)
        (summary,) = ask(connection, _SUMMARY).records
    codes = [council.code for council in councils]
    found = labels.completed(_of(everyone, codes))
    notes = scoring.notes(choices)
    whole = asdict(choices) | {"notes": notes, "summary": summary, "authorities": found.records}
    if printed_as_data(found, as_json, as_csv, whole):
        return
    console = new_console()
    index_name = missions.get(choices.index_id, OVERALL)
    console.print(f"{index_name}, if {_in_words(choices, nodes)}", style="bold")
    _show_summary(console, summary)
    _show_notes(console, notes)
    if codes:
        _show_moves(console, "", found.records)
    else:
        _show_most_moved(console, everyone.records, top)
    console.print(_RANK_NOTE, style="dim")
    shown = [r for r in found.records if codes and r["rank_note"]]
    _show_notes(console, [f"{r['authority_name']}, {index_name}: {r['rank_note']}" for r in shown])


def _of(everyone: Rows, codes: list[str]) -> Rows:
    """The rows of these councils; all of them if there are none."""
    place = everyone.columns.index("authority_code")
    return Rows(everyone.columns, [row for row in everyone.values if not codes or row[place] in codes], everyone.types)


def _show_notes(console: Console, notes: list[str]) -> None:
    for note in notes:
        console.print(note, style="dim")


def _nodes(connection: duckdb.DuckDBPyConnection, framework: str | None) -> tuple[str | None, Mapping[str, str]]:
    """The other framework by its name, if one is asked for, and the titles of the nodes, parents first."""
    from missions.reading.names import choose

    if framework is None:
        return None, ask_names(connection, "SELECT node_id, label FROM dim_framework_node ORDER BY depth, node_id")
    names = ask_names(connection, "SELECT DISTINCT framework_id, framework_id FROM other_framework_node ORDER BY ALL")
    chosen = choose("framework", framework, names)
    nodes = ask(
        connection,
        "SELECT node_id, label FROM other_framework_node WHERE framework_id = $chosen ORDER BY depth, node_id",
        chosen=chosen,
    )
    return chosen, dict(nodes.values)


def _choices(
    nodes: Mapping[str, str],
    missions: Mapping[str, str],
    mission: str | None,
    weight: list[str],
    drop: list[str],
    methods: Mapping[str, str | None],
) -> Choices:
    """What the options ask for, by ID."""
    from missions.reading.names import choose
    from missions.scoring import what_if as scoring

    root, *inner_ids = nodes
    inner = {node: nodes[node] for node in inner_ids}
    weights: dict[str, float] = {}
    for text in weight:
        name, number = _weight(text)
        node = choose("mission, theme or indicator", name, inner)
        if node in weights:
            raise UsageError(f"Two weights are given for {node}.")
        weights[node] = number
    known = {
        "treatment": scoring.TREATMENTS,
        "normalisation": scoring.NORMALISATIONS,
        "aggregation": scoring.AGGREGATIONS,
    }
    return scoring.Choices(
        index_id=choose("mission", mission, missions) if mission else root,
        weights=weights,
        dropped=tuple(dict.fromkeys(choose("mission, theme or indicator", text, inner) for text in drop)),
        **{what: text and choose(what, text, {name: name for name in known[what]}) for what, text in methods.items()},
    )


def _weight(text: str) -> tuple[str, float]:
    name, _, number = text.rpartition("=")
    try:
        value = float(number)
    except ValueError:
        name = ""
    if not name:
        raise UsageError(f"{text!r} is not a weight: give NODE=NUMBER, such as health=2.")
    return name, value


def _in_words(choices: Choices, nodes: Mapping[str, str]) -> str:
    parts = [f"the framework is the {choices.framework}"] if choices.framework else []
    parts += [f"the weight of {nodes[node]} is {number:g}" for node, number in choices.weights.items()]
    if choices.dropped:
        parts.append(f"{shortened([nodes[node] for node in choices.dropped])} is left out")
    for what in ("treatment", "normalisation", "aggregation"):
        if name := getattr(choices, what):
            parts.append(f"{what} is {in_words(name)}")
    return "; ".join(parts) or "nothing changes"


def _show_summary(console: Console, summary: dict[str, Any]) -> None:
    console.print(
        f"{summary['authorities_moved']} of {summary['authorities']} councils move, by "
        f"{summary['mean_places_moved']:.1f} places on average and by {summary['most_places_moved']} at most. "
        f"{summary['new_in_most_needy_fifth']} enter the fifth with the highest need. "
        f"Correlation with the official ranks: {summary['rank_correlation']:.3f}."
    )


def _show_most_moved(console: Console, records: list[dict[str, Any]], top: int) -> None:
    moved = sorted(records, key=lambda r: (r["rank_change"], r["new_rank"]))
    _show_moves(console, "Highest need", records[:top])
    _show_moves(console, "Would show higher need", [r for r in moved[:top] if r["rank_change"] < 0])
    _show_moves(console, "Would show lower need", [r for r in moved[::-1][:top] if r["rank_change"] > 0])


def _show_moves(console: Console, title: str, records: list[dict[str, Any]]) -> None:
    if not records:
        return
    console.print()
    if title:
        console.print(title, style="bold")
    columns = {"New rank": "right", "Official": "right", "Range": "right", "Move": "right"}
    columns |= {"Authority": "left", "Region": "left"}
    rows = [
        [
            str(r["new_rank"]),
            "" if r["is_too_uncertain_to_place"] else str(r["official_rank"]),
            range_words(r),
            places_moved(r["rank_change"]),
            r["authority_name"],
            r["region_name"],
            f"{r['new_score']:.1f}",
        ]
        for r in records
    ]
    console.print(table_of(columns | {"Score": "right"}, rows))
