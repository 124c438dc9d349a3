"""The command explain: why a council has its rank.

Belongs here: options, help and what is shown of the answer, in words.
"""

from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from missions.cli.app import Council, Csv, Json, TopEachWay, command, open_published, tell
from missions.cli.printing import new_console, printed_as_data, show_drivers, show_notes, table_of
from missions.reading.rank_words import place_notes, place_words
from missions.reading.wording import (
    BANDS,
    OVERALL,
    PEER_MODEL,
    PEER_WORDS,
    basis_words,
    signed,
    type_words,
    unit_words,
    value_words,
)

NAMED = 3  # indicators named per sentence


@command
def explain(
    ctx: typer.Context, words: Council, top: TopEachWay = 5, as_json: Json = False, as_csv: Csv = False
) -> None:
    """Explain a council's rank: what drives it, how it differs from others, and what would change its band."""
    from missions.reading.explain import explanation_of

    with open_published(ctx) as connection:
        found = explanation_of(connection, " ".join(words))
    tell(*found.notes)
    if printed_as_data(found.explanation, as_json, as_csv, found.records):
        return
    console = new_console()
    scores, records = found.scores.records, found.explanation.records
    (composite,) = (r for r in records if r["level"] == "composite")
    indicators = [r for r in records if r["level"] == "indicator"]
    _show_rank(console, scores[0])
    for score in scores:
        for note in place_notes(score):
            console.print(f"{score['index_name']}: {note}")
    _show_contributions(console, scores + found.themes.records, records)
    _show_drivers(console, indicators, top)
    _show_separation(console, found.authority, found.groups, composite, indicators)
    _show_limits(console, indicators)
    _show_band_changes(console, scores, composite, indicators)


def _show_drivers(console: Console, indicators: list[dict[str, Any]], top: int) -> None:
    """The indicators that raise and lower its need most, with England's latest figure."""
    drivers = [
        r
        | {"indicator_title": r["node_name"]}
        | {f"england_{key}": r[f"latest_england_{key}"] for key in ("value", "value_basis", "period_end_date")}
        for r in indicators
    ]
    raising = [r for r in drivers if r["contribution"] > 0][:top]
    lowering = [r for r in reversed(drivers) if r["contribution"] < 0][:top]
    show_drivers(console, "What raises its need most", raising)
    show_drivers(console, "What lowers its need most", lowering)
    show_notes(console, raising + lowering)


def _show_rank(console: Console, score: dict[str, Any]) -> None:
    console.print(score["authority_name"], style="bold")
    of_type = f"{score['need_rank_in_type']} of {score['authorities_of_type']} of its type"
    in_type = f" ({of_type})" if score["need_rank_in_type"] else ""
    kind = type_words(score["authority_type"])
    console.print(
        f"{kind[0].upper()}{kind[1:]}, {score['region_name']}. Rank {place_words(score)} of "
        f"{score['authorities']}{in_type}: {score['need_band']} need. Need score {score['need_score']:.1f}, "
        f"{_points_from(score['need_score'] - 100)} the average of 100. The council's own published figures carry "
        f"{round(100 * score['published_share'])}% of the weight."
    )


def _show_contributions(console: Console, scores: list[dict[str, Any]], records: list[dict[str, Any]]) -> None:
    """Points by mission and theme: added to the score, and apart from others."""
    console.print()
    console.print("What makes up its score, in points", style="bold")
    ranks = {r["index_id"]: place_words(r) for r in scores}
    columns = ["points_above_england", "points_above_region", "points_above_type", "points_above_neighbours"]

    def row(record: dict[str, Any], indent: str = "") -> list[str | Text]:
        numbers = ["-" if record[c] is None else signed(record[c]) for c in columns]
        return [indent + record["node_name"], ranks.get(record["node_id"], ""), *numbers]

    rows: list[list[str | Text]] = []
    for mission in (r for r in records if r["level"] == "mission"):
        rows.append([Text(str(cell), style="bold") for cell in row(mission)])
        rows += [row(r, "  ") for r in records if r["level"] == "theme" and r["mission_id"] == mission["node_id"]]
    (composite,) = (r for r in records if r["level"] == "composite")
    total = row(composite | {"node_name": OVERALL, "node_id": "composite"})
    headings = {"Mission and theme": "left"} | dict.fromkeys(
        ["Rank", "England", "Region", "Type", "Neighbours"], "right"
    )
    console.print(table_of(headings, [*rows, total], bold=len(rows), line_after=len(rows) - 1))
    console.print(
        "England: points added to the score, measured from the average of the reference set. Region, type and "
        "neighbours: the difference from their averages. Each column adds up.",
        style="dim",
    )


