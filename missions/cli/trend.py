"""The command that looks back: trend of one council.

Belongs here: the questions and what of the answers is shown. Editions, changes and paces are worked out in the models.
"""

from datetime import date
from typing import Annotated, Any

import typer
from rich.console import Console

from missions.cli.app import EXPLAIN, Csv, Json, app
from missions.cli.printing import new_console, printed_as_data, table_of
from missions.reading.names import find_authority
from missions.reading.queries import ask, open_published
from missions.reading.wording import value_words

_TREND_NOTE = (
    "0 and 100 are where the least and the most needy twentieth of councils stood in the first edition. Each is "
    "made of periods that had ended by the end of its year, as revised since; the headline index is not one of them."
)
_TESTED_NOTE = (
    "Changes that exceed the published limits or, where there are none, that keep to one direction beyond chance. "
    "--csv has every indicator with its test."
)


@app.command(rich_help_panel=EXPLAIN)
def trend(
    ctx: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="NAME-OR-CODE", help="A council's name or code, of today or before.")
    ],
    top: Annotated[
        int, typer.Option(min=1, help="How many indicators to show each way; --json and --csv have all.")
    ] = 5,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Show how a council's need has moved, by mission and indicator, and where it stands on national milestones."""
    with open_published(ctx) as connection:
        code = find_authority(connection, " ".join(words))
        (authority,) = ask(connection, "FROM dim_authority WHERE authority_code = $code", code=code).records
        editions = ask(
            connection,
            """
            SELECT index_id, coalesce(mission_name, 'All missions') AS index_name,
                index_trend.* EXCLUDE (authority_code, index_id)
            FROM index_trend LEFT JOIN dim_mission ON index_id = mission_id
            WHERE authority_code = $code
            ORDER BY mission_id IS NOT NULL, index_name, edition
            """,
            code=code,
        ).records
        indicators = ask(
            connection,
            """
            SELECT trend.indicator_id, indicator_title, mission_name, unit, higher_means,
                trend.* EXCLUDE (authority_code, indicator_id)
            FROM indicator_trend AS trend
            JOIN dim_indicator AS indicator USING (indicator_id)
            WHERE authority_code = $code
            ORDER BY list_position(['rising need', 'falling need', 'no clear change', 'not judged'], direction),
                abs(change_percent) DESC NULLS LAST, trend.indicator_id
            """,
            code=code,
        )
        milestones = ask(
            connection,
            """
            SELECT milestone_id, milestone_title, statement, unit,
                progress.* EXCLUDE (milestone_id, area_code, area_type)
            FROM milestone_progress AS progress JOIN dim_milestone USING (milestone_id)
            WHERE area_code = $code ORDER BY milestone_title
            """,
            code=code,
        ).records
        names = dict(ask(connection, "SELECT mission_id, mission_name FROM dim_mission ORDER BY mission_name").values)
    left_out = [name for mission_id, name in names.items() if mission_id not in {r["index_id"] for r in editions}]
    whole = {"authority": authority, "editions": editions, "indicators": indicators.records, "milestones": milestones}
    if printed_as_data(indicators, as_json, as_csv, whole):
        return
    console = new_console()
    console.print(authority["authority_name"], style="bold")
    _show_editions(console, editions, left_out)
    for direction in ("rising need", "falling need"):
        _show_moves(console, direction, [r for r in indicators.records if r["direction"] == direction], top)
    console.print(_TESTED_NOTE, style="dim")
    _show_milestones(console, milestones)


def _show_editions(console: Console, editions: list[dict[str, Any]], left_out: list[str]) -> None:
    if not editions:
        console.print("Too few of its figures reach back to the first edition for a score.")
        return
    years = sorted({r["edition"] for r in editions})
    by_name: dict[str, dict[int, dict[str, Any]]] = {}
    for r in editions:
        by_name.setdefault(r["index_name"], {})[r["edition"]] = r
    columns = {"Need": "left"} | {str(year): "right" for year in years} | {"Rank": "right", "Need is": "left"}
    rows = [
        [
            name,
            *(f"{of[year]['trend_score']:.0f}" for year in years),
            f"{of[years[0]]['trend_rank']} to {of[years[-1]]['trend_rank']}",
            of[years[-1]]["direction"].removesuffix(" need"),
        ]
        for name, of in by_name.items()
    ]
    console.print(table_of(columns, rows))
    if left_out:
        rest = "all missions are the others" if "All missions" in by_name else "and too few for all missions together"
        console.print(f"No score for {', '.join(left_out)}: too few figures in every edition; {rest}.")
    console.print(_TREND_NOTE, style="dim")
    console.print()


def _show_moves(console: Console, direction: str, moved: list[dict[str, Any]], top: int) -> None:
    console.print(f"{direction.capitalize()}: {len(moved)} indicators", style="bold")
    if not moved:
        console.print()
        return
    columns = {"Indicator": "left", "First": "right", "Last": "right", "Change": "right"}
    rows = [
        [
            r["indicator_title"],
            f"{value_words(r['first_value'], r['unit'])} in {_year(r['first_period_end_date'])}",
            f"{value_words(r['last_value'], r['unit'])} in {_year(r['last_period_end_date'])}",
            "" if r["change_percent"] is None else f"{r['change_percent']:+.0f} %",
        ]
        for r in moved[:top]
    ]
    console.print(table_of(columns, rows))


def _show_milestones(console: Console, milestones: list[dict[str, Any]]) -> None:
    console.print()
    console.print("National milestones, set for the country and not for councils", style="bold")
    columns = {"Milestone": "left", "Number": "right", "By": "right", "Now": "right"}
    rows = [
        [
            r["milestone_title"],
            value_words(r["target_value"], r["unit"]),
            _year(r["target_date"]),
            ""
            if r["current_value"] is None
            else f"{value_words(r['current_value'], r['unit'])} in {_year(r['current_period_end_date'])}",
            "" if r["pace_per_year"] is None else f"{r['pace_per_year']:+.2f}",
            "" if r["needed_pace_per_year"] is None else f"{r['needed_pace_per_year']:+.2f}",
            r["status"],
        ]
        for r in milestones
    ]
    console.print(table_of(columns | {"A year": "right", "Needed": "right", "Status": "left"}, rows))


def _year(day: date | None) -> str:
    return "" if day is None else str(day.year)
