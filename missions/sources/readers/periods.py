"""Periods: turns a publisher's text for a period into its first and last day.

Belongs here: only dates. A period that is not recognised is an error that names it, never a guess.
"""

import re
from datetime import date, timedelta

_FIRST_DAYS = {"financial_year": (4, 1), "academic_year": (9, 1), "november_year": (11, 16)}


def iso(text: str) -> tuple[date, date]:
    """An ISO 8601 day, or a start with a duration in whole years or months (`2023-04-01/P1Y`)."""
    start_text, _, duration = text.partition("/")
    start = date.fromisoformat(start_text)
    if not duration:
        return start, start
    match = re.fullmatch(r"P(\d+)([YM])", duration)
    if not match:
        raise ValueError(f"period {text!r}: the duration must be P<n>Y or P<n>M")
    return start, _add_months(start, int(match[1]) * (12 if match[2] == "Y" else 1)) - timedelta(days=1)


def year(text: str, period_type: str) -> tuple[date, date]:
    """A year in words: `2023`, `2023/24`, `2023-24`, `2021 - 23` or `2016/Q2 to 2026/Q1`.

    `period_type` is calendar_year, financial_year (from 1 April), academic_year (from 1 September), november_year (the
    survey year from 16 November), pooled_years (calendar years) or quarter_range. A single number for a year that spans
    two calendar years is the year in which it ends.
    """
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    if period_type == "quarter_range" and re.fullmatch(r"\d{4}/Q[1-4] to \d{4}/Q[1-4]", text):
        first = date(numbers[0], 3 * numbers[1] - 2, 1)
        return first, _add_months(date(numbers[2], 3 * numbers[3] - 2, 1), 3) - timedelta(days=1)
    if period_type == "pooled_years" and re.fullmatch(r"\d{4} - \d{2}", text):
        return date(numbers[0], 1, 1), date(numbers[0] // 100 * 100 + numbers[1], 12, 31)
    if period_type == "calendar_year" and re.fullmatch(r"\d{4}", text):
        return date(numbers[0], 1, 1), date(numbers[0], 12, 31)
    if period_type in _FIRST_DAYS and re.fullmatch(r"\d{4}([/-]\d{2})?", text):
        first_year = numbers[0] if len(numbers) == 2 else numbers[0] - 1
        if len(numbers) == 2 and (first_year + 1) % 100 != numbers[1]:
            raise ValueError(f"period {text!r}: the second year must follow the first")
        start = date(first_year, *_FIRST_DAYS[period_type])
        return start, _add_months(start, 12) - timedelta(days=1)
    raise ValueError(f"period {text!r}: not recognised as {period_type}")


def _add_months(day: date, months: int) -> date:
    total = day.year * 12 + day.month - 1 + months
    return date(total // 12, total % 12 + 1, day.day)
