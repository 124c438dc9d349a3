"""Places that people name: postcodes, towns, parishes and wards, and small areas with their neighbourhoods."""

import json
from collections.abc import Set
from pathlib import Path

import pandas as pd

from missions.sources.registry import Source


def read_postcode(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Live postcodes packed by sector and small area, in layout postcode: the two unit letters of each, in a row."""
    rows = []
    for file in source.files:
        packed = json.loads((folder / file.path).read_text(encoding="utf-8"))
        for outward, sectors in packed["out"].items():
            for digit, pairs in sectors.items():
                for place, units in zip(pairs[::2], pairs[1::2], strict=True):
                    rows.append((f"{outward} {digit}", packed["lsoa"][place], units))
    return pd.DataFrame(rows, columns=["postcode_sector", "small_area_code", "units"])


def read_place(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Towns, villages, parishes, wards and neighbourhoods with their council, in layout place."""
    # Names such as "None" are names.
    numbers = {name: [""] for name in ("lat", "lon", "population")}
    table = pd.read_csv(folder / source.files[0].path, keep_default_na=False, na_values=numbers)
    return table.rename(
        columns={
            "name": "place_name",
            "kind": "place_kind",
            "lad24cd": "authority_code",
            "lat": "latitude_degrees",
            "lon": "longitude_degrees",
            "source": "name_source",
        }
    )


def read_small_area_name(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Small areas with their neighbourhood, ward and council, in layout small_area_name."""
    small, middle, wards = (pd.read_csv(folder / file.path, keep_default_na=False) for file in source.files)
    table = small.merge(middle[["msoa21cd", "msoa21hclnm"]], on="msoa21cd", validate="m:1").merge(
        wards, on="wd24cd", validate="m:1"
    )
    return table.rename(
        columns={
            "lsoa21cd": "small_area_code",
            "lsoa21nm": "small_area_name",
            "msoa21cd": "middle_area_code",
            "msoa21hclnm": "neighbourhood_name",
            "wd24cd": "ward_code",
            "wd24nm": "ward_name",
            "lad24cd": "authority_code",
            "ruc21cd": "rural_urban_code",
            "lat": "latitude_degrees",
            "lon": "longitude_degrees",
        }
    )
