"""The command compare: a few councils side by side.

Belongs here: options, help and what is shown of the answer, in words.
"""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from missions.cli.app import Csv, Json, command, open_published, tell
from missions.cli.printing import new_console, printed_as_data, show_score_notes, table_of
from missions.reading.rank_words import place_words
from missions.reading.wording import basis_words, period_words, signed, type_words, unit_words, value_words

MOST = 5  # councils side by side


@command
def compare(
    ctx: typer.Context,
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME NAME [NAME]...", help=f"2 to {MOST} councils; put names of more than one word in quotes."
        ),
    ],
    top: Annotated[int, typer.Option(min=1, help="Indicators to show; --json and --csv include all.")] = 8,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Compare councils: scores, ranks and the indicators that separate them most. --csv lists the indicators."""
    from missions.reading.compare import comparison_of

    with open_published(ctx) as connection:
        found = comparison_of(connection, names, at_most=MOST)
    tell(*found.notes)
    if printed_as_data(found.indicators, as_json, as_csv, found.records):
        return
    console = new_console()
    scores = found.scores.records
    _show_side_by_side(console, scores)
    _show_themes(console, found.themes.records)
    _show_chances(console, scores, found.chances.records)
    _show_differences(console, found.indicators.records, len({r["authority_code"] for r in scores}), top)


def _show_side_by_side(console: Console, scores: list[dict[str, Any]]) -> None:
    """Scores and ranks, one line per council."""
    names = list(dict.fromkeys(r["index_name"] for r in scores))
    rows: list[list[str | Text]] = []
    for code in dict.fromkeys(r["authority_code"] for r in scores):
        own = [r for r in scores if r["authority_code"] == code]
        small_print = f"{type_words(own[0]['authority_type'])}, {own[0]['region_name']}, {own[0]['need_band']} need"
        cells = [_score_and_place(r) for r in own]
        rows.append([Text(own[0]["authority_name"], style="bold") + Text(f"\n{small_print}", style="dim"), *cells])
    console.print(f"Need score, and rank out of {scores[0]['authorities']}", style="bold")
    console.print(table_of({"Council": "left"} | dict.fromkeys(names, "left"), rows))
    show_score_notes(console, scores)


def _score_and_place(score: dict[str, Any]) -> Text:
    rank = f"{place_words(score)}{'' if score['is_mostly_published'] else '*'}"
    return Text(f"{score['need_score']:.1f}") + Text(f"\n{rank}", style="dim")


def _show_themes(console: Console, themes: list[dict[str, Any]]) -> None:
    """Scores and ranks by theme, one row per theme and one column per council."""
    councils = dict.fromkeys(r["authority_name"] for r in themes)
    rows: list[list[str | Text]] = []
    for name in dict.fromkeys(r["index_name"] for r in themes):
        own = {r["authority_name"]: r for r in themes if r["index_name"] == name}
        rows.append([name, *(_score_and_place(own[c]) for c in councils)])
    console.print()
    console.print("Need score by theme, and rank", style="bold")
    console.print(table_of({"Theme": "left"} | dict.fromkeys(councils, "left"), rows))


def _show_chances(console: Console, scores: list[dict[str, Any]], chances: list[dict[str, Any]]) -> None:
    """A sentence for each pair with a published chance."""
    names = {r["authority_code"]: r["authority_name"] for r in scores}
    others = len(names) * (len(names) - 1) // 2 - len(chances)
    console.print()
    console.print("How certain the order is", style="bold")
    for r in chances:
        console.print(
            f"{names[r['authority_code']]} ranks above {names[r['other_authority_code']]} in "
            f"{100 * r['probability_needier_all_sources']:.0f}% of recalculations that vary the method and allow for "
            f"errors in the data, and in {100 * r['probability_needier_sampling_error']:.0f}% that allow for sampling "
            "error alone."
        )
    if others:
        pairs = f"{'other ' if chances else ''}{'pair is' if others == 1 else 'pairs are'}"
        console.print(f"{others} {pairs} not compared: they are neither neighbours nor of one type.")


def _show_differences(console: Console, records: list[dict[str, Any]], councils: int, top: int) -> None:
    """The indicators whose contributions differ most, with each council's figure."""
    console.print()
    console.print("What separates them most", style="bold")
    rows: list[list[str | Text]] = []
    for start in range(0, min(top * councils, len(records)), councils):
        group = records[start : start + councils]
        unit = unit_words(group[0]["unit"])
        heading = f"{group[0]['node_name']}{f', {unit}' if unit else ''}: {group[0]['points_apart']:.1f} points apart"
        rows.append([Text(heading, style="bold"), "", "", "", ""])
        rows += [
            [
                Text(f"  {r['authority_name']}\n  ")
                + Text(f"{period_words(r['period_start_date'], r['period_end_date'])}; {basis_words(r)}", style="dim"),
                value_words(r["value"], r["unit"], r["decimals"]),
                "-" if r["england_comparison"].startswith("no") else r["england_comparison"],
                str(r["need_rank"]),
                signed(r["contribution_points"]),
            ]
            for r in group
        ]
    headings = {
        "Indicator and council": "left",
        "Value": "right",
        "vs England": "right",
        "Rank": "right",
        "Points": "right",
    }
    console.print(table_of(headings, rows))
    console.print(
        "Points are what each indicator adds to the need score. vs England: the council's need, if England's figure is "
        "outside the council's confidence limits; a dash if no limits are published.",
        style="dim",
    )
