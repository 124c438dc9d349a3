"""All councils and indicators of a combined authority as one file: CSV, and a workbook with its dictionary.

Belongs here: the two files. The page is in pages/areas.py.
"""

import io
from datetime import date, datetime
from typing import Any

import xlsxwriter

from missions.reading.wording import publication_day
from missions.site.data import Group, Row
from missions.site.renderer import Renderer

# What each column holds, in their order.
COLUMNS = {
    "authority_code": "ONS code of the council, December 2024",
    "authority_name": "Name of the council",
    "mission_id": "Mission that the indicator counts towards",
    "indicator_id": "Short name of the indicator, as in addresses and in the other files",
    "indicator_title": "Title of the indicator",
    "unit": "Unit of value, of its limits and of England's value",
    "higher_means": "Whether a higher value means more need or less need",
    "value": "The council's figure, unrounded",
    "value_lower_95": "Lower 95% confidence limit, where one is published",
    "value_upper_95": "Upper 95% confidence limit, where one is published",
    "value_basis": "How the value was obtained; only published is the council's own figure",
    "period_end_date": "Last day of the period of the value",
    "need_rank": "Rank among all councils; 1 is the highest need",
    "england_value": "England's figure",
}


def rows_of(site: Renderer, group: Group) -> list[Row]:
    """A row for each council and indicator, with COLUMNS."""
    marts = site.marts
    england = {
        i["indicator_id"]: marts.benchmark.get((marts.england_code, i["indicator_id"])) for i in marts.indicators
    }
    return [
        indicator
        | marts.cell[member["authority_code"], indicator["indicator_id"]]
        | {
            "authority_name": member["authority_name"],
            "england_value": found["value"] if (found := england[indicator["indicator_id"]]) else None,
        }
        for member in group.members
        for indicator in marts.indicators
    ]


def csv_of(site: Renderer, rows: list[Row]) -> str:
    return site.csv(rows, COLUMNS)


def workbook_of(rows: list[Row], name: str, publication_id: str) -> bytes:
    """The same rows as a workbook, with a sheet that explains the columns. The same bytes for the same rows."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "default_date_format": "d mmm yyyy"})
    day = publication_day(publication_id) or date(2000, 1, 1)
    book.set_properties({"title": f"Missions Index: {name}", "created": datetime(day.year, day.month, day.day)})
    bold = book.add_format({"bold": True})
    data, about = book.add_worksheet("Indicators"), book.add_worksheet("Columns")
    data.write_row(0, 0, COLUMNS, bold)
    for place, row in enumerate(rows, 1):
        for column, title in enumerate(COLUMNS):
            _write(data, place, column, row[title])
    data.freeze_panes(1, 2)
    data.autofilter(0, 0, len(rows), len(COLUMNS) - 1)
    data.set_column(0, len(COLUMNS) - 1, 18)
    about.write_row(0, 0, ["Column", "What it holds"], bold)
    for place, pair in enumerate(COLUMNS.items(), 1):
        about.write_row(place, 0, pair)
    about.write(len(COLUMNS) + 2, 0, f"Missions Index, publication {publication_id}. Open Government Licence v3.0.")
    about.set_column(0, 0, 20)
    about.set_column(1, 1, 80)
    book.close()
    return file.getvalue()


def _write(sheet: Any, row: int, column: int, value: Any) -> None:
    """A cell; text never becomes a formula or a link."""
    if value is None:
        return
    if isinstance(value, date):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day))
    elif isinstance(value, str):
        sheet.write_string(row, column, value)
    else:
        sheet.write_number(row, column, value)
