"""Department for Education: the local authority interactive tool (a long parquet), and Key Stage 4 by residence."""

from collections.abc import Set
from pathlib import Path

import pandas as pd

from missions.sources.readers import periods
from missions.sources.readers.table import ENGLISH_AREAS, number, observations, parquet
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


def read_key_stage_4_by_residence(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Totals over the pupils who live in each district, in layout observation; `z` and `c` stand for no figure."""
    path = folder / source.files[0].path
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    code = table["lad_code"].where(table["lad_code"] != "", table["region_code"])
    code = code.where(code != "", table["country_code"])
    table = table.assign(area_code=code)[code.str.match(ENGLISH_AREAS)]
    long = table.melt(["area_code", "time_period"], sorted(measures), "measure")
    text = long["value"].str.strip()
    is_marker = text.str.fullmatch(r"[A-Za-z]+")
    dates = {text: periods.year(f"{text[:4]}/{text[4:]}", "academic_year") for text in long["time_period"].unique()}
    return observations(
        area_code=long["area_code"],
        measure=long["measure"],
        period=long["time_period"].map(dates),
        value=number(text.mask(is_marker, ""), path),
        marker=text.where(is_marker, ""),
    )
