"""How a number, a period or a place reads on a page: what templates call on single values.

Belongs here: words as HTML wants them, such as spaces that do not break. Words that the `missions` command has too
are in missions/reading.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date

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
from missions.site.data import Group, Row, slug

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


def group_name(group: Group) -> str:
    """The name of a group of councils as a title."""
    return TYPES_PLURAL.get(group.name, type_words(group.name)) if group.kind == "type" else group.name


def the_region(region: str, start: bool = False) -> str:
    """A region's name as it stands in a sentence, or at its start."""
    return region if region in ("London", "Yorkshire and The Humber") else f"{'The' if start else 'the'} {region}"


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
