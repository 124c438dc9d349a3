"""Sub-regional fuel poverty (DESNZ): one workbook per year, Table 2 by council and Table 3 by small area."""

import re
from collections.abc import Set
from datetime import date
from pathlib import Path

import pandas as pd

from missions.sources.readers import periods
from missions.sources.readers.table import ENGLISH_AREAS, observations, workbook
from missions.sources.registry import Source

_MEASURES = [
    "Number of households",
    "Number of households in fuel poverty",
    "Proportion of households fuel poor (%)",
]


def read(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Table 2 of every workbook, in layout observation."""
    tables = []
    for file in source.files:
        sheet = _sheet(folder / file.path, "Table 2")
        table = sheet[sheet.iloc[:, 0].astype(str).str.match(ENGLISH_AREAS)]
        tables.append(
            table.melt(table.columns[0], [c for c in _MEASURES if c in measures], "measure").set_axis(
                ["area_code", "measure", "value"], axis=1
            )
        )
        tables[-1] = tables[-1].assign(period=pd.Series([_year(file.path)] * len(tables[-1])))
    long = pd.concat(tables, ignore_index=True)
    return observations(
        area_code=long["area_code"],
        measure=long["measure"],
        period=long["period"],
        value=pd.to_numeric(long["value"]),
        marker=pd.Series("", index=long.index),
    )


def read_small_areas(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """The counts in Table 3 of every workbook, in layout small_area_observation."""
    tables = []
    for file in source.files:
        sheet = _sheet(folder / file.path, "Table 3")
        table = sheet[sheet["LSOA Code"].astype(str).str.match(r"E01\d{6}$")]
        long = table.melt(["LSOA Code", "LA Code"], _MEASURES[:2], "measure").set_axis(
            ["small_area_code", "authority_code", "measure", "value"], axis=1
        )
        start, end = _year(file.path)
        tables.append(long.assign(period_start_date=start, period_end_date=end))
    return pd.concat(tables, ignore_index=True).astype({"value": float})


def _sheet(path: Path, name: str) -> pd.DataFrame:
    """One sheet, with the third row as its header; footnote numbers and notes are removed from the headers."""
    sheet = workbook(path, sheet_name=name, header=2)
    return sheet.rename(columns=lambda c: re.sub(r"\d+$|\[.*?\]", "", str(c)).strip())


def _year(path: str) -> tuple[date, date]:
    return periods.year(Path(path).name[:4], "calendar_year")
