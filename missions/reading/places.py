"""Postcodes, towns, wards, parishes and neighbourhoods: the council and the small area they are in.

Belongs here: what the gazetteer of councils (lookup.py) does not hold. Councils and areas come first.
"""

import re
from dataclasses import dataclass
from typing import Any

import duckdb

from missions.reading.name_keys import name_key, place_key
from missions.reading.queries import ask

OFFERED = 5
_FULL = re.compile(r"([a-z]{1,2}[0-9][a-z0-9]?) ?([0-9])([a-z]{2})")
# The order in which places of one name are offered.
_KINDS = (
    "city",
    "town",
    "village",
    "suburban area",
    "other settlement",
    "place",
    "neighbourhood",
    "ward",
    "parish",
    "hamlet",
)
# Postcode areas without an English postcode.
ELSEWHERE = {
    **dict.fromkeys(("CF", "LD", "LL", "SA"), "Wales"),
    **dict.fromkeys(
        ("AB", "DD", "DG", "EH", "FK", "G", "HS", "IV", "KA", "KW", "KY", "ML", "PA", "PH", "ZE"), "Scotland"
    ),
    "BT": "Northern Ireland",
    "GY": "Guernsey",
    "IM": "the Isle of Man",
    "JE": "Jersey",
}
# A name as name_key makes it, with "saint" shortened: the names of places are compared in SQL, as there are many.
PLACE_KEY = """
    trim(regexp_replace(regexp_replace(regexp_replace(replace(lower(strip_accents(place_name)), '&', ' and '),
        '[.''\u2018\u2019]', '', 'g'), '[^a-z0-9]+', ' ', 'g'), '\\bsaint\\b', 'st', 'g'))
"""

_NAMED = f"""
    SELECT place_name, place_kind, authority_code, authority_name
    FROM dim_place JOIN dim_authority USING (authority_code)
    WHERE {PLACE_KEY} = $key AND starts_with(lower(authority_name), lower($council))
    QUALIFY row_number() OVER (PARTITION BY authority_code ORDER BY list_position($kinds, place_kind)) = 1
    ORDER BY coalesce(dim_place.population, 0) DESC, list_position($kinds, place_kind), authority_name
"""

# All places in the order in which those of one name are offered.
PLACES_IN_ORDER = f"""
    SELECT place_name, place_kind, authority_code
    FROM dim_place JOIN dim_authority USING (authority_code)
    ORDER BY coalesce(dim_place.population, 0) DESC, list_position({list(_KINDS)}, place_kind), authority_name,
        place_name
"""


@dataclass(frozen=True)
class Located:
    """Where a postcode is; without a small area, `note` says what is wrong with it."""

    postcode: str
    note: str
    small_area: dict[str, Any] | None = None


def locate(connection: duckdb.DuckDBPyConnection, text: str) -> Located:
    """Where a postcode, or the first half of one, is. The text has the form of a postcode."""
    key = name_key(text)
    full = _FULL.fullmatch(key.replace(" ", "")) if len(key.replace(" ", "")) > 4 else None
    if full is None:
        return Located(key.upper(), _first_half(connection, key.upper()))
    outward, digit, unit = (part.upper() for part in full.groups())
    postcode, sector = f"{outward} {digit}{unit}", f"{outward} {digit}"
    rows = ask(
        connection,
        "SELECT area.*, authority_name, postcode.units FROM dim_postcode AS postcode "
        "JOIN dim_small_area AS area USING (small_area_code) JOIN dim_authority USING (authority_code) "
        "WHERE postcode_sector = $sector",
        sector=sector,
    ).records
    for row in rows:
        units = row.pop("units")
        if unit in (units[i : i + 2] for i in range(0, len(units), 2)):
            where = f"{postcode} is in {row['small_area_title']} ({row['authority_name']}, {row['ward_name']} ward)"
            return Located(postcode, where, row)
    if rows:
        councils = " and ".join(sorted({row["authority_name"] for row in rows}))
        return Located(postcode, f"There is no live postcode {postcode}. Others that begin {sector} are in {councils}")
    return Located(postcode, _unknown(connection, postcode, outward))


def _first_half(connection: duckdb.DuckDBPyConnection, outward: str) -> str:
    councils = _councils_of(connection, outward)
    if not councils:
        return _unknown(connection, outward, outward)
    return f"{outward} is the first half of a postcode, in {' and '.join(councils)}: give the whole postcode"


def _unknown(connection: duckdb.DuckDBPyConnection, postcode: str, outward: str) -> str:
    area = re.match("[A-Z]+", outward)
    if area and area[0] in ELSEWHERE:
        return f"{postcode} is in {ELSEWHERE[area[0]]}; this index covers English councils only"
    if councils := _councils_of(connection, outward):
        return f"There is no live postcode {postcode}. Others that begin {outward} are in {' and '.join(councils)}"
    return f"{postcode} is not a live English postcode"


def _councils_of(connection: duckdb.DuckDBPyConnection, outward: str) -> list[str]:
    """The councils that a first half lies in, those with most postcodes first."""
    rows = ask(
        connection,
        "SELECT authority_name FROM dim_postcode JOIN dim_small_area USING (small_area_code) "
        "JOIN dim_authority USING (authority_code) WHERE starts_with(postcode_sector, $outward) "
        "GROUP BY authority_name ORDER BY sum(length(units)) DESC, authority_name",
        outward=f"{outward} ",
    ).values
    return [name for (name,) in rows]


def places_named(connection: duckdb.DuckDBPyConnection, text: str) -> list[dict[str, Any]]:
    """The places with this name, one per council: the largest and those of larger kinds first.

    A name may have commas, and may be followed by its council or the beginning of its name: "Abbey, Reading".
    """
    commas = [match.start() for match in re.finditer(",", text)]
    for name, council in [(text, ""), *((text[:comma], text[comma + 1 :].strip()) for comma in commas)]:
        found = ask(connection, _NAMED, key=place_key(name), council=council, kinds=list(_KINDS)).records
        if found:
            return found
    return []
