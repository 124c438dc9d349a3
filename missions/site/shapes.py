"""The outlines that maps draw: projected, simplified once so that neighbours still meet, and written as SVG paths.

Belongs here: boundaries and hexagons as paths on one grid. How a map looks is in maps.py.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from missions.site.data import Row
from missions.site.marks import path

GRID = 500.0  # metres in a unit of the paths: half a pixel on a map of England 600 pixels wide
_METRES = 6_371_000.0
_TOLERANCE = 2.0  # units that a simplified line may be away from the true one
_CITY_TOLERANCE = 0.6  # for London, which maps also show enlarged
_SMALLEST = 10.0  # square units: islands below this size are left out, unless they are all there is
_LONDON = "E09"  # ONS codes of London boroughs begin with this

Point = tuple[int, int]
Ring = list[Point]  # without its first point again at the end
Box = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True)
class Outlines:
    """Shapes by ONS code, on the grid: the path of each, its box and where its name goes."""

    paths: dict[str, str]
    boxes: dict[str, Box]

    def box(self, codes: Iterable[str]) -> Box:
        """The box around several shapes."""
        boxes = [self.boxes[code] for code in codes]
        return (
            min(box[0] for box in boxes),
            min(box[1] for box in boxes),
            max(box[2] for box in boxes),
            max(box[3] for box in boxes),
        )


def outlines(boundaries: Sequence[Row]) -> Outlines:
    """The councils and counties of dim_boundary, simplified together."""
    rings = {row["area_code"]: _rings(row["geometry"]) for row in boundaries if row["layer"] in ("authority", "county")}
    simple = _Simplifier([ring for some in rings.values() for ring in some])
    paths, boxes = {}, {}
    for code, some in rings.items():
        tolerance = _CITY_TOLERANCE if code.startswith(_LONDON) else _TOLERANCE
        drawn = [simple.ring(ring, tolerance) for ring in some]
        largest = max(drawn, key=_area)
        drawn = [ring for ring in drawn if ring is largest or _area(ring) >= _SMALLEST]
        paths[code] = "".join(f"{path(ring)}z" for ring in drawn)
        xs, ys = [x for ring in drawn for x, _ in ring], [y for ring in drawn for _, y in ring]
        boxes[code] = (min(xs), min(ys), max(xs), max(ys))
    return Outlines(paths, boxes)


def _project(longitude: float, latitude: float) -> Point:
    """Transverse Mercator about 2° west on a sphere, which is the shape of the National Grid; y runs down the page."""
    lon, lat = math.radians(longitude + 2), math.radians(latitude)
    x = math.atanh(math.cos(lat) * math.sin(lon))
    y = math.atan2(math.tan(lat), math.cos(lon)) - math.radians(56)
    return round(x * _METRES / GRID) + 600, round(-y * _METRES / GRID)


def _rings(geometry: str) -> list[Ring]:
    """The rings of a shape on the grid; a small square for a shape below the grid's size."""
    shape: dict[str, Any] = json.loads(geometry)
    polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    found: list[Ring] = []
    for polygon in polygons:
        for points in polygon:
            ring = list(dict.fromkeys(_project(longitude, latitude) for longitude, latitude, *_ in points))
            if len(ring) > 2:
                found.append(ring)
    if not found:
        x, y = _project(*polygons[0][0][0][:2])
        found = [[(x, y), (x + 2, y), (x + 2, y + 2), (x, y + 2)]]
    return found


def _area(ring: Ring) -> float:
    return abs(sum(x * v - u * y for (x, y), (u, v) in pairwise([*ring, ring[0]]))) / 2


class _Simplifier:
    """Simplifies rings line by line: a line that two areas share is cut once, so that no gap opens between them."""

    def __init__(self, rings: Sequence[Ring]) -> None:
        beside: dict[Point, set[Point]] = defaultdict(set)
        for ring in rings:
            for one, other in pairwise([*ring, ring[0]]):
                beside[one].add(other)
                beside[other].add(one)
        self._junctions = {point for point, others in beside.items() if len(others) > 2}
        self._kept: dict[tuple[Point, ...], list[Point]] = {}

    def ring(self, ring: Ring, tolerance: float) -> Ring:
        """The simplified ring; unchanged if too little would be left of it."""
        ends = [i for i, point in enumerate(ring) if point in self._junctions]
        if len(ends) < 2:  # an island: its ends are its first point and the one farthest from it
            start = ends[0] if ends else ring.index(min(ring))
            far = max(range(len(ring)), key=lambda i: math.dist(ring[start], ring[i]))
            ends = sorted({start, far})
        turned = ring[ends[0] :] + ring[: ends[0] + 1]
        cuts = [end - ends[0] for end in ends] + [len(ring)]
        points = [p for a, b in pairwise(cuts) for p in self._line(tuple(turned[a : b + 1]), tolerance)[:-1]]
        return points if len(points) > 2 else ring

    def _line(self, line: tuple[Point, ...], tolerance: float) -> list[Point]:
        backwards = line[::-1]
        key = min(line, backwards)
        if key not in self._kept:
            self._kept[key] = _simplified(key, tolerance)
        return self._kept[key] if key == line else self._kept[key][::-1]


def _simplified(line: Sequence[Point], tolerance: float) -> list[Point]:
    """Douglas and Peucker's simplification: the ends, and every point that the line would otherwise miss."""
    kept, todo = {0, len(line) - 1}, [(0, len(line) - 1)]
    while todo:
        first, last = todo.pop()
        (x, y), (u, v) = line[first], line[last]
        length = math.hypot(u - x, v - y)
        farthest, most = 0, tolerance
        for i in range(first + 1, last):
            p, q = line[i]
            away = abs((u - x) * (y - q) - (x - p) * (v - y)) / length if length else math.hypot(p - x, q - y)
            if away > most:
                farthest, most = i, away
        if farthest:
            kept.add(farthest)
            todo += [(first, farthest), (farthest, last)]
    return [line[i] for i in sorted(kept)]
