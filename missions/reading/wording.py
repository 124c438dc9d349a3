"""Names, numbers and periods as people write them.

Belongs here: how a single value reads, and the names of bases, bands, council types, peer models and trends.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

LONG_LIST = 12  # names in a line of text

# How a value was obtained, in the order in which the method tries them.
BASES = (
    "published",
    "combined_area",
    "predecessor",
    "aggregated",
    "modelled",
    "inherited",
    "stale",
    "estimated",
)
OVERALL = "All missions"  # the name of the composite
BANDS = ("very high", "high", "medium", "low", "very low")  # fifths by rank, highest need first
# Council types whose name differs from the ID, and headings for types with several councils.
TYPE_WORDS = {
    "london_borough": "London borough",
    "city_of_london": "City of London",
    "isles_of_scilly": "Isles of Scilly",
}
TYPES_PLURAL = {
    "county": "Counties",
    "district": "Districts",
    "unitary": "Unitary councils",
    "metropolitan_district": "Metropolitan districts",
    "london_borough": "London boroughs",
}
PEER_MODEL = "ons_global"  # the default for neighbours
PEER_WORDS = {
    "ons_global": "ONS statistical neighbours",
    "ons_economic": "ONS statistical neighbours by economy",
    "ons_demographic": "ONS statistical neighbours by population",
    "dfe": "DfE statistical neighbours",
    "open": "structural neighbours (open model)",
}
# The direction of an indicator or index as the marts name it, in the order shown, and how it reads.
DIRECTION_WORDS = {
    "rising need": "getting worse",
    "falling need": "getting better",
    "no clear change": "no clear change",
    "steady": "little change",
    "not judged": "no comparable history",
}

# Areas that take "the" in a sentence.
_WITH_ARTICLE = {
    "North East",
    "North West",
    "East Midlands",
    "West Midlands",
    "East of England",
    "South East",
    "South West",
    "West of England",
    "Liverpool City Region",
}


def the(name: str) -> str:
    """The article, with its space, for a name that takes one in a sentence."""
    return "the " if name.startswith(("Isle of", "Isles of", "City of")) or name in _WITH_ARTICLE else ""


def place_name(name: str) -> str:
    """A place's name in a sentence: with its article, without what is added for lists ("Bristol, City of")."""
    return the(name) + re.sub(r", (City|County) of$", "", name)


def listed(names: Iterable[str], last: str = "and") -> str:
    """Names as a list in a sentence."""
    *first, end = list(names) or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def in_words(name: str) -> str:
    """An ID as words."""
    return name.replace("_", " ")


def type_words(authority_type: str) -> str:
    return TYPE_WORDS.get(authority_type, in_words(authority_type))


def publisher_words(names: str) -> str:
    return names.replace("|", "; ")


def shortened(names: list[str]) -> str:
    rest = len(names) - LONG_LIST
    return ", ".join(names[:LONG_LIST]) + (f" and {rest} more" if rest > 0 else "")


def basis_words(cell: Mapping[str, Any]) -> str:
    """How a value was obtained, with the reason if it is not the council's own."""
    basis, reason = in_words(cell["value_basis"]), reason_words(cell["value_basis_reason"])
    is_plain = basis == "published" and cell["value_basis_reason"] in ("published", "rate of published counts")
    return basis if is_plain else f"{basis} ({reason})"


def reason_words(reason: str) -> str:
    """The reason for a basis; for pooled years what was made of them."""
    return f"mean of {reason}" if re.fullmatch(r"\d+ of \d+ years", reason) else reason


def unit_words(unit: str) -> str:
    """The unit as it stands beside a value; nothing where the value carries it itself."""
    return "" if unit in ("%", "£") else re.sub(r"\d{4,}", lambda number: f"{int(number[0]):,}", unit)


def value_words(value: float, unit: str, decimals: int | None = None) -> str:
    """A value in its unit, with the decimals of its indicator; without them, to about three significant digits."""
    size = abs(value)
    if decimals is not None:
        number = f"{value:,.{decimals}f}"
        return f"£{number}" if unit == "£" else f"{number}%" if unit == "%" else number
    if unit == "£":
        return f"£{value:,.0f}" if size >= 1000 else f"£{value:.2f}"
    if size >= 1000:
        number = f"{value:,.0f}"
    elif size >= 0.1 or value == 0:
        # A figure published with fewer digits gets no extra zeros.
        number = min(f"{value:.{1 if size >= 10 else 2}f}", f"{value:.10g}", key=len)
    else:
        number = f"{value:.2g}"
    return f"{number}%" if unit == "%" else number


def signed(number: float) -> str:
    """A number with its sign, to one decimal; no sign if it rounds to zero."""
    text = f"{number:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def places_moved(places: int) -> str:
    """A change of rank with its sign; no sign if there is none."""
    return f"{places:+}" if places else "0"


def day_words(day: date) -> str:
    """A day, such as 30 June 2025."""
    return f"{day.day} {day:%B %Y}"


def publication_day(publication_id: str) -> date | None:
    """The day on which a publication was made (UTC), from its id; None for an id of another form."""
    return date.fromisoformat(publication_id[:8]) if re.match(r"\d{8}T", publication_id) else None


def release_words(day: date | None, precision: str | None) -> str:
    """The day of a release, or its month where only that is known; empty for none."""
    if day is None:
        return ""
    return f"{day:%B %Y}" if precision == "month" else day_words(day)


def period_words(start: date | None, end: date) -> str:
    """A period as people write it, such as year to 30 June 2025; estimates have no start."""
    if start is None:
        return f"to {day_words(end)}"
    if start == end:
        return day_words(end)
    after = end + timedelta(days=1)
    years = after.year - start.year
    if (start.month, start.day) != (after.month, after.day):
        return f"{day_words(start)} to {day_words(end)}"
    if (start.month, start.day) == (1, 1):
        return str(end.year) if years == 1 else f"{start.year} to {end.year}"
    return f"{'year' if years == 1 else f'{years} years'} to {day_words(end)}"
