"""How a number, a period or a place reads on a page: the filters of the templates.

Belongs here: wording for HTML, such as non-breaking spaces. Wording shared with the `missions` command is in
missions/reading.
"""

import re
from collections.abc import Callable
from datetime import date

from missions.reading.certainty import certainty_of_score
from missions.reading.rank_words import ordinal, place_notes, place_words
from missions.reading.wording import (
    DIRECTION_WORDS,
    TYPES_PLURAL,
    day_words,
    in_words,
    listed,
    period_words,
    place_name,
    publisher_words,
    reason_words,
    release_words,
    the,
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
    """A number with a proper minus sign; empty for None."""
    return "" if value is None else f"{value:,.{digits}f}".replace("-", "\u2212")


def signed(value: float | None, digits: int = 1) -> str:
    """A number with its sign, or without if it rounds to zero."""
    text = f"{value or 0:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "\u2212")


def share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f}%"


def figure(value: float | None, unit: str, decimals: int | None = None) -> str:
    """A value in its unit, without line breaks."""
    return "" if value is None else value_words(value, unit, decimals).replace(" ", "\u00a0").replace("-", "\u2212")


def unit_name(unit: str) -> str:
    """A unit in words, or as a symbol if values carry it themselves."""
    return unit_words(unit).replace("CO2e", "CO₂e") or unit


def short_period(start: date | None, end: date) -> str:
    """A period, shortened for a table cell."""
    words = re.sub(r"\b([A-Z][a-z]{2})[a-z]+", r"\1", period_words(start, end))
    return words.replace("year to ", "to ")


def basis_words(cell: Row) -> str:
    """The basis of a value and the reason for it, in one phrase."""
    reason = reason_words(cell["value_basis_reason"])
    if cell["value_basis"] == "published" and reason in ("published", "rate of published counts"):
        return reason
    return f"{in_words(cell['value_basis'])}: {reason}"


def percent_of(part: int, whole: int) -> str:
    percent = 100 * part / whole
    return f"{'under 0.1' if 0 < percent < 0.05 else number(percent)}%"


def acronym(publisher: str) -> str:
    """A publisher's usual abbreviation, for narrow columns."""
    first = publisher.split(";")[0].split(", sourced")[0]
    return ACRONYMS.get(first, first)


def types_in_sentence(kind: str) -> str:
    """Councils of a type, in a sentence."""
    words = TYPES_PLURAL[kind]
    return words if words.startswith("London") else words.lower()


def group_name(group: Group) -> str:
    """The name of a group of councils as a title."""
    return TYPES_PLURAL.get(group.name, type_words(group.name)) if group.kind == "type" else group.name


def councils_of(group: Group) -> str:
    """The councils of a group, as a heading names them."""
    return group_name(group) if group.kind == "type" else f"Councils in {place_name(group.name)}"


def dashed_range(score: Row) -> str:
    """The 90% interval of a rank for narrow cells."""
    return f"{score['rank_percentile_5']:.0f}\u2013{score['rank_percentile_95']:.0f}"


def prose(text: str) -> str:
    """A sentence with the apostrophes of print."""
    return text.replace("'", "\u2019")


FILTERS: dict[str, Callable[..., str | list[str]]] = {
    "score": number,
    "whole": lambda value: number(value, 0),
    "decimal": number,
    "signed": signed,
    "points": lambda contribution: signed(10 * contribution),
    "share": share,
    "figure": figure,
    "unit": unit_name,
    "type": type_words,
    "words": in_words,
    "publisher": publisher_words,
    "period": short_period,
    "long_period": period_words,
    "day": day_words,
    "release": release_words,
    "basis": basis_words,
    "reason": reason_words,
    "listed": listed,
    "slug": slug,
    "acronym": acronym,
    "capitalize_first": lambda text: text[:1].upper() + text[1:],
    "percent_of": percent_of,
    "the": the,
    "in_sentence": place_name,
    "ordinal": ordinal,
    "place": place_words,
    "dashed_range": dashed_range,
    "certainty": certainty_of_score,
    "prose": prose,
    "place_notes": place_notes,
    "trend": DIRECTION_WORDS.__getitem__,
    "short_day": lambda day: short_period(day, day),
}
