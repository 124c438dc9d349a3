"""Printing that commands share: CSV and JSON with unrounded numbers, tables for people with rounded ones.

Belongs here: how rows, cards and notes are printed. Each command chooses what to show.
"""

import csv
import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from missions.reading.rank_words import place_notes, place_words, range_words
from missions.reading.wording import (
    basis_words,
    day_words,
    period_words,
    publisher_words,
    type_words,
    unit_words,
    value_words,
)

_SCORE_NOTE = "Need score: 100 is average, 110 is one standard deviation above it. Rank 1 is the highest need."
_RANGE_NOTE = "Likely range: where the rank is in 90% of recalculations that vary the method and the data."
_FLAG_NOTE = "* Mostly not the council's own figures: they carry less than half of the weight."


# --- Data for machines -----------------------------------------------------------------------------------------------


def printed_as_data(rows: Rows, as_json: bool, as_csv: bool, whole: Any = None) -> bool:
    """Print the rows (as JSON, the `whole` they are part of) if the user asked for data; return whether they did."""
    if as_json and as_csv:
        raise UsageError("Use --json or --csv, not both.")
    if as_json:
        if len(set(rows.columns)) < len(rows.columns):
            raise MissionsError("Two columns have the same name, which JSON cannot hold; rename one with AS.")
        typer.echo(json.dumps(plain(rows.records if whole is None else whole), ensure_ascii=False, indent=2))
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([as_cell(column) for column in rows.columns])
        writer.writerows([as_cell(value) for value in row] for row in rows.values)
    return as_json or as_csv


# --- Tables for people ------------------------------------------------------------------------------------------------


def new_console() -> Console:
    """A console that prints text exactly as given."""
    return Console(highlight=False, markup=False, emoji=False)


def table_of(
    columns: Mapping[str, str], rows: Sequence[Sequence[str | Text]], bold: int = -1, line_after: int = -1
) -> Table:
    """A table with these headings, each "left" or "right". Left columns wrap between words; right ones never wrap.

    `bold` and `line_after` are row positions.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    lacking: dict[int, int] = {}  # by column: how many characters it lacks to avoid wrapping
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
    # Rich narrows columns regardless of their words and then crops the line. Here columns start at their longest word;
    # spare room goes first to the columns that lack least, and the others share the rest.
    console = new_console()
    room = console.width - console.measure(table, options=console.options.update(max_width=sys.maxsize)).maximum
    # If even that does not fit, the widest words are broken, never a number: a cut number would be a different one.
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
    """Facts with labels, leaving out those without a value. Addresses and checksums are never broken."""
    width = max(map(len, facts)) + 2
    for label, fact in facts.items():
        if fact:
            lines = textwrap.wrap(fact, max(console.width - width, 20), break_long_words=False, break_on_hyphens=False)
            text = f"\n{'':{width}}".join(lines)
            console.print(Text(f"{label:{width}}", style="dim") + Text(text), soft_wrap=True)
    console.print()


def show_ranks(records: list[dict[str, Any]], title: str, highlighted: str | None = None) -> None:
    """Councils by rank, with their places in the list if it is not of all; the council `highlighted` in bold."""
    console = new_console()
    console.print(title, style="bold")
    is_part = any(r["listed_councils"] < r["ranked_councils"] for r in records)
    place = {f"Of {records[0]['listed_councils']}": "right"} if is_part else {}
    columns = {"Rank": "right", "Likely range": "right", **place, "Authority": "left", "Type": "left", "Region": "left"}
    rows = [
        [
            place_words(r).replace(" and ", "\nand "),
            range_words(r),
            *([str(r["rank_in_list"])] if is_part else []),
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
    """The share of the weight published for the council alone, flagged if less than half."""
    return f"{score['published_share']:.0%}" + ("  " if score["is_mostly_published"] else " *")


def show_score_notes(console: Console, records: Sequence[dict[str, Any]]) -> None:
    """How to read scores, and the flag if any is used."""
    console.print(_SCORE_NOTE, style="dim")
    if any(r["rank_percentile_5"] is not None for r in records):
        console.print(_RANGE_NOTE, style="dim")
    if not all(r["is_mostly_published"] for r in records):
        console.print(_FLAG_NOTE, style="dim")
    for r in records:
        for note in place_notes(r):
            console.print(f"{r['authority_name']}, {r['index_name']}: {note}", style="dim")


def show_drivers(console: Console, title: str, records: list[dict[str, Any]]) -> None:
    """Indicators with the points that each adds to the need score."""
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
                value_words(r["value"], r["unit"], r["decimals"]),
                value_words(r["england_value"], r["unit"], r["decimals"])
                + (" †" if r["england_value_basis"] == "aggregated" else "  "),
                str(r["need_rank"]),
                f"{10 * r['contribution']:+.1f}",
            ]
        )
    columns = {"Indicator": "left"} | dict.fromkeys(["Value", "England", "Rank", "Points"], "right")
    console.print(table_of(columns, rows))


def show_notes(console: Console, records: list[dict[str, Any]]) -> None:
    """What a reader must know about these indicators."""
    console.print("Ranks are among all councils. Points are what each indicator adds to the need score.", style="dim")
    if any(r["england_value_basis"] == "aggregated" for r in records):
        console.print("† Our average of councils: no figure is published for England.", style="dim")
    notes: dict[str, list[str]] = {}
    for r in records:
        if r["caveat"]:
            notes.setdefault(r["caveat"], []).append(r["indicator_title"])
        if r["england_period_end_date"] != r["period_end_date"]:
            note = f"England's figure is for the period to {day_words(r['england_period_end_date'])}."
            notes.setdefault(note, []).append(r["indicator_title"])
    for note, titles in notes.items():
        console.print(f"{'; '.join(titles)}: {note}", style="dim")


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """A progress bar on stderr if that is a terminal; call the function it yields with the name of each thing done."""
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)
        yield lambda name: progress.update(task, advance=1, description=name)
