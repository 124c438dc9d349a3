"""Geography: the register of councils, code changes, populations, neighbours, lookups and outlines."""

import json
from collections.abc import Set
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from missions.sources.readers import crime
from missions.sources.readers.table import workbook
from missions.sources.registry import Source, sources

_DFE_REGIONS = {"Yorkshire and the Humber": "Yorkshire and The Humber"}
# Former authorities missing from the published lookup, by their names in the DfE list.
_DFE_FORMER = {
    "Bournemouth (Pre LG)": "E06000028",
    "Poole (Pre LG)": "E06000029",
    "Dorset (Pre LG)": "E10000009",
    "England": "E92000001",
}
_JOINT_AREAS = {
    "E67000001": "Hackney and City of London",
    "E67000002": "Cornwall and Isles of Scilly",
}
# The publisher's columns that have another name in our layout, by reader.
LOOKUPS = {
    "geography_district_vintage": {
        "lad_code": "area_code",
        "lad_name": "area_name",
        "valid_from": "valid_from_date",
        "valid_to": "valid_to_date",
        "lad24_code": "authority_code",
    },
    "geography_district_change": {"date": "change_date"},
    "geography_county_change": {"old_county_code": "old_code", "date": "change_date"},
    "geography_population": {
        "gss_code": "area_code",
        "n_0_15_est": "aged_0_to_15",
        "n_16_64_est": "aged_16_to_64",
        "n_65_plus_est": "aged_65_and_over",
        "median_age": "median_age_years",
    },
    "geography_household": {
        "gss_code": "area_code",
        "households_census2021": "households_2021",
        "dwellings_voa_2025": "dwellings_2025",
    },
    "geography_partnership": {
        "ltla24_code": "authority_code",
        "csp24_code": "partnership_code",
        "csp24_name": "partnership_name",
        "pfa24_code": "police_force_code",
    },
    "geography_integrated_care_board": {
        "ltla24_code": "authority_code",
        "icb24_code": "integrated_care_board_code",
        "icb24_name": "integrated_care_board_name",
        "share_of_lad_lsoas": "share_of_small_areas",
    },
    "geography_ons_neighbour": {"gss_code": "authority_code", "rank": "published_rank"},
    "geography_ons_cluster": {
        "AREACD": "authority_code",
        "Global": "global_cluster",
        "Economic": "economic_cluster",
        "Demographic": "demographic_cluster",
    },
    "geography_dfe_neighbour": {
        "gss_code": "authority_code",
        "neighbour_gss_code": "neighbour_code",
        "rank": "published_rank",
    },
}
_LAYERS = {"lad": "authority", "county": "county", "region": "region", "cauth": "combined_authority"}


