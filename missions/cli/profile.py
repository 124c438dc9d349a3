"""The command profile: one council's scores and ranks, and the indicators behind them.

Belongs here: options, help and what is shown of the answer.
"""

from typing import Any

import typer
from rich.console import Console

from missions.cli.app import Council, Csv, Json, TopEachWay, command, open_published, tell
from missions.cli.printing import (
    new_console,
    printed_as_data,
    share_words,
    show_card,
    show_drivers,
    show_notes,
    show_score_notes,
    table_of,
)
from missions.reading.rank_words import place_words, range_words
from missions.reading.wording import type_words


@command
def profile(
    ctx: typer.Context, words: Council, top: TopEachWay = 5, as_json: Json = False, as_csv: Csv = False
) -> None:
    """Show a council's scores and ranks, and the indicators behind them. --csv lists the indicators."""
    from missions.reading.profile import profile_of

    with open_published(ctx) as connection:
        found = profile_of(connection, " ".join(words))
    tell(*found.notes)
    if printed_as_data(found.indicators, as_json, as_csv, found.records):
        return
    console = new_console()
    _show_authority(console, found.authority)
    _show_scores(console, _under_missions(found.scores.records, found.themes.records))
    indicators = found.indicators.records
    raising = [r for r in indicators if r["contribution"] > 0][:top]
    lowering = [r for r in reversed(indicators) if r["contribution"] < 0][:top]
    show_drivers(console, "What raises its need most", raising)
    show_drivers(console, "What lowers its need most", lowering)
    show_notes(console, raising + lowering)


def _show_authority(console: Console, authority: dict[str, Any]) -> None:
    code, current = authority["authority_code"], authority["current_code"]
    console.print(authority["authority_name"], style="bold")
    show_card(
        console,
        {
            "Code": code if code == current else f"{code}; {current} since April 2025",
            "Type": type_words(authority["authority_type"]),
            "Region": authority["region_name"],
            "County": authority["county_name"],
            "Combined authority": authority["combined_authority_name"],
            "Population": f"{authority['population']:,} (mid-2024)",
        },
    )


def _under_missions(scores: list[dict[str, Any]], themes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Scores with those of the themes, indented, under their mission."""
    indented = [theme | {"index_name": f"  {theme['index_name']}"} for theme in themes]
    return [row for s in scores for row in [s, *(t for t in indented if t["mission_name"] == s["index_name"])]]


def _show_scores(console: Console, scores: list[dict[str, Any]]) -> None:
    numbers = ["Score", "Rank", "Likely range", "Rank in type", "Decile"]
    columns = {"Mission and theme": "left"} | dict.fromkeys(numbers, "right")
    rows = [
        [
            r["index_name"],
            f"{r['need_score']:.1f}",
            place_words(r),
            range_words(r),
            f"{r['need_rank_in_type']} of {r['authorities_of_type']}" if r["need_rank_in_type"] else "-",
            str(r["need_decile"]),
            r["need_band"],
            share_words(r),
        ]
        for r in scores
    ]
    console.print(table_of(columns | {"Band": "left", "Published": "right"}, rows, bold=0))
    console.print("Decile 1 is the tenth of councils with the highest need.", style="dim")
    show_score_notes(console, scores)
