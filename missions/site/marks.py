"""Small marks in tables: a trend as a line, drawn as SVG paths.

Belongs here: the geometry. templates/macros.html has the markup.
"""

from datetime import date
from itertools import pairwise

from missions.site.data import Row
from missions.site.words import figure


def path(places: list[tuple[int, int]]) -> str:
    """An SVG path in as few characters as possible: the first point, then steps."""
    steps = (f"{x - u} {y - v}" for (u, v), (x, y) in pairwise(places))
    return f"M{places[0][0]} {places[0][1]}l" + " ".join(steps).replace(" -", "-")


def sparkline(points: list[Row], unit: str, decimals: int | None = None) -> Row | None:
    """Paths of a trend and its limits in a box of 160 by 40, with a description; None for a single period."""
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
        f"{figure(first['value'], unit, decimals)} in {first['period_end_date'].year}, "
        f"{figure(last['value'], unit, decimals)} in {last['period_end_date'].year}"
    )
    return {"line": path(line), "limits": limits, "end": line[-1], "words": words, "first": first, "last": last}


def edition_line(editions: list[Row]) -> Row | None:
    """The trend of an index over comparable years, as a sparkline."""
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
