"""What commands print: CSV and JSON with numbers in full, tables for people with numbers rounded.

Belongs here: how rows, figures, periods and notes are written. What is shown is chosen by the commands.
"""

import csv
import json
import math
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from missions.errors import MissionsError, UsageError
from missions.publication.flat_files import safe_in_spreadsheets
from missions.reading.queries import Rows
from missions.reading.wording import (
    day_words,
    in_words,
    period_words,
    publisher_words,
    share_words,
    type_words,
    unit_words,
    value_words,
)

END_ROWS = 10  # of an indicator's councils, at either end

_SCORE_NOTE = (
    "Need score: 100 is the average place, 110 is one standard deviation more need. Rank 1 is the greatest need."
)
_FLAG_NOTE = "* mostly not published: less than half of the weight rests on the council's own published figures."


# --- Data for machines -----------------------------------------------------------------------------------------------


def printed_as_data(rows: Rows, as_json: bool, as_csv: bool, whole: Any = None) -> bool:
    """Print the rows, or for JSON the `whole` that they are part of, where the user asked for data."""
    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other")
    if as_json:
        if len(set(rows.columns)) < len(rows.columns):
            raise MissionsError("two columns have the same name, which JSON cannot hold; rename one with AS")
        typer.echo(json.dumps(plain(rows.records if whole is None else whole), ensure_ascii=False, indent=2))
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([as_cell(column) for column in rows.columns])
        writer.writerows([as_cell(value) for value in row] for row in rows.values)
    return as_json or as_csv


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def as_text(value: Any) -> str:
    """A value as text that reads back the same; nothing for NULL."""
    if value is None:
        return ""
    if isinstance(value, bool | dict | list | tuple):
        return json.dumps(plain(value), ensure_ascii=False)
    return str(value)


def as_cell(value: Any) -> str:
    """A value as a CSV cell: as text that reads back the same, but for what a spreadsheet would take for a formula."""
    return safe_in_spreadsheets(value) if isinstance(value, str) else as_text(value)


# --- Tables for people ------------------------------------------------------------------------------------------------


def new_console() -> Console:
    return Console(highlight=False, markup=False, emoji=False)


