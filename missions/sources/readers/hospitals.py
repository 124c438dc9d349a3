"""NHS bodies that serve several councils: hospital trusts, their catchments, and integrated care boards.

Belongs here: figures by body, in layout service_figure. Spreading them over councils is the warehouse's job.
"""

import json
from calendar import month_name, monthrange
from collections.abc import Set
from datetime import date
from pathlib import Path

import pandas as pd

from missions.sources.registry import Source

_MONTHS = {name: number for number, name in enumerate(month_name) if name}


def read_waiting_times(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """The waiting list of each acute trust at the end of a month, in layout service_figure."""
    document = json.loads((folder / source.files[0].path).read_text(encoding="utf-8"))
    year, month = map(int, document["period"].split("-"))
    day = date(year, month, monthrange(year, month)[1])
    table = pd.DataFrame(document["trusts"])
    long = table.melt(["code"], sorted(measures), "measure").rename(columns={"code": "service_code"})
    return long.assign(period_start_date=day, period_end_date=day)


def read_accident_emergency(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Emergency attendances of each integrated care board by month, in layout service_figure."""
    table = pd.read_csv(folder / source.files[0].path)
    long = table.melt(["icb22_code", "date"], sorted(measures), "measure").rename(
        columns={"icb22_code": "service_code"}
    )
    months = {text: _month(text) for text in long["date"].unique()}
    return long.assign(
        period_start_date=long["date"].map(lambda text: months[text][0]),
        period_end_date=long["date"].map(lambda text: months[text][1]),
    )


def read_trust_catchment(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """The share of each trust's patients who live in each district, in layout catchment."""
    table = pd.read_csv(folder / source.files[0].path)
    return table.set_axis(["service_code", "area_code", "share"], axis=1)


def _month(text: str) -> tuple[date, date]:
    """`April 2025` as its first and last day."""
    name, _, year = text.partition(" ")
    month = _MONTHS[name]
    return date(int(year), month, 1), date(int(year), month, monthrange(int(year), month)[1])
