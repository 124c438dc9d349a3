"""What the search loads only when asked: postcodes by postcode area, and places by the first letter of their name.

Belongs here: the data files. What they find is said in static/places.js, as the command says it (reading/places.py).
"""

import re
from collections import defaultdict
from typing import Any

from missions.reading.name_keys import place_key
from missions.site.data import Row
from missions.site.renderer import Files, Renderer
from missions.site.scripts import assign


def files(site: Renderer) -> Files:
    councils = {row["authority_code"]: [row["authority_name"], row["page"]] for row in site.marts.authorities}
    yield from _postcodes(site.marts.postcodes, councils)
    yield from _places(site.marts.places, councils)


def _postcodes(rows: list[Row], councils: dict[str, list[str]]) -> Files:
    """data/postcode/FY.js: councils, small areas and, by sector, pairs of a small area and the endings in it."""
    areas: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        areas[re.match("[A-Z]+", row["postcode_sector"])[0]].append(row)  # type: ignore[index]
    for area, of_area in areas.items():
        codes = list(dict.fromkeys(row["authority_code"] for row in of_area))
        small = {
            row["small_area_code"]: [row["small_area_title"], row["ward_name"], codes.index(row["authority_code"])]
            for row in of_area
        }
        place = {code: number for number, code in enumerate(small)}
        sectors: dict[str, list[Any]] = {}
        for row in of_area:
            sectors.setdefault(row["postcode_sector"], []).extend([place[row["small_area_code"]], row["units"]])
        packed = {"councils": [councils[code] for code in codes], "areas": list(small.values()), "sectors": sectors}
        yield f"data/postcode/{area}.js", assign({f"postcode{area}": packed})


def _places(rows: list[Row], councils: dict[str, list[str]]) -> Files:
    """data/place/f.js: councils, and the key, name, kind and council of each place, the largest first."""
    letters: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        letters[place_key(row["place_name"])[0]].append(row)
    for letter, of_letter in letters.items():
        codes = list(dict.fromkeys(row["authority_code"] for row in of_letter))
        number = {code: i for i, code in enumerate(codes)}
        names = [
            [place_key(r["place_name"]), r["place_name"], r["place_kind"], number[r["authority_code"]]]
            for r in of_letter
        ]
        packed = {"councils": [councils[code] for code in codes], "names": names}
        yield f"data/place/{letter}.js", assign({f"place{letter}": packed})
