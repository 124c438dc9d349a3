"""Names, numbers and periods as people write them.

Belongs here: how one value reads. Tables are in printing.py.
"""

import re
from datetime import date, timedelta
from typing import Any

LONG_LIST = 12  # of names in a line of text
TYPE_WORDS = {
    "london_borough": "London borough",
    "city_of_london": "City of London",
    "isles_of_scilly": "Isles of Scilly",
}


def in_words(name: str) -> str:
    return name.replace("_", " ")


def type_words(authority_type: str) -> str:
    return TYPE_WORDS.get(authority_type, in_words(authority_type))


def publisher_words(names: str) -> str:
    return names.replace("|", "; ")


def refreshable_words(source: dict[str, Any]) -> str:
    return "newer editions can be fetched" if source["is_refreshable"] else "not refreshable"


def share_words(score: dict[str, Any]) -> str:
    return f"{score['published_share']:.0%}".replace("%", " %") + ("  " if score["is_mostly_published"] else " *")


def shortened(names: list[str]) -> str:
    rest = len(names) - LONG_LIST
    return ", ".join(names[:LONG_LIST]) + (f" and {rest} more" if rest > 0 else "")


def unit_words(unit: str) -> str:
    """The unit as it stands beside a value; nothing where the value carries it itself."""
    return "" if unit in ("percent", "GBP") else re.sub(r"\d{4,}", lambda number: f"{int(number[0]):,}", unit)


def value_words(value: float, unit: str) -> str:
    """A value in its unit, rounded to about three digits."""
    size = abs(value)
    if unit == "GBP":
        return f"£{value:,.0f}" if size >= 1000 else f"£{value:.2f}"
    if size >= 1000:
        number = f"{value:,.0f}"
    elif size >= 0.1 or value == 0:
        # A figure published with fewer digits gets no zeros more.
        number = min(f"{value:.{1 if size >= 10 else 2}f}", f"{value:.10g}", key=len)
    else:
        number = f"{value:.2g}"
    return f"{number} %" if unit == "percent" else number


def day_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def period_words(start: date | None, end: date) -> str:
    """A period as people say it; estimates have no start."""
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


def places_moved(places: int) -> str:
    """A move with its sign; a council that stays has none."""
    return f"{places:+}" if places else "0"
