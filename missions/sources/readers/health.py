"""Health tables, one row per council: general practice and the child measurement programme (NHS England)."""

from collections.abc import Set
from pathlib import Path

import pandas as pd

from missions.sources.readers import periods
from missions.sources.readers.table import observations
from missions.sources.registry import Source


def read_general_practice(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Patients per full-time-equivalent GP by district, in layout observation."""
    table = pd.read_csv(folder / source.files[0].path)
    long = table.melt("ltla24_code", sorted(measures), "measure")
    assert source.period is not None, "the registry states the period of this file"
    days = source.period.start, source.period.end
    return observations(
        area_code=long["ltla24_code"],
        measure=long["measure"],
        period=pd.Series([days] * len(long)),
        value=long["value"],
    )


def read_child_measurement(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Child weight by council, with confidence limits, in layout observation."""
    table = pd.read_csv(folder / source.files[0].path)
    table = table[table["indicator"].isin(measures)]
    return observations(
        area_code=table["gss_code"],
        measure=table["indicator"],
        period=table["period"].map(lambda text: periods.year(text, "academic_year")),
        value=table["value"],
        lower_95=table["lci_95"],
        upper_95=table["uci_95"],
    )