def _show_separation(
    console: Console,
    authority: dict[str, Any],
    groups: dict[str, Any],
    composite: dict[str, Any],
    indicators: list[dict[str, Any]],
) -> None:
    """A sentence for each group that the council is compared with."""
    console.print()
    console.print("How it differs from others", style="bold")
    console.print(f"{_points_from(composite['points_above_england'])} England, as above.")
    kind = type_words(authority["authority_type"])
    others = {
        "region": f"the {groups['of_region']} other councils in its region ({authority['region_name']})",
        "type": f"the {groups['of_type']} other councils of its type ({kind})",
        "neighbours": f"its {groups['of_neighbours']} {PEER_WORDS[PEER_MODEL]}",
    }
    for group, words in others.items():
        column = f"points_above_{group}"
        apart = composite[column]
        if apart is None:
            continue
        ordered = sorted(indicators, key=lambda r: (-r[column], r["node_id"]))
        raising = [f"{r['node_name']} ({signed(r[column])})" for r in ordered[:NAMED] if r[column] > 0]
        lowering = [f"{r['node_name']} ({signed(r[column])})" for r in ordered[: -NAMED - 1 : -1] if r[column] < 0]
        console.print(
            f"{_points_from(apart)} the average of {words}. Higher need on: {'; '.join(raising) or 'none'}. "
            f"Lower need on: {'; '.join(lowering) or 'none'}."
        )


def _show_limits(console: Console, indicators: list[dict[str, Any]]) -> None:
    """The figures with published confidence limits, next to England's."""
    console.print()
    console.print("Compared with England, within 95% confidence limits", style="bold")
    limited = [r for r in indicators if r["england_comparison"] != "no limits published"]
    order = ["higher need", "lower need", "similar", "no figure for England"]
    rows: list[list[str | Text]] = [
        [
            r["node_name"],
            value_words(r["value"], r["unit"], r["decimals"]),
            " to ".join(value_words(r[f"value_{end}_95"], r["unit"], r["decimals"]) for end in ("lower", "upper")),
            "-" if r["england_value"] is None else value_words(r["england_value"], r["unit"], r["decimals"]),
            r["england_comparison"],
        ]
        for r in sorted(limited, key=lambda r: order.index(r["england_comparison"]))
    ]
    if rows:
        headings = {"Indicator": "left"} | dict.fromkeys(["Value", "Limits", "England"], "right")
        console.print(table_of(headings | {"Comparison": "left"}, rows))
    console.print(
        "Higher or lower need: England's figure for the same period is outside the limits. No limits are published for "
        f"{len(indicators) - len(limited)} of {len(indicators)} indicators.",
        style="dim",
    )


def _show_band_changes(
    console: Console, scores: list[dict[str, Any]], composite: dict[str, Any], indicators: list[dict[str, Any]]
) -> None:
    """What would change its band, each way: the smallest change in one figure, then the smallest in other missions."""
    console.print()
    console.print("What would change its band", style="bold")
    titles = {r["index_id"]: r["index_name"] for r in scores}
    band = BANDS.index(scores[0]["need_band"])
    has_rows = False
    for side, step in (("needier", -1), ("less_needy", 1)):
        gap = composite[f"points_to_{side}_band"]
        if gap is None:
            console.print(f"It is already in the band with the {'highest' if step == -1 else 'lowest'} need.")
            continue
        direction = "above" if step == -1 else "below"
        console.print(f"The '{BANDS[band + step]}' band starts {abs(gap):.2f} points {direction} its score.")
        changes = {r[f"{side}_band_change_order"]: r for r in indicators if r[f"{side}_band_change_order"]}
        first_of_missions: dict[str, dict[str, Any]] = {}
        for order in sorted(changes):
            first_of_missions.setdefault(changes[order]["mission_id"], changes[order])
        rows: list[list[str | Text]] = [
            [
                Text(r["node_name"]) + Text(f"\n{titles[r['mission_id']]}; {_unit_and_basis(r)}", style="dim"),
                value_words(r["value"], r["unit"], r["decimals"]),
                value_words(r[f"{side}_band_value"], r["unit"], r["decimals"]),
                f"{abs(r[f'{side}_band_deviations']):.1f}",
                f"{r['need_rank']} to {r[f'{side}_band_need_rank']}",
            ]
            for r in first_of_missions.values()
        ]
        if rows:
            has_rows = True
            headings = {"One change that would do it": "left"} | dict.fromkeys(
                ["Now", "Needed", "Deviations", "Rank"], "right"
            )
            console.print(table_of(headings, rows, bold=0))
        else:
            console.print(
                "No single indicator could do that: each would have to go beyond the value at which it is capped."
            )
    if has_rows:
        console.print(
            "The smallest change, in standard deviations across councils, comes first, then the smallest in each other "
            "mission. Any one of these changes alone would move the council into that band.",
            style="dim",
        )


def _points_from(points: float) -> str:
    return f"{signed(points).lstrip('+-')} points {'below' if points < 0 else 'above'}"


def _unit_and_basis(record: dict[str, Any]) -> str:
    return "; ".join(filter(None, [unit_words(record["unit"]), basis_words(record)]))
