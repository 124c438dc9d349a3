"""Words and marks: how a number, a period, a place or a trend reads on a page.

Belongs here: what templates call on single values. Values as the `missions` command prints them read the same here.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from itertools import pairwise

from missions.reading.wording import (
    TYPES_PLURAL,
    day_words,
    in_words,
    period_words,
    publisher_words,
    type_words,
    unit_words,
    value_words,
)
from missions.site.data import Row, slug

ACRONYMS = {
    "Department for Education": "DfE",
    "Department for Energy Security and Net Zero": "DESNZ",
    "Department for Environment, Food and Rural Affairs": "Defra",
    "Department for Transport": "DfT",
    "Department for Work and Pensions": "DWP",
    "Ministry of Housing, Communities and Local Government": "MHCLG",
    "Office for Health Improvement and Disparities": "OHID",
    "Office for National Statistics": "ONS",
}


def number(value: float | None, digits: int = 1) -> str:
    """A number with a real minus sign; nothing for none."""
    return "" if value is None else f"{value:,.{digits}f}".replace("-", "\u2212")


def signed(value: float | None, digits: int = 1) -> str:
    """A number with its sign; what rounds to nothing has none."""
    text = f"{value or 0:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "\u2212")


def share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f}\u00a0%"


def figure(value: float | None, unit: str) -> str:
    """A value in its unit, kept on one line."""
    return "" if value is None else value_words(value, unit).replace(" ", "\u00a0").replace("-", "\u2212")


def listed(names: Iterable[str], last: str = "and") -> str:
    """Names in a sentence."""
    *first, end = list(names) or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def times(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def short_period(start: date | None, end: date) -> str:
    """A period as a table cell holds it."""
    words = re.sub(r"\b([A-Z][a-z]{2})[a-z]+", r"\1", period_words(start, end))
    return words.replace("year to ", "to ")


def basis_words(cell: Row) -> str:
    """How a value came about and why, in one phrase."""
    if cell["value_basis"] == "published":
        return "published" if cell["value_basis_reason"] == "published" else str(cell["value_basis_reason"])
    return f"{in_words(cell['value_basis'])}: {cell['value_basis_reason']}"


def percent_of(part: int, whole: int) -> str:
    percent = 100 * part / whole
    return f"{'under 0.1' if 0 < percent < 0.05 else number(percent)}\u00a0%"


def the(name: str) -> str:
    """An article where a name has one in a sentence."""
    return "the " if name.startswith(("Isles of", "City of")) else ""


def acronym(publisher: str) -> str:
    """A publisher in a narrow column: as Whitehall writes it for short."""
    first = publisher.split(";")[0].split(", sourced")[0]
    return ACRONYMS.get(first, first)


def the_region(region: str, start: bool = False) -> str:
    """A region's name as it stands in a sentence, or at its start."""
    return region if region in ("London", "Yorkshire and The Humber") else f"{'The' if start else 'the'} {region}"


def path(places: list[tuple[int, int]]) -> str:
    """An SVG path in as few letters as it takes: the first place, then steps."""
    steps = (f"{x - u} {y - v}" for (u, v), (x, y) in pairwise(places))
    return f"M{places[0][0]} {places[0][1]}l" + " ".join(steps).replace(" -", "-")


def sparkline(points: list[Row], unit: str) -> Row | None:
    """Paths of a trend and of its limits in a box of 160 by 40, and the same in words; none for a single period."""
    if len(points) < 2:
        return None
    days = [point["period_end_date"].toordinal() for point in points]
    bounds = [
        (point["value_lower_95"], point["value_upper_95"]) if point["value_lower_95"] is not None else None
        for point in points
    ]
    numbers = [point["value"] for point in points] + [n for pair in bounds if pair for n in pair if n is not None]
    low, high = min(numbers), max(numbers)
    height = (high - low) or 1

    def place(day: int, value: float) -> tuple[int, int]:
        return round(4 + 148 * (day - days[0]) / (days[-1] - days[0])), round(36 - 32 * (value - low) / height)

    line = [place(day, point["value"]) for day, point in zip(days, points, strict=True)]
    limited = [(day, pair) for day, pair in zip(days, bounds, strict=True) if pair and None not in pair]
    limits = ""
    if len(limited) > 1:
        upper = [place(day, pair[1]) for day, pair in limited]
        lower = [place(day, pair[0]) for day, pair in reversed(limited)]
        limits = path(upper + lower) + "z"
    first, last = points[0], points[-1]
    words = (
        f"{figure(first['value'], unit)} in {first['period_end_date'].year}, "
        f"{figure(last['value'], unit)} in {last['period_end_date'].year}"
    )
    return {"line": path(line), "limits": limits, "end": line[-1], "words": words, "first": first, "last": last}


def edition_line(editions: list[Row]) -> Row | None:
    """The trend of an index over its editions, as a sparkline."""
    points = [
        {
            "period_end_date": date(row["edition"], 12, 31),
            "value": row["trend_score"],
            "value_lower_95": None,
            "value_upper_95": None,
        }
        for row in editions
    ]
    return sparkline(points, "points")


FILTERS: dict[str, Callable[..., str]] = {
    "score": number,
    "whole": lambda value: number(value, 0),
    "decimal": number,
    "signed": signed,
    "points": lambda contribution: signed(10 * contribution),
    "share": share,
    "figure": figure,
    "unit": lambda unit: unit_words(unit) or unit,
    "type": type_words,
    "words": in_words,
    "publisher": publisher_words,
    "period": short_period,
    "long_period": period_words,
    "day": day_words,
    "basis": basis_words,
    "listed": listed,
    "types": lambda kind: TYPES_PLURAL.get(kind, type_words(kind)).lower(),
    "slug": slug,
    "acronym": acronym,
    "capitalize_first": lambda text: text[:1].upper() + text[1:],
    "percent_of": percent_of,
    "the": the,
    "short_day": lambda day: short_period(day, day),
}
