"""Accidents to a seed: each takes the cells of a sound file and returns the bytes of a damaged one.

Belongs here: the damage. Whether it is noticed is for the tests.
"""

import csv
import gzip
import io
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from missions.sources.registry import Column, Source

NOT_NUMBERS = [
    *("NaN", "nan", "Infinity", "-inf", "INF", "1e999", "#N/A", "n/a", "1,5", "1_0", "0x1F", " 1", "=1", "TRUE"),
    *("\u0663", "\u00bd", "\uff11"),  # a three, a half and a one, in other scripts
]
UNKNOWN_AREAS = ["E06999999", "e06000001", "Leeds", "E0600000", "W06000001"]
TOO_LARGE = ["9" * 400, "1" + "0" * 30, "1e400", "-1e999", "9e99999"]
FORMULAS = ["=1+1", "+A1", "-A1", "@SUM(A1)", '"=HYPERLINK(""http://x"",""y"")"']
ENCODINGS = {"utf-16": "", "utf-32": "", "latin-1": "é", "cp1252": "€", "cp037": ""}

Cells = list[list[str]]


@dataclass(frozen=True)
class Accident:
    """Damage to a seed: returns new bytes, or None if it cannot happen to this layout.

    `must_refuse`: the rules of the layout alone must reject it. `has_line`, `has_column`: the error names them.
    """

    happen: Callable[[random.Random, Source, Cells], bytes | None]
    must_refuse: bool = False
    has_line: bool = False
    has_column: bool = False


def text_of(cells: Cells) -> bytes:
    """Cells as they are in the seed, quoted where necessary."""
    return "".join(",".join(row) + "\n" for row in cells).encode()


def some_row(rng: random.Random, cells: Cells) -> int:
    return rng.randrange(1, len(cells))


def set_cell(rng: random.Random, cells: Cells, columns: list[int], texts: list[str]) -> bytes | None:
    if not columns:
        return None
    cells[some_row(rng, cells)][rng.choice(columns)] = rng.choice(texts)
    return text_of(cells)


def columns_of(source: Source, wanted: Callable[[Column], Any]) -> list[int]:
    return [i for i, column in enumerate(source.layout.columns) if wanted(column)]


def named(source: Source, name: str) -> list[int]:
    return columns_of(source, lambda column: column.name == name)


