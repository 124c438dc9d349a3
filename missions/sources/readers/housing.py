"""Statutory homelessness (MHCLG): one workbook per quarter, a sheet per subject, a row per district."""

import re
from collections.abc import Set
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from missions.sources.readers.table import ENGLISH_AREAS, observations, workbook
from missions.sources.registry import Source

_HEADER_ROWS = 10
_HOUSEHOLDS = "Number of households in area (000s)"
# Each sheet with its count; the households beside it are those of the same sheet.
_SHEETS = {
    "A1": "Total owed a prevention or relief duty",
    "TA1": "Total number of households in TA with children",
}


def read(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Counts by district and quarter with the households they are set against, in layout observation.

    Duties owed are of the whole quarter, households in temporary accommodation of its last day. A marker in place of a
    figure is kept as published. Raises ValueError where a sheet has no column of the expected heading.
    """
    tables = []
    for file in source.files:
        first, last = _quarter(file.path)
        for sheet, count in _SHEETS.items():
            table = workbook(folder / file.path, sheet_name=sheet, header=None, dtype=str)
            # London has a row among the totals and the same row again among the regions.
            rows = table[table[0].astype(str).str.match(ENGLISH_AREAS)].drop_duplicates(0)
            for heading in (count, _HOUSEHOLDS):
                text = rows[_column(table, heading, file.path, sheet)].fillna("").str.strip()
                value = pd.to_numeric(text, errors="coerce")
                tables.append(
                    observations(
                        area_code=rows[0],
                        measure=heading if heading == count else f"{heading} | {sheet}",
                        period=pd.Series([(first if sheet == "A1" else last, last)] * len(rows), index=rows.index),
                        value=value,
                        marker=text.where(value.isna(), ""),
                    )
                )
    long = pd.concat(tables, ignore_index=True)
    return long[long["measure"].isin(measures)]


def _column(table: pd.DataFrame, heading: str, path: str, sheet: str) -> int:
    """The column under a heading, which differs between quarters in footnote numbers, line breaks and its row."""
    for row in range(_HEADER_ROWS):
        for column, cell in table.iloc[row].items():
            plain = re.sub(r"(?<=[A-Za-z])\d+(,\d+)*", "", str(cell))
            if " ".join(plain.split()) == heading:
                return int(str(column))
    raise ValueError(f"{path}, sheet {sheet}: no column headed {heading!r} in its first {_HEADER_ROWS} rows")


def _quarter(path: str) -> tuple[date, date]:
    """The first and last day of the quarter that ends in the month of the file's name (`…_202503.ods`)."""
    match = re.search(r"_(\d{4})(03|06|09|12)\.ods$", path)
    if not match:
        raise ValueError(f"{path}: the name must end in a year and the last month of a quarter, as _202503.ods")
    year, month = int(match[1]), int(match[2])
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return date(year, month - 2, 1), last