def table_of(
    columns: Mapping[str, str], rows: Sequence[Sequence[str | Text]], bold: int = -1, line_after: int = -1
) -> Table:
    """A table with these headings, each "left" or "right". Words are not broken, and what is on the right not at all.

    `bold` and `line_after` are positions of rows.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    lacking: dict[int, int] = {}  # characters that columns of words lack for no line to break, by position
    for position, (heading, justify) in enumerate(columns.items()):
        if justify == "right":
            table.add_column(heading, justify="right", no_wrap=True)
        else:
            cells = [heading, *(str(row[position]) for row in rows)]
            longest_word = max(len(word) for cell in cells for word in cell.split() or [""])
            lacking[position] = max(len(line) for cell in cells for line in cell.splitlines() or [""]) - longest_word
            table.add_column(heading, overflow="fold", width=longest_word)
    for position, row in enumerate(rows):
        table.add_row(*row, style="bold" if position == bold else None, end_section=position == line_after)
    # Rich narrows columns without regard to their words and then crops the line. Here they start from their longest
    # word; what room there is fills the columns that lack least, and the others share what is left.
    console = new_console()
    room = console.width - console.measure(table, options=console.options.update(max_width=sys.maxsize)).maximum
    # Where there is not even that, the widest words are broken; a number that is cut would be another number.
    for _ in range(-room if lacking else 0):
        widest = max((table.columns[position] for position in lacking), key=lambda column: column.width or 0)
        widest.width = max(1, (widest.width or 1) - 1)
    columns_left = len(lacking)
    for position, lack in sorted(lacking.items(), key=lambda item: item[1]):
        more = max(0, lack if lack <= room else room // columns_left)
        table.columns[position].width = (table.columns[position].width or 0) + more
        room -= more
        columns_left -= 1
    return table


def show_card(console: Console, facts: Mapping[str, str | None]) -> None:
    """Facts with their labels, those without a value left out. Addresses and checksums are never broken."""
    width = max(map(len, facts)) + 2
    for label, fact in facts.items():
        if fact:
            lines = textwrap.wrap(fact, max(console.width - width, 20), break_long_words=False, break_on_hyphens=False)
            text = f"\n{'':{width}}".join(lines)
            console.print(Text(f"{label:{width}}", style="dim") + Text(text), soft_wrap=True)
    console.print()


def show_ranks(records: list[dict[str, Any]], title: str, highlighted: str | None = None) -> None:
    console = new_console()
    console.print(title, style="bold")
    columns = {"Rank": "right", "Authority": "left", "Type": "left", "Region": "left"}
    rows = [
        [
            str(r["need_rank"]),
            r["authority_name"],
            type_words(r["authority_type"]),
            r["region_name"],
            f"{r['need_score']:.1f}",
            r["need_band"],
            share_words(r),
        ]
        for r in records
    ]
    codes = [r["authority_code"] for r in records]
    bold = codes.index(highlighted) if highlighted in codes else -1
    console.print(table_of(columns | {"Score": "right", "Band": "left", "Published": "right"}, rows, bold))
    show_score_notes(console, records)


def show_score_notes(console: Console, records: Iterable[dict[str, Any]]) -> None:
    console.print(_SCORE_NOTE, style="dim")
    if not all(r["is_mostly_published"] for r in records):
        console.print(_FLAG_NOTE, style="dim")


def show_authority(console: Console, authority: dict[str, Any]) -> None:
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
            "Population": f"{authority['population']:,} at mid-2024",
        },
    )


def show_scores(console: Console, scores: list[dict[str, Any]]) -> None:
    columns = {"Need": "left"} | dict.fromkeys(["Score", "Rank", "In its type", "Decile"], "right")
    rows = [
        [
            r["index_name"],
            f"{r['need_score']:.1f}",
            str(r["need_rank"]),
            f"{r['need_rank_in_type']} of {r['authorities_of_type']}" if r["need_rank_in_type"] else "-",
            str(r["need_decile"]),
            r["need_band"],
            share_words(r),
        ]
        for r in scores
    ]
    console.print(table_of(columns | {"Band": "left", "Published": "right"}, rows, bold=0))
    show_score_notes(console, scores)


def show_drivers(console: Console, title: str, records: list[dict[str, Any]]) -> None:
    """Indicators with what they add to the composite score, in its points."""
    console.print()
    console.print(title, style="bold")
    rows: list[list[str | Text]] = []
    for r in records:
        basis = in_words(r["value_basis"])
        if r["value_basis"] != "published":
            basis += f" ({r['value_basis_reason']})"
        period = period_words(r["period_start_date"], r["period_end_date"])
        small_print = "; ".join(filter(None, [unit_words(r["unit"]), period, basis, publisher_words(r["publisher"])]))
        rows.append(
            [
                Text(r["indicator_title"]) + Text(f"\n{small_print}", style="dim"),
                value_words(r["value"], r["unit"]),
                value_words(r["england_value"], r["unit"])
                + (" †" if r["england_value_basis"] == "aggregated" else "  "),
                str(r["need_rank"]),
                f"{10 * r['contribution']:+.1f}",
            ]
        )
    columns = {"Indicator": "left"} | dict.fromkeys(["Value", "England", "Rank", "Points"], "right")
    console.print(table_of(columns, rows))


def show_notes(console: Console, records: list[dict[str, Any]]) -> None:
    """What a reader must know of these indicators."""
    console.print("Rank is among all councils. Points are what the indicator adds to the need score.", style="dim")
    if any(r["england_value_basis"] == "aggregated" for r in records):
        console.print("† our mean of the councils: none is published for England.", style="dim")
    notes: dict[str, list[str]] = {}
    for r in records:
        if r["caveat"]:
            notes.setdefault(r["caveat"], []).append(r["indicator_title"])
        if r["england_period_end_date"] != r["period_end_date"]:
            note = f"England is of the period to {day_words(r['england_period_end_date'])}."
            notes.setdefault(note, []).append(r["indicator_title"])
    for note, titles in notes.items():
        console.print(f"{'; '.join(titles)}: {note}", style="dim")


def show_indicator(
    console: Console, described: dict[str, Any], england: dict[str, Any], coverage: list[dict[str, Any]]
) -> None:
    unit = described["unit"]
    treatment = described["outcome"]
    if treatment == "winsorised":
        treatment += (
            f": {described['winsorised_values']} values moved, to between "
            f"{value_words(described['lower_bound'], unit)} and {value_words(described['upper_bound'], unit)}"
        )
    if described["skewness_before"] is not None:
        treatment += f"; skewness {described['skewness_before']:.2f}"
        if described["outcome"] != "none":
            treatment += f" before, {described['skewness_after']:.2f} after"
    ours = ", our mean of the councils" if england["value_basis"] == "aggregated" else ""
    console.print(described["indicator_title"], style="bold")
    show_card(
        console,
        {
            "Id": described["indicator_id"],
            "Mission": f"{described['mission_name']} ({described['theme_title']})",
            "Unit": unit_words(unit) or unit,
            "Higher means": in_words(described["higher_means"]),
            "Weight": f"{described['weight']:g}, which is {100 * described['effective_weight']:.2f} % of the composite",
            "Latest period": f"to {day_words(described['latest_period_end_date'])}",
            "England": (
                f"{value_words(england['value'], unit)} in the period to {day_words(england['period_end_date'])}{ours}"
            ),
            "Treatment": treatment,
            "Coverage": ", ".join(f"{r['authorities']} {in_words(r['value_basis'])}" for r in coverage),
            "Publisher": publisher_words(described["publisher"]),
            "Data set": described["dataset"],
            "Page": described["landing_page"],
            "Licence": described["licence"],
            "Source": described["source_id"],
            "Caveat": described["caveat"],
            "Source caveat": described["source_caveat"],
        },
    )


def show_ends(console: Console, councils: list[dict[str, Any]], unit: str) -> None:
    console.print(f"The {END_ROWS} most and the {END_ROWS} least needy of {len(councils)} councils", style="bold")
    columns = {"Rank": "right", "Authority": "left", "Value": "right", "Period": "left", "Basis": "left"}
    rows = [
        [
            str(r["need_rank"]),
            r["authority_name"],
            value_words(r["value"], unit),
            period_words(r["period_start_date"], r["period_end_date"]),
            in_words(r["value_basis"]),
        ]
        for r in councils[:END_ROWS] + councils[-END_ROWS:]
    ]
    console.print(table_of(columns, rows, line_after=END_ROWS - 1))


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """A bar on stderr, where somebody looks at it; call what it gives with the name of each thing done."""
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)
        yield lambda name: progress.update(task, advance=1, description=name)