def flip(rng: random.Random, source: Source, cells: Cells) -> bytes:
    data = bytearray(text_of(cells))
    for _ in range(rng.randint(1, 3)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def cut(rng: random.Random, source: Source, cells: Cells) -> bytes:
    data = text_of(cells)
    return data[: rng.randrange(len(data))]


def lose_rows(rng: random.Random, source: Source, cells: Cells) -> bytes:
    for _ in range(rng.randint(1, len(cells) // 2)):
        del cells[some_row(rng, cells)]
    return text_of(cells)


def change_digit(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    row, columns = some_row(rng, cells), columns_of(source, lambda c: c.type in ("number", "integer"))
    digits = [(c, i) for c in columns for i, letter in enumerate(cells[row][c]) if letter.isdigit()]
    if not digits:
        return None
    column, at = rng.choice(digits)
    old = cells[row][column]
    cells[row][column] = old[:at] + str((int(old[at]) + rng.randint(1, 9)) % 10) + old[at + 1 :]
    return text_of(cells)


def swap_cells(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    row = cells[some_row(rng, cells)]
    if len(row) < 2:
        return None
    one, other = rng.sample(range(len(row)), 2)
    row[one], row[other] = row[other], row[one]
    return text_of(cells)


def swap_areas(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    columns = columns_of(source, lambda c: c.area and c.required)
    if not columns:
        return None
    codes = sorted({row[columns[0]] for row in cells[1:]})
    if len(codes) < 2:
        return None
    one, other = rng.sample(codes, 2)
    for row in cells[1:]:
        row[columns[0]] = {one: other, other: one}.get(row[columns[0]], row[columns[0]])
    return text_of(cells)


def formula_in_text(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    return set_cell(rng, cells, columns_of(source, lambda c: c.type == "text" and not c.area), FORMULAS)


def formula_elsewhere(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    return set_cell(rng, cells, columns_of(source, lambda c: c.type != "text" or c.area), FORMULAS)


def not_a_number(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    return set_cell(
        rng, cells, columns_of(source, lambda c: c.type in ("number", "integer")), [f'"{text}"' for text in NOT_NUMBERS]
    )


def too_large(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    return set_cell(rng, cells, columns_of(source, lambda c: c.type in ("number", "integer")), TOO_LARGE)


def unknown_area(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    return set_cell(
        rng, cells, columns_of(source, lambda c: c.area), ["E06999999", "e06000001", "Leeds", "E0600000", "W06000001"]
    )


def empty_cell(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    return set_cell(rng, cells, columns_of(source, lambda c: c.required), ["", '""'])


def future_period(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    far = [str(date.today() + timedelta(days=days)) for days in (400, 4000)]
    return set_cell(rng, cells, named(source, "period_end_date"), [*far, "2999-12-31"])


def reversed_period(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    start, end = named(source, "period_start_date"), named(source, "period_end_date")
    row = cells[some_row(rng, cells)]
    if not start or row[start[0]] == row[end[0]]:
        return None
    row[start[0]], row[end[0]] = row[end[0]], row[start[0]]
    return text_of(cells)


def double_row(rng: random.Random, source: Source, cells: Cells) -> bytes:
    cells.insert(some_row(rng, cells), cells[some_row(rng, cells)])
    return text_of(cells)


def wrong_count(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    row = cells[some_row(rng, cells)]
    if rng.random() < 0.5:
        row.insert(rng.randrange(len(row) + 1), "")
    elif len(row) > 1:
        del row[rng.randrange(len(row))]
    else:
        return None
    return text_of(cells)


def swap_columns(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    if len(cells[0]) < 2:
        return None
    one, other = rng.sample(range(len(cells[0])), 2)
    for row in cells:
        row[one], row[other] = row[other], row[one]
    return text_of(cells)


def other_encoding(rng: random.Random, source: Source, cells: Cells) -> bytes | None:
    encoding, letter = rng.choice(list(ENCODINGS.items()))
    texts = columns_of(source, lambda c: c.type == "text" and not c.area)
    if letter and not texts:
        return None
    if letter:
        cells[some_row(rng, cells)][rng.choice(texts)] = letter
    with suppress(UnicodeEncodeError):
        return text_of(cells).decode().encode(encoding)
    return None


ACCIDENTS = {
    "bits flipped": Accident(flip),
    "file truncated anywhere": Accident(cut),
    "rows missing": Accident(lose_rows),
    "a digit changed": Accident(change_digit),
    "two cells of a row swapped": Accident(swap_cells),
    "two areas' rows swapped": Accident(swap_areas),
    "a formula in a text cell": Accident(formula_in_text),
    "a formula in a number, date or area cell": Accident(formula_elsewhere, True, True, True),
    "NaN or infinity": Accident(not_a_number, True, True, True),
    "a number too large": Accident(too_large, True, True, True),
    "an unknown area code": Accident(unknown_area, True, True, True),
    "an empty cell in a required column": Accident(empty_cell, True, True, True),
    "a period in the future": Accident(future_period, True, True, True),
    "a period that ends before it starts": Accident(reversed_period, True, True, True),
    "a duplicate key": Accident(double_row, True, True),
    "too few or too many cells in a row": Accident(wrong_count, True, True),
    "two columns swapped": Accident(swap_columns, True, True, True),
    "a different encoding": Accident(other_encoding, True, True),
}


def unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def packed(path: Path, data: bytes) -> bytes:
    return gzip.compress(data, mtime=0) if path.suffix == ".gz" else data


def cells_of(data: bytes) -> Cells:
    """The cells of a sound seed, as written."""
    rows = list(csv.reader(io.StringIO(data.decode())))
    return [['"' + c.replace('"', '""') + '"' if set(c) & set('",') else c for c in row] for row in rows]


def as_stored(source: Source, data: bytes) -> list[tuple[Any, ...]]:
    """What the table must hold if the file is loaded: every cell, as read by Python's own reader."""
    read: dict[str, Callable[[str], Any]] = {
        "text": str,
        "number": float,
        "integer": int,
        "date": date.fromisoformat,
        "boolean": lambda text: text.lower() == "true",
    }
    _, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    types = [read[column.type] for column in source.layout.columns]
    return [tuple(of(cell) if cell else None for of, cell in zip(types, row, strict=True)) for row in rows]
