"""Official tables reshaped by Trafford Data Lab: long CSV with a period in words and NA for missing figures."""

from collections.abc import Set
from pathlib import Path

import pandas as pd

from missions.sources.readers import periods
from missions.sources.readers.table import ENGLISH_AREAS, number, observations
from missions.sources.registry import Source

# Columns that split an indicator into groups, if present; `unit` does so too if it says who is counted.
_GROUPS = ["group", "efficiency", "frequency", "inequality"]
_PEOPLE = {"Male", "Female", "Persons"}


def read(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """English rows of the measures in use, in layout observation; a measure is the indicator with its group."""
    path = folder / source.files[0].path
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table = table[table["area_code"].str.match(ENGLISH_AREAS)]
    measure = table["indicator"]
    for column in [c for c in _GROUPS if c in table]:
        measure = measure.where(table[column] == "NA", measure + " | " + table[column])
    if table["unit"].isin(_PEOPLE).all() and table["unit"].nunique() > 1:
        measure = measure + " | " + table["unit"]
    table, measure = table[measure.isin(measures)], measure[measure.isin(measures)]
    assert source.period_type is not None, "the registry names the type of period"
    dates = {text: periods.year(text, source.period_type) for text in table["period"].unique()}
    return observations(
        area_code=table["area_code"],
        measure=measure,
        period=table["period"].map(dates),
        value=number(table["value"], path, missing=("NA",)),
        marker=table["value"].where(table["value"] == "NA", ""),
    )
