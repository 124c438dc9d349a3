"""The workbook: values keep their types, and the cover lists what is in it and what is not."""

import re
from datetime import date, datetime

import openpyxl  # type: ignore[import-untyped]
import pytest

from missions.publication.publish import Publication


def test_workbook_writes_each_value_as_what_it_is(sample: Publication) -> None:
    workbook = openpyxl.load_workbook(sample.path / "missions_index.xlsx")
    sheet = workbook["dim_authority"]
    header, *rows = sheet.iter_rows()
    columns = [cell.value for cell in header]
    assert all(cell.font.bold for cell in header)
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:L6")
    assert workbook.defined_names["dim_authority"].attr_text == "'dim_authority'!$A$1:$L$6"
    cells = {row[0].value: dict(zip(columns, row, strict=True)) for row in rows}
    assert [cells[code]["ons_number"].value for code in ("E01", "E02", "E03", "E05")] == [
        *("007", "1e5", "00123", "2024-01-02"),
    ]
    assert {code: (row["note"].value, row["note"].data_type) for code, row in cells.items()} == {
        "E01": ('says "yes", twice', "s"),
        "E02": ("@SUM(A1)", "s"),
        "E03": ("=1+1", "s"),  # 'f' would be a formula
        "E04": ("-5", "s"),
        "E05": ("+44", "s"),
    }
    assert cells["E03"]["authority_name"].value == "Ynys Môn"
    assert cells["E03"]["founded_date"].value == datetime(1974, 4, 1)
    assert cells["E01"]["founded_date"].value.date() == date(2024, 2, 29)
    assert cells["E03"]["founded_date"].number_format == "yyyy-mm-dd"
    assert cells["E03"]["checked_at"].value == datetime(2026, 11, 24, 20, 15, 30, 500_000)
    assert (cells["E03"]["population"].value, cells["E03"]["population"].data_type) == (9007199254740991, "n")
    assert (cells["E03"]["area_km2"].value, cells["E01"]["budget_gbp"].value) == (pytest.approx(1 / 3), 0.01)
    assert cells["E03"]["is_unitary"].value is True
    assert cells["E03"]["fetched_at"].value == datetime(2026, 7, 1, 11)
    assert cells["E03"]["former_names"].value == "['Alt, Neu', é]"
    assert cells["E05"]["area_km2"].value == "=1/0"  # infinity, as Excel shows it
    assert (cells["E04"]["population"].value, cells["E04"]["founded_date"].value) == (None, None)


def test_cover_lists_the_sheets_and_what_is_left_out(sample: Publication) -> None:
    workbook = openpyxl.load_workbook(sample.path / "missions_index.xlsx")
    cover = workbook.worksheets[0]
    lines = [[cell for cell in row if cell is not None] for row in cover.iter_rows(values_only=True)]
    text = "\n".join(" ".join(map(str, line)) for line in lines)
    assert cover.title == "About"
    assert ["Publication", sample.id] in lines
    assert ["dim_authority", 5, 'Every authority; größer, "kleiner"'] in lines
    assert re.search(r"indicator_value 25001 more than 25,000 rows: see csv/indicator_value.csv.*The long one", text)
    assert re.search(r"long_note 2 a text longer than the 32,767 characters .* parquet/long_note.parquet", text)
    assert "Contains public sector information" in text
    assert workbook.sheetnames == [
        *("About", "aa_first_by_name", "dim_authority", "dim_source", "indicator_score"),
        *("summary_of_every_authority_by_m", "summary_of_every_authority_by_2"),
    ]
    links = {cell.value: cell.hyperlink.location for row in cover.iter_rows() for cell in row if cell.hyperlink}
    assert links["dim_authority"] == "'dim_authority'!A1"
    assert workbook["summary_of_every_authority_by_2"]["A2"].value == 2
