"""Explore Local Statistics (ONS): one long CSV per data set, with a byte-order mark and ISO 8601 periods."""

from collections.abc import Set
from pathlib import Path

import pandas as pd

from missions.sources.readers import periods
from missions.sources.readers.table import ENGLISH_AREAS, number, observations
from missions.sources.registry import Source


def read(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """English rows of the measures in use, in layout observation.

    A status without a figure (x, u, c, z) becomes the marker, as does the note that a value is for a joint area.
    """
    path = folder / source.files[0].path
    table = pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    table = table[table["indicator"].isin(measures) & table["areacd"].str.match(ENGLISH_AREAS)]
    dates = {text: periods.iso(text) for text in table["period"].unique()}
    return observations(
        area_code=table["areacd"],
        measure=table["indicator"],
        period=table["period"].map(dates),
        value=number(table["observation"], path),
        lower_95=number(table["lci_95"], path),
        upper_95=number(table["uci_95"], path),
        marker=table["status"],
    )
