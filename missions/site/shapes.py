"""The outlines that maps draw, projected and packed into data/geography.js.

Belongs here: boundaries and hexagons as rings of whole numbers. How a map looks is in charts.py.
"""

import json
import math
from collections.abc import Sequence
from itertools import pairwise

from missions.site.data import Row
from missions.site.scripts import assign

_METRES = 6_371_000.0
_GRID = 200.0  # metres: a quarter of a pixel on a map of England 800 pixels high


def _project(longitude: float, latitude: float) -> tuple[int, int]:
    """Transverse Mercator about 2° west on a sphere, which is the shape of the National Grid; y runs down the page."""
    lon, lat = math.radians(longitude + 2), math.radians(latitude)
    x = math.atanh(math.cos(lat) * math.sin(lon))
    y = math.atan2(math.tan(lat), math.cos(lon)) - math.radians(49)
    return round(x * _METRES / _GRID), round(-y * _METRES / _GRID)


def _ring(points: Sequence[Sequence[float]]) -> list[int]:
    """A ring on the grid as x, y, then steps; points that coincide are merged. Empty if too few are left."""
    grid: list[tuple[int, int]] = []
    for longitude, latitude in points:
        point = _project(longitude, latitude)
        if not grid or point != grid[-1]:
            grid.append(point)
    if len(grid) < 4:
        return []
    steps = [b - a for p, q in pairwise(grid) for a, b in zip(p, q, strict=True)]
    return [*grid[0], *steps]


def _rings(geometry: str) -> list[list[int]]:
    shape = json.loads(geometry)
    polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    rings = [[_ring(ring) for ring in polygon] for polygon in polygons]
    kept = [ring for polygon in rings if polygon[0] for ring in polygon if ring]
    if not kept:  # an area smaller than the grid is still drawn
        x, y = _project(*polygons[0][0][0])
        kept = [[x, y, 1, 0, 0, 1, -1, 0, 0, -1]]
    return kept


def _hexagon(column: int, row: int) -> list[list[int]]:
    """A hexagon with its point up; odd rows are shifted half a place right ("odd-r"), and row 0 is at the bottom."""
    width, height = 100.0, 200 / math.sqrt(3)
    x, y = (column + (row % 2) / 2) * width, -row * height * 0.75
    corners = [(x + height / 2 * math.sin(a), y - height / 2 * math.cos(a)) for a in _SIXTHS]
    grid = [(round(a), round(b)) for a, b in [*corners, corners[0]]]
    steps = [b - a for p, q in pairwise(grid) for a, b in zip(p, q, strict=True)]
    return [[*grid[0], *steps]]


_SIXTHS = tuple(math.pi / 3 * n for n in range(6))


def geography_script(boundaries: Sequence[Row], authorities: Sequence[Row]) -> str:
    """data/geography.js: the shapes of each view by code, as rings of whole numbers (see _ring).

    boundaries: rows of dim_boundary; authorities: rows of dim_authority.
    """
    shapes = {(row["layer"], row["area_code"]): _rings(row["geometry"]) for row in boundaries}
    in_county = {row["authority_code"] for row in authorities if row["county_code"] is not None}
    councils = {code: rings for (layer, code), rings in shapes.items() if layer == "authority"}
    counties = {code: rings for (layer, code), rings in shapes.items() if layer == "county"}
    hexagons = {
        row["authority_code"]: _hexagon(row["hexagon_column"], row["hexagon_row"])
        for row in authorities
        if row["hexagon_column"] is not None
    }
    return assign(
        {
            "geography": {
                "councils": councils,
                "counties": counties,
                # The county layer has the counties and the councils outside them.
                "single": sorted(code for code in councils if code not in in_county),
                "hexagons": hexagons,
            }
        }
    )
