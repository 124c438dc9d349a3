"""Local authority interactive tool (DfE): a long Parquet file of measures by local authority number and year."""

from collections.abc import Set
from pathlib import Path

import pandas as pd

from missions.sources.readers import periods
from missions.sources.readers.table import number, observations, parquet
from missions.sources.registry import Source

_YEAR_TYPES = {
    "Academic Year": "academic_year",
    "Financial Year": "financial_year",
    "Calendar Year": "calendar_year",
}


def read(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """The measures in use, in layout observation; areas are DfE numbers as published, including former authorities.

    Measures are selected by their short description: the long one is given only for the first year.
    """
    path, dictionary_path = (folder / file.path for file in source.files)
    dictionary = pd.read_csv(dictionary_path, dtype=str).drop_duplicates("Measure_short").set_index("Measure_short")
    table = parquet(path)
    table = table[table["Short Desc"].isin(measures)].reset_index(drop=True)
    dates = {
        (measure, text): periods.year(text, _YEAR_TYPES[dictionary.loc[measure, "Year_Type"]])
        for measure, text in set(zip(table["Short Desc"], table["Years"], strict=True))
    }
    text = table["Values"].fillna("")
    # A hyphen or letters mark a missing or suppressed figure.
    is_marker = text.str.fullmatch(r"-|[A-Za-z]+")
    return observations(
        area_code=table["LA Number"].astype(int).astype(str),
        measure=table["Short Desc"],
        period=pd.Series(list(zip(table["Short Desc"], table["Years"], strict=True))).map(dates),
        value=number(text.mask(is_marker, ""), path).round(12),
        marker=text.where(is_marker, ""),
    )