def read_authority(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """The 317 principal councils with their places in other geographies, in layout authority."""
    register, points = (_csv(folder / file.path) for file in source.files)
    table = register.merge(points, on="gss_code", validate="1:1")
    return table.rename(
        columns={
            "gss_code": "authority_code",
            "gss_code_2025": "current_code",
            "area_name_ons": "authority_name",
            "council_type": "authority_type",
            "cauth25_code": "combined_authority_code",
            "cauth25_name": "combined_authority_name",
            "pfa_code": "police_force_code",
            "pfa_name": "police_force_name",
            "ruc21_name": "rural_urban_class",
            "long": "longitude_degrees",
            "lat": "latitude_degrees",
        }
    )


def read_area(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Every code that a seed may use, in layout area."""
    districts, counties, population, partnerships, dfe, _ = (folder / file.path for file in source.files)
    register = read_authority(sources()["authority"], folder, measures)
    crimes = crime.read(sources()["ons_recorded_crime"], folder, measures)
    upper = register[register["tier"] == "upper"]
    regions = register[["region_code", "region_name"]].drop_duplicates()
    joint = register[["combined_authority_code", "combined_authority_name"]].drop_duplicates().dropna()
    dfe_areas = workbook(dfe)
    known = set(joint["combined_authority_code"])
    kinds: list[tuple[str, Any, Any]] = [
        ("district", _csv(districts)["lad_code"], _csv(districts)["lad_name"]),
        ("county", upper["authority_code"], upper["authority_name"]),
        ("county", _csv(counties)["old_county_code"], _csv(counties)["old_county_name"]),
        ("region", regions["region_code"], regions["region_name"]),
        ("country", ["E92000001"], ["England"]),
        ("combined_authority", joint["combined_authority_code"], joint["combined_authority_name"]),
        ("joint_area", _JOINT_AREAS.keys(), _JOINT_AREAS.values()),
        ("partnership", _csv(partnerships)["csp24_code"], _csv(partnerships)["csp24_name"]),
        ("partnership", crimes["partnership_code"], crimes["partnership_name"]),
        ("police_force", register["police_force_code"], register["police_force_name"]),
        ("dfe_area", dfe_areas["LA Number"].astype(str), dfe_areas["LA Name"]),
    ]
    unnamed = set(_csv(population)["gss_code"]) - known - set(chain.from_iterable(codes for _, codes, _ in kinds))
    if unnamed:
        raise ValueError(f"{population.name}: area codes without a name in any register: {sorted(unnamed)}")
    tables = [pd.DataFrame({"area_code": list(c), "area_name": list(n), "area_kind": kind}) for kind, c, n in kinds]
    table = pd.concat(tables, ignore_index=True)
    return table[table["area_code"].fillna("") != ""].drop_duplicates("area_code")


def read_lookup(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """A table that only needs its columns renamed to those of its layout, as LOOKUPS says for the reader."""
    assert source.reader is not None, "a table of the project itself has no reader"
    return _csv(folder / source.files[0].path).rename(columns=LOOKUPS[source.reader])


def read_population(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Mid-year estimates since 2015, in layout population."""
    table = read_lookup(source, folder, measures)
    return table[table["year"].astype(int) >= 2015]


def read_dfe_number(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """DfE local authority numbers with their ONS codes; areas without one, such as Inner London, are left out."""
    lookup_path, list_path = (folder / file.path for file in source.files)
    regions = read_authority(sources()["authority"], folder, measures).set_index("region_name")["region_code"].to_dict()
    codes = _csv(lookup_path).set_index("old_la_code")["new_la_code"].to_dict()
    table = workbook(list_path).astype({"LA Number": str})
    name = table["LA Name"]
    area_code = table["LA Number"].map(codes).fillna(name.map(_DFE_FORMER))
    area_code = area_code.fillna(name.replace(_DFE_REGIONS).map(regions))
    result = pd.DataFrame({"la_number": table["LA Number"], "la_name": name, "area_code": area_code})
    return result.dropna(subset="area_code")


def read_ons_neighbour(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """English statistical neighbours, in layout ons_neighbour."""
    table = read_lookup(source, folder, measures)
    return table[table["neighbour_is_english_council"] == "True"]


def read_boundary(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Outlines as GeoJSON geometries, in layout boundary, from a quantised TopoJSON of shared arcs."""
    topology = json.loads((folder / source.files[0].path).read_text(encoding="utf-8"))
    scale, translate = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = [_positions(arc, scale, translate) for arc in topology["arcs"]]
    rows = [
        (layer, geometry["id"], json.dumps(_geojson(geometry, arcs), separators=(",", ":")))
        for key, layer in _LAYERS.items()
        for geometry in topology["objects"][key]["geometries"]
    ]
    return pd.DataFrame(rows, columns=["layer", "area_code", "geometry"])


def read_hexagon(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Positions on the hexagon map, in layout hexagon."""
    hexes = json.loads((folder / source.files[0].path).read_text(encoding="utf-8"))["hexes"]
    rows = [(code, place["q"], place["r"]) for code, place in hexes.items()]
    return pd.DataFrame(rows, columns=["area_code", "hexagon_column", "hexagon_row"])


def _csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False, na_values=[""])


def _positions(arc: list[list[int]], scale: list[float], translate: list[float]) -> list[list[float]]:
    """An arc's points in degrees, to four decimal places (about ten metres); the file stores steps between points."""
    x = y = 0
    points = []
    for dx, dy in arc:
        x, y = x + dx, y + dy
        points.append([round(x * scale[0] + translate[0], 4), round(y * scale[1] + translate[1], 4)])
    return points


def _geojson(geometry: dict[str, Any], arcs: list[list[list[float]]]) -> dict[str, Any]:
    def ring(indices: list[int]) -> list[list[float]]:
        # A negative index means the arc of its complement, read backwards; arcs share their end points.
        parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
        return parts[0] + list(chain.from_iterable(part[1:] for part in parts[1:]))

    if geometry["type"] == "Polygon":
        return {"type": "Polygon", "coordinates": [ring(r) for r in geometry["arcs"]]}
    return {"type": "MultiPolygon", "coordinates": [[ring(r) for r in polygon] for polygon in geometry["arcs"]]}
