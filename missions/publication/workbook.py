"""The marts as one Excel workbook: a cover, and a sheet for each mart that is readable in Excel.

Belongs here: Excel's limits, and how cells are written.
"""

import io
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from missions.publication.folder import DATABASE, TITLE, Imprint
from missions.publication.marts import Mart
from missions.sql import quoted_name

SHEET_ROWS = 25_000  # above this nobody scrolls through a sheet
CELL_CHARACTERS = 32_767  # Excel's limit
SHEET_NAME_CHARACTERS = 31  # Excel's limit
_NOTE = {"author": TITLE, "x_scale": 2.0, "font_size": 9}


class _Contents(NamedTuple):
    sheets: list[tuple[Mart, str]]  # each with the name of its sheet
    left_out: list[tuple[Mart, str]]  # each with the reason


def write_workbook(
    connection: duckdb.DuckDBPyConnection, path: Path, marts: list[Mart], no_sheets: Collection[str], imprint: Imprint
) -> None:
    """Write a cover and one sheet per mart that Excel can hold; the cover says which marts are left out and why."""
    contents = _contents(connection, marts, no_sheets)
    # Assembled in memory (some 200 MB for half a million cells) and written at once: XlsxWriter's temporary files would
    # outlive a kill and keep a full disk full.
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "nan_inf_to_errors": True}) as workbook:
        workbook.set_properties({"title": TITLE, "comments": imprint.id, "created": imprint.created})
        formats = {
            "title": workbook.add_format({"bold": True, "font_size": 16}),
            "header": workbook.add_format({"bold": True, "bottom": 1}),
            "date": workbook.add_format({"num_format": "yyyy-mm-dd"}),
            "datetime": workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "count": workbook.add_format({"num_format": "#,##0"}),
        }
        _write_cover(workbook.add_worksheet("About"), formats, contents, imprint)
        for mart, sheet in contents.sheets:
            _write_sheet(connection, workbook.add_worksheet(sheet), formats, mart)
            # The whole table by the name of the mart, for formulas and for tools that read named ranges.
            corner = xl_rowcol_to_cell(mart.rows, len(mart.columns) - 1, row_abs=True, col_abs=True)
            workbook.define_name(mart.name, f"='{sheet}'!$A$1:{corner}")
    path.write_bytes(content.getvalue())


def _contents(connection: duckdb.DuckDBPyConnection, marts: list[Mart], no_sheets: Collection[str]) -> _Contents:
    contents = _Contents([], [])
    taken = {"about", "history"}  # the cover's, and a name that Excel reserves
    for mart in marts:
        if reason := _why_no_sheet(connection, mart, no_sheets):
            contents.left_out.append((mart, reason))
        else:
            sheet = _sheet_name(mart.name, taken)
            taken.add(sheet.lower())
            contents.sheets.append((mart, sheet))
    return contents


def _why_no_sheet(connection: duckdb.DuckDBPyConnection, mart: Mart, no_sheets: Collection[str]) -> str | None:
    if mart.name in no_sheets:
        return f"{mart.rows:,} rows of detail, for tools rather than for reading"
    if mart.rows > SHEET_ROWS:
        return f"more than {SHEET_ROWS:,} rows"
    texts = [f"max(length({quoted_name(c.name)}::VARCHAR))" for c in mart.columns if c.field_type == "string"]
    if texts:
        [longest] = connection.execute(f"SELECT {', '.join(texts)} FROM {mart.published}").fetchall()
        if max(length or 0 for length in longest) > CELL_CHARACTERS:
            return f"a text longer than the {CELL_CHARACTERS:,} characters that Excel can hold"
    return None


def _sheet_name(mart: str, taken: Collection[str]) -> str:
    """The mart's name cut to Excel's limit, numbered if another sheet has that name; Excel ignores case."""
    name, number = mart[:SHEET_NAME_CHARACTERS], 1
    while name.lower() in taken:
        number += 1
        name = f"{mart[: SHEET_NAME_CHARACTERS - len(f'_{number}')]}_{number}"
    return name


def _write_cover(cover: Any, formats: dict[str, Any], contents: _Contents, imprint: Imprint) -> None:
    cover.set_column(0, 0, 34)
    cover.set_column(1, 1, 24)
    cover.set_column(2, 2, 100)
    cover.write_string(0, 0, TITLE, formats["title"])
    cover.write_string(1, 0, "Publication")
    cover.write_string(1, 1, imprint.id)
    cover.write_string(2, 0, "Published (UTC)")
    cover.write_datetime(2, 1, imprint.created.replace(tzinfo=None), formats["datetime"])
    row = 4

    def write_headings(*cells: str) -> None:
        nonlocal row
        for column, text in enumerate(cells):
            cover.write_string(row, column, text, formats["header"])
        row += 1

    write_headings("Sheet", "Rows", "What it holds")
    for mart, sheet in contents.sheets:
        cover.write_url(row, 0, f"internal:'{sheet}'!A1", string=sheet)
        cover.write_number(row, 1, mart.rows, formats["count"])
        cover.write_string(row, 2, mart.description or "")
        row += 1
    if contents.left_out:
        row += 1
        write_headings("Not in this workbook", "Rows", "Why, and where to find it")
        for mart, reason in contents.left_out:
            cover.write_string(row, 0, mart.name)
            cover.write_number(row, 1, mart.rows, formats["count"])
            where = f"csv/{mart.name}.csv, parquet/{mart.name}.parquet and {DATABASE}, beside this workbook"
            cover.write_string(row, 2, f"{reason}: see {where}. {mart.description or ''}".strip())
            row += 1
    row += 1
    write_headings("Sources and licence")
    for line in imprint.attribution.splitlines():
        cover.write_string(row, 0, line)
        row += 1


def _write_sheet(connection: duckdb.DuckDBPyConnection, sheet: Any, formats: dict[str, Any], mart: Mart) -> None:
    """Write one mart: text always as text, dates and numbers as such, NULL as an empty cell.

    A note on each heading describes the column.
    """
    writers = []
    expressions = []
    for index, column in enumerate(mart.columns):
        name, kind = quoted_name(column.name), column.field_type
        # Excel's dates are days since 30 December 1899; DuckDB counts them much faster than XlsxWriter, cell by cell.
        expressions.append(
            {
                "string": f"{name}::VARCHAR",
                "number": f"{name}::DOUBLE",
                "date": f"date_diff('day', DATE '1899-12-30', {name})",
                "datetime": f"epoch({name}) / 86400 + 25569",
            }.get(kind, name)
        )
        write = {"string": sheet.write_string, "boolean": sheet.write_boolean}.get(kind, sheet.write_number)
        writers.append((index, write, formats.get(kind)))
        sheet.set_column(index, index, min(max(len(column.name) + 3, 12), 40))
        sheet.write_string(0, index, column.name, formats["header"])
        if column.description:
            sheet.write_comment(0, index, column.description, _NOTE)
    for row, values in enumerate(connection.execute(f"SELECT {', '.join(expressions)} {mart.in_order}").fetchall(), 1):
        for index, write, cell_format in writers:
            value = values[index]
            if value is not None:
                write(row, index, value, cell_format)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, mart.rows, len(mart.columns) - 1)
