"""English Indices of Deprivation 2025 (MHCLG) and the residents of the same small areas (2021 Census)."""

from collections.abc import Set
from datetime import date
from pathlib import Path

import pandas as pd

from missions.sources.registry import Source

# Made from the census: of its day, and not of the year that the registry states for the rest.
_CENSUS_MEASURE = "adult_skills_and_english_language_proficiency_indicator"
_CENSUS_DAY = date(2021, 3, 21)
# How the columns with a district's mean score of its small areas end.
_AVERAGE = "_average_score"


def read(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """The underlying indicators in use, in layout small_area_observation. The domain columns are never inputs."""
    columns = ["lsoa21_code", "ltla24_code", *sorted(measures)]
    table = pd.read_csv(folder / source.files[0].path, usecols=columns)
    long = table.melt(columns[:2], var_name="measure", value_name="value").set_axis(
        ["small_area_code", "authority_code", "measure", "value"], axis=1
    )
    assert source.period is not None, "the registry states the period of this file"
    is_census = long["measure"] == _CENSUS_MEASURE
    return long.assign(
        period_start_date=is_census.map({True: _CENSUS_DAY, False: source.period.start}),
        period_end_date=is_census.map({True: _CENSUS_DAY, False: source.period.end}),
    )


def read_residents(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Usual residents of English small areas, in layout small_area_residents."""
    table = pd.read_csv(folder / source.files[0].path).set_axis(["small_area_code", "residents"], axis=1)
    return table[table["small_area_code"].str.startswith("E")]


def read_domains(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Average scores of districts on the IMD and its domains, in layout deprivation_domain."""
    table = pd.read_csv(folder / source.files[0].path).rename(columns={"ltla24_code": "authority_code"})
    scores = [column for column in map(str, table) if column.endswith(_AVERAGE) and "rank_of" not in column]
    long = table.melt("authority_code", scores)
    return long.assign(domain_id=long["variable"].str.removesuffix(_AVERAGE), average_score=long["value"])
