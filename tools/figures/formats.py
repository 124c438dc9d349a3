"""How tables, names, dates and shares are written on a page."""

import re
from datetime import date


def table(headers: list[str], rows: list[list[object]]) -> str:
    """A Markdown table, with columns of numbers aligned right."""
    texts = [[str(cell) for cell in row] for row in rows]
    numeric = [all(re.fullmatch(r"[-\d.,]*%?( \(\d+ \\\*\))?", row[i]) for row in texts) for i in range(len(headers))]
    lines = [headers, ["---:" if right else "---" for right in numeric], *texts]
    return "\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def words(name: str) -> str:
    return {
        "london_borough": "London borough",
        "city_of_london": "City of London",
        "isles_of_scilly": "Isles of Scilly",
    }.get(name, name.replace("_", " "))


def day(value: date) -> str:
    return f"{value.day} {value:%B %Y}"


def percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def tenths(share: float) -> str:
    return f"{100 * share:.1f}%"
