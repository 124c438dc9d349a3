"""The command trend: one council over time.

Belongs here: options, help and what is shown of the answer.
"""

from datetime import date
from typing import Any

import typer
from rich.console import Console

from missions.cli.app import Council, Csv, Json, TopEachWay, command, open_published, tell
from missions.cli.printing import new_console, printed_as_data, table_of
from missions.reading.queries import ask_names
from missions.reading.wording import DIRECTION_WORDS, value_words

_TREND_NOTE = (
    "0 and 100 mark the 5% of councils with the lowest and highest need in the first year. Each year uses the periods "
    "that had ended by then, as revised since. This scale is separate from the headline score."
)
_TESTED_NOTE = (
    "Only changes beyond the published confidence limits or, where there are none, too consistent to be chance. "
    "--csv lists every indicator with its test."
)


@command
def trend(ctx: typer.Context, words: Council, top: TopEachWay = 5, as_json: Json = False, as_csv: Csv = False) -> None:
    """Show how a council's need has changed, by mission and indicator, and its progress on national milestones."""
    from missions.reading.trend import trend_of

    with open_published(ctx) as connection:
        found = trend_of(connection, " ".join(words))
        missions = ask_names(connection, "SELECT mission_id, mission_name FROM dim_mission ORDER BY mission_name")
    tell(*found.notes)
    if printed_as_data(found.indicators, as_json, as_csv, found.records):
        return
    console = new_console()
    console.print(found.authority["authority_name"], style="bold")
    editions, indicators = found.editions.records, found.indicators.records
    scored = {r["index_id"] for r in editions}
    _show_editions(console, editions, [name for mission_id, name in missions.items() if mission_id not in scored])
    for direction in ("rising need", "falling need"):
        _show_moves(console, direction, [r for r in indicators if r["direction"] == direction], top)
    console.print(_TESTED_NOTE, style="dim")
    _show_milestones(console, found.milestones.records)


def _show_editions(console: Console, editions: list[dict[str, Any]], left_out: list[str]) -> None:
    if not editions:
        console.print("No trend score: too few of its figures go back to the first year.")
        return
    years = sorted({r["edition"] for r in editions})
    by_name: dict[str, dict[int, dict[str, Any]]] = {}
    for r in editions:
        by_name.setdefault(r["index_name"], {})[r["edition"]] = r
    columns = {"Mission": "left"} | {str(year): "right" for year in years} | {"Rank": "right", "Direction": "left"}
    rows = [
        [
            name,
            *(f"{of[year]['trend_score']:.0f}" for year in years),
            f"{of[years[0]]['trend_rank']} to {of[years[-1]]['trend_rank']}",
            DIRECTION_WORDS[of[years[-1]]["direction"]],
        ]
        for name, of in by_name.items()
    ]
    console.print(table_of(columns, rows))
    if left_out:
        rest = "All missions covers the others" if "All missions" in by_name else "nor for all missions together"
        console.print(f"No score for {', '.join(left_out)}: too few comparable figures; {rest}.")
    console.print(_TREND_NOTE, style="dim")
    console.print()


def _show_moves(console: Console, direction: str, moved: list[dict[str, Any]], top: int) -> None:
    console.print(f"{DIRECTION_WORDS[direction].capitalize()}: {len(moved)} indicators", style="bold")
    if not moved:
        console.print()
        return
    columns = {"Indicator": "left", "First": "right", "Last": "right", "Change": "right"}
    rows = [
        [
            r["indicator_title"],
            f"{value_words(r['first_value'], r['unit'], r['decimals'])} in {_year(r['first_period_end_date'])}",
            f"{value_words(r['last_value'], r['unit'], r['decimals'])} in {_year(r['last_period_end_date'])}",
            "" if r["change_percent"] is None else f"{r['change_percent']:+.0f}%",
        ]
        for r in moved[:top]
    ]
    console.print(table_of(columns, rows))


def _show_milestones(console: Console, milestones: list[dict[str, Any]]) -> None:
    console.print()
    console.print("National milestones (set for the country, not for councils)", style="bold")
    columns = {"Milestone": "left", "Target": "right", "By": "right", "Now": "right"}
    rows = [
        [
            r["milestone_title"],
            value_words(r["target_value"], r["unit"], r["decimals"]),
            _year(r["target_date"]),
            ""
            if r["current_value"] is None
            else f"{value_words(r['current_value'], r['unit'], r['decimals'])} in "
            f"{_year(r['current_period_end_date'])}",
            "" if r["pace_per_year"] is None else f"{r['pace_per_year']:+.2f}",
            "" if r["needed_pace_per_year"] is None else f"{r['needed_pace_per_year']:+.2f}",
            r["status"],
        ]
        for r in milestones
    ]
    console.print(table_of(columns | {"Per year": "right", "Needed": "right", "Status": "left"}, rows))


def _year(day: date | None) -> str:
    return "" if day is None else str(day.year)
