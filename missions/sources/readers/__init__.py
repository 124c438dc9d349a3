"""Readers of publishers' formats, one module per family of formats: each turns files into a table in our layout.

A reader is `read(source, folder, measures) -> DataFrame` with the columns of the source's layout and the figures as
published: codes, markers and zeros are unchanged, because cleaning is the warehouse's job. `measures` are those used by
an indicator; a reader of a large wide file keeps only these.
"""

from collections.abc import Callable, Set
from pathlib import Path

import pandas as pd

from missions.sources.readers import (
    crime,
    deprivation,
    education,
    energy,
    geography,
    health,
    hospitals,
    housing,
    local_statistics,
    places,
    trafford,
)
from missions.sources.registry import Source

Reader = Callable[[Source, Path, Set[str]], pd.DataFrame]

READERS: dict[str, Reader] = {
    **dict.fromkeys(geography.LOOKUPS, geography.read_lookup),
    "explore_local_statistics": local_statistics.read,
    "recorded_crime": crime.read,
    "lait": education.read,
    "trafford_data_lab": trafford.read,
    "fuel_poverty": energy.read,
    "fuel_poverty_small_areas": energy.read_small_areas,
    "indices_of_deprivation": deprivation.read,
    "deprivation_domains": deprivation.read_domains,
    "census_residents": deprivation.read_residents,
    "statutory_homelessness": housing.read,
    "waiting_times": hospitals.read_waiting_times,
    "trust_catchment": hospitals.read_trust_catchment,
    "accident_emergency": hospitals.read_accident_emergency,
    "key_stage_4_by_residence": education.read_key_stage_4_by_residence,
    "general_practice": health.read_general_practice,
    "child_measurement": health.read_child_measurement,
    "postcode": places.read_postcode,
    "place": places.read_place,
    "small_area_name": places.read_small_area_name,
    "geography_authority": geography.read_authority,
    "geography_area": geography.read_area,
    "geography_population": geography.read_population,
    "geography_dfe_local_authority_number": geography.read_dfe_number,
    "geography_ons_neighbour": geography.read_ons_neighbour,
    "geography_boundary": geography.read_boundary,
    "geography_hexagon": geography.read_hexagon,
}
