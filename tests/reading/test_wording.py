"""Words and numbers: how values and periods read."""

from datetime import date

import pytest

from missions.reading.wording import period_words, value_words


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12.34, "%", "12.3%"),
        (4.0, "%", "4%"),
        (3.4, "%", "3.4%"),
        (100.0, "%", "100%"),
        (25425.0, "£", "£25,425"),
        (648.4, "£", "£648.40"),
        (39.94000680537164, "£", "£39.94"),
        (1788.2722, "patients", "1,788"),
        (7.64, "ratio", "7.64"),
        (139.28608, "per 100000 aged 10 to 17", "139.3"),
        (0.01834184786245522, "MWh per household", "0.018"),
        (0.0, "per 1000 people", "0"),
    ],
)
def test_values_are_rounded_for_people(value: float, unit: str, text: str) -> None:
    assert value_words(value, unit) == text


def test_an_indicator_has_the_same_decimals_everywhere() -> None:
    assert [value_words(v, "%", 1) for v in (4.0, 12.34)] == ["4.0%", "12.3%"]
    assert value_words(1788.27, "£", 2) == "£1,788.27"


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ("2024-01-01", "2024-12-31", "2024"),
        ("2022-01-01", "2024-12-31", "2022 to 2024"),
        ("2024-07-01", "2025-06-30", "year to 30 June 2025"),
        ("2024-03-01", "2025-02-28", "year to 28 February 2025"),
        ("2024-11-16", "2025-11-15", "year to 15 November 2025"),
        ("2016-04-01", "2026-03-31", "10 years to 31 March 2026"),
        ("2024-01-10", "2024-03-31", "10 January 2024 to 31 March 2024"),
        ("2026-01-01", "2026-01-01", "1 January 2026"),
        (None, "2024-12-31", "to 31 December 2024"),
    ],
)
def test_periods_read_as_people_write_them(start: str | None, end: str, text: str) -> None:
    assert period_words(date.fromisoformat(start) if start else None, date.fromisoformat(end)) == text
