"""What commands print: CSV and JSON with numbers in full, tables for people with numbers rounded.

Belongs here: how rows, figures, periods and notes are written. What is shown is chosen by the commands.
"""

import csv
import json
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from missions.errors import MissionsError, UsageError
from missions.reading.cells import as_cell, plain
from missions.reading.queries import Rows
from missions.reading.wording import (
    basis_words,
    day_words,
    period_words,
    publisher_words,
    type_words,
    unit_words,
    value_words,
)

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


def share_words(score: Mapping[str, Any]) -> str:
    """The share of the weight that is published for the council alone, flagged where it is less than half."""
    return f"{score['published_share']:.0%}".replace("%", " %") + ("  " if score["is_mostly_published"] else " *")


def show_score_notes(console: Console, records: Iterable[dict[str, Any]]) -> None:
    console.print(_SCORE_NOTE, style="dim")
    if not all(r["is_mostly_published"] for r in records):
        console.print(_FLAG_NOTE, style="dim")


def show_drivers(console: Console, title: str, records: list[dict[str, Any]]) -> None:
    """Indicators with what they add to the composite score, in its points."""
    console.print()
    console.print(title, style="bold")
    rows: list[list[str | Text]] = []
    for r in records:
        period = period_words(r["period_start_date"], r["period_end_date"])
        facts = [unit_words(r["unit"]), period, basis_words(r), publisher_words(r["publisher"])]
        small_print = "; ".join(filter(None, facts))
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


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """A bar on stderr, where somebody looks at it; call what it gives with the name of each thing done."""
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)
        yield lambda name: progress.update(task, advance=1, description=name)
