"""The command indicator: an indicator's definition, source and coverage, and councils at either end.

Belongs here: options, help and what is shown of the answer.
"""

from typing import Annotated, Any

import typer
from rich.console import Console

from missions.cli.app import Csv, Json, command, open_published
from missions.cli.printing import new_console, printed_as_data, show_card, table_of
from missions.reading.wording import (
    day_words,
    in_words,
    period_words,
    publisher_words,
    release_words,
    shortened,
    unit_words,
    value_words,
)

END_ROWS = 10  # councils shown at either end


@command
def indicator(
    ctx: typer.Context,
    indicator_id: Annotated[
        str, typer.Argument(metavar="ID", help="An indicator's ID or title, such as fuel_poverty.")
    ],
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Show an indicator's definition, source and coverage, and councils at either end. --csv lists all councils."""
    from missions.reading.indicator import indicator_of

    with open_published(ctx) as connection:
        found = indicator_of(connection, indicator_id)
    if printed_as_data(found.authorities, as_json, as_csv, found.records):
        return
    console = new_console()
    console.print(found.indicator["indicator_title"], style="bold")
    show_card(console, _facts(found.indicator, found.england, found.coverage.records))
    councils = found.authorities.records
    _show_ends(console, councils, found.indicator)
    for basis in ("stale", "estimated"):
        names = [r["authority_name"] for r in councils if r["value_basis"] == basis]
        if names:
            console.print(f"{basis.capitalize()} ({len(names)}): {shortened(sorted(names))}")


def _facts(described: dict[str, Any], england: dict[str, Any], coverage: list[dict[str, Any]]) -> dict[str, str | None]:
    unit = described["unit"]
    ours = " (our average of councils)" if england["value_basis"] == "aggregated" else ""
    return {
        "Id": described["indicator_id"],
        "Mission": f"{described['mission_name']} ({described['theme_name']})",
        "Definition": described["definition"],
        "Numerator": described["numerator"],
        "Denominator": described["denominator"],
        "Why it is here": described["why_here"],
        "Unit": unit_words(unit) or unit,
        "Higher means": in_words(described["higher_means"]),
        "Weight": f"{described['weight']:g} ({100 * described['effective_weight']:.2f}% of the overall index)",
        "Latest period": f"to {day_words(described['latest_period_end_date'])}",
        "England": (
            f"{value_words(england['value'], unit, described['decimals'])} in the period to "
            f"{day_words(england['period_end_date'])}{ours}"
        ),
        "Treatment": _treatment(described),
        "Coverage": ", ".join(f"{r['authorities']} {in_words(r['value_basis'])}" for r in coverage),
        "Publisher": publisher_words(described["publisher"]),
        "Dataset": described["dataset"],
        "Indicator page": described["publisher_page"],
        "Released": release_words(described["release_date"], described["date_precision"]),
        "Next release": release_words(described["next_release_date"], described["date_precision"]),
        "Page": described["landing_page"],
        "Licence": described["licence"],
        "Source": described["source_id"],
        "Caveat": described["caveat"],
        "Source caveat": described["source_caveat"],
    }


def _treatment(described: dict[str, Any]) -> str:
    words = str(described["outcome"])
    if words == "winsorised":
        words += (
            f": {described['winsorised_values']} values moved to between "
            f"{value_words(described['lower_bound'], described['unit'], described['decimals'])} and "
            f"{value_words(described['upper_bound'], described['unit'], described['decimals'])}"
        )
    if described["skewness_before"] is not None:
        words += f"; skewness {described['skewness_before']:.2f}"
        if described["outcome"] != "none":
            words += f" before, {described['skewness_after']:.2f} after"
    return words


def _show_ends(console: Console, councils: list[dict[str, Any]], described: dict[str, Any]) -> None:
    console.print(f"The {END_ROWS} highest and {END_ROWS} lowest by need, of {len(councils)} councils", style="bold")
    columns = {"Rank": "right", "Authority": "left", "Value": "right", "Period": "left", "Basis": "left"}
    rows = [
        [
            str(r["need_rank"]),
            r["authority_name"],
            value_words(r["value"], described["unit"], described["decimals"]),
            period_words(r["period_start_date"], r["period_end_date"]),
            in_words(r["value_basis"]),
        ]
        for r in councils[:END_ROWS] + councils[-END_ROWS:]
    ]
    console.print(table_of(columns, rows, line_after=END_ROWS - 1))
