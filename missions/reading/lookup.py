"""Looking up a council or area by any name or code, and the sentence about what is not a current council.

Belongs here: the publication's names, and the answers in words. How names are matched is in matching.py.
"""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import duckdb

from missions.errors import UsageError
from missions.reading.matching import AREAS, COMING, FORMER, OUTSIDE, Name, Place, Places
from missions.reading.name_keys import COUNCIL, POSTCODE, name_key, place_key
from missions.reading.names import Found, shown_name
from missions.reading.places import OFFERED, locate, places_named
from missions.reading.queries import ask
from missions.reading.wording import LONG_LIST, day_words, in_words

# The option of `missions rank` that takes each kind of area.
FILTERS = {
    "region": "--region",
    "combined_authority": "--combined-authority",
    "county": "--county",
    "integrated_care_board": "--board",
}
ONLY_ENGLAND = "this index covers English councils only"
_NATIONS = {"W": "Wales", "S": "Scotland", "N": "Northern Ireland"}  # by the first letter of a code


@dataclass(frozen=True)
class Meaning:
    """What a name or code means. Only a current council has a code here.

    note: a sentence, empty if a current council's name was matched. candidates: names to choose from, likeliest first,
    if it could mean several places or nothing matches.
    """

    kind: Literal[
        "council", "former_council", "area", "coming_council", "outside_england", "postcode", "place", "unknown"
    ]
    code: str | None = None
    note: str = ""
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Area:
    """An area by its usual name, with the codes of its councils; a note if the match is not literal."""

    name: str
    authority_codes: tuple[str, ...]
    notes: tuple[str, ...] = ()


class Gazetteer:
    """Every place that a publication knows, found by name or code and described in words."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        rows = ask(connection, "FROM dim_area_name ORDER BY ALL").records
        codes = ask(connection, "FROM dim_area_code ORDER BY ALL").records
        self.parts = ask(connection, "FROM coming_council ORDER BY coming_council_name, authority_name").records
        self.names = [_name(row) for row in rows]
        councils = {name.place.code: name.place for name in self.names if name.place.kind == COUNCIL}
        self.council_names = {str(code): place.name for code, place in councils.items()}
        self.codes = [*_codes_of_places(self.names), *_codes_of_councils(codes, councils)]
        self.places = Places(self.names, self.codes)

    def meaning(self, text: str) -> Meaning:
        """What a name or code means, current or former."""
        found = self.places.called(text)
        kind = found[0].place.kind if found else None
        if not found:
            return self._not_found(text)
        if kind in (COUNCIL, FORMER):
            return self._council(text, found)
        if kind == COMING:
            return Meaning("coming_council", None, self.coming_words(found[0].place))
        if kind == OUTSIDE:
            outside = found[0].place
            # Newport is a city in Wales and a town in England. Wales is a village too, but nobody means it.
            if outside.name != outside.country and (places := places_named(self._connection, text)):
                return _place_meaning(text, places)
            return Meaning("outside_england", None, outside_words(outside))
        return Meaning("area", None, f"{text!r} is {area_words(name.place for name in found)}")

    def _council(self, text: str, found: list[Name]) -> Meaning:
        codes = tuple(dict.fromkeys(code for name in found for code in name.place.authority_codes))
        one, candidates = found[0], tuple(self.council_names[code] for code in codes)
        place = one.place
        if place.ended and len(found) == 1 and len(codes) > 1:
            said = f"{text!r} was split on {day_words(place.ended)} into: {'; '.join(candidates)}"
            return Meaning("former_council", None, said, candidates)
        if len(codes) > 1:
            return Meaning("unknown", None, f"{text!r} could be: {'; '.join(candidates)}", candidates)
        if place.kind == FORMER and place.ended:
            note = f"{place.name} has been part of {candidates[0]} since {day_words(place.ended)}"
            return Meaning("former_council", codes[0], note)
        return Meaning("council", codes[0], former_name_words(one))

    def _not_found(self, text: str) -> Meaning:
        key = name_key(text)
        if re.fullmatch(POSTCODE, key):
            located = locate(self._connection, text)
            code = located.small_area["authority_code"] if located.small_area else None
            return Meaning("postcode", code, located.note)
        if (code := re.fullmatch(r"([wsn])\d{8}", key)) is not None:
            return Meaning(
                "outside_england", None, f"{text!r} is a code of {_NATIONS[code[1].upper()]}; {ONLY_ENGLAND}"
            )
        if places := places_named(self._connection, text):
            begun = [
                place for place in self.places.like(text) if place_key(place.name).startswith(f"{place_key(text)} ")
            ]
            return _place_meaning(text, places, begun)
        candidates = tuple(dict.fromkeys(label(place) for place in self.places.like(text)))
        meant = f" Did you mean {' or '.join(candidates)}?" if candidates else ""
        return Meaning("unknown", None, f"No council named {shown_name(text)}.{meant}", candidates)

    def area(self, kind: str, text: str) -> Area:
        """The area of a kind with this name or code, or the only one with a similar name.

        Raises UsageError with what the text means instead, and with names to choose from.
        """
        found = [name.place for name in self.places.called(text, (kind,))]
        if len(found) == 1:
            return Area(found[0].name, found[0].authority_codes)
        meaning = self.meaning(text)
        like = found or self.places.like(text, (kind,))
        if len(like) == 1 and meaning.kind == "unknown":
            return Area(like[0].name, like[0].authority_codes, (f"Taking {text!r} to mean {like[0].name}",))
        said = f"No {in_words(kind)} {shown_name(text)}."
        if like:
            said += f" Did you mean {' or '.join(place.name for place in like)}?"
        elif meaning.kind not in ("council", "unknown"):
            said += f" {meaning.note}"
        known = sorted({name.place.name for name in self.names if name.place.kind == kind})
        if len(known) <= LONG_LIST or not like:
            said += "\nOptions:" + "".join(f"\n  {name}" for name in known)
        raise UsageError(said)

    def coming_words(self, place: Place) -> str:
        """What is known of a coming council: its parts, no more than the source says."""
        parts = [part for part in self.parts if part["coming_council_name"] == place.name]
        listed = "; ".join(p["authority_name"] + ("" if p["is_whole"] else " (in part or unclear)") for p in parts)
        said = f"{place.name} is to be a council from {day_words(parts[0]['vesting_date'])} ({parts[0]['status']})"
        if all(part["is_complete"] for part in parts):
            return f"{said}. Its parts: {listed}. It has no figures of its own yet"
        return f"{said}. Parts known here: {listed}. Others are missing or unclear, so it has no figures"


def _place_meaning(text: str, places: list[dict[str, Any]], begun: Iterable[Place] = ()) -> Meaning:
    """The council of a town, ward, parish or neighbourhood, or the councils that have one of the name.

    begun: councils and areas whose names begin with the text. They are offered first, and nothing is taken for granted.
    """
    named = tuple(label(place) for place in begun)
    if len(places) == 1 and set(named) <= {places[0]["authority_name"]}:
        (place,) = places
        note = f"{place['place_name']} ({place['place_kind']}) is in {place['authority_name']}"
        return Meaning("place", place["authority_code"], note)
    shown = tuple(f"{p['place_name']}, {p['authority_name']} ({p['place_kind']})" for p in places[:OFFERED])
    more = f"; and {len(places) - OFFERED} more" if len(places) > OFFERED else ""
    example = f"{places[0]['place_name']}, {places[0]['authority_name']}"
    said = f"places of this name: {'; '.join(shown)}{more}. Add the council: {example!r}"
    if named:
        asked = f"No council named {shown_name(text)}. Did you mean {' or '.join(named)}?"
        return Meaning("unknown", None, f"{asked} Also {said}", (*named, *shown))
    return Meaning("place", None, f"{shown_name(text)} could be one of {len(places)} {said}", shown)


def area_words(places: Iterable[Place]) -> str:
    """What kind of area this is, and how to rank its councils."""
    places = list(places)
    if places[0].kind == "country":
        return "the whole country; try `missions rank`"
    kinds = " and ".join(dict.fromkeys(_with_article(place) for place in places))
    tries = " or ".join(f"`missions rank {FILTERS[place.kind]} {shlex.quote(place.name)}`" for place in places)
    return f"{kinds}; try {tries}"


def _with_article(place: Place) -> str:
    words = in_words(place.kind)
    without = " without a council of its own" if place.kind == "county" else ""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}{without}"


def outside_words(place: Place) -> str:
    """Where a place outside England is."""
    where = f"in {place.country}" if place.name != place.country else "not an English council or area"
    return f"{place.name} is {where}; {ONLY_ENGLAND}"


def former_name_words(name: Name) -> str:
    """Until when a council had a name or code; empty if it still has."""
    if not name.until:
        return ""
    what = "code" if re.fullmatch(r"E\d{8}|\d\d[A-Z]{0,2}", name.text) else "name"
    return f"{name.text} was the {what} of {name.place.name} until {day_words(name.until)}"


def label(place: Place) -> str:
    """A place's name in a list of places of several kinds."""
    if place.kind in AREAS or place.kind == COMING:
        return f"{place.name} ({in_words(place.kind)})"
    return f"{place.name} ({place.country})" if place.kind == OUTSIDE else place.name


def find_authority(connection: duckdb.DuckDBPyConnection, text: str) -> Found:
    """Find a council by name or code, current or former; for a former one the note says so.

    Raises UsageError with what the text means if that is not one council, or with the most similar names.
    """
    return _one_council(Gazetteer(connection), text)


def find_authorities(connection: duckdb.DuckDBPyConnection, words: Iterable[str]) -> list[Found]:
    """Find the councils named: the words together as one council if possible, otherwise each word as one."""
    words, gazetteer = list(words), Gazetteer(connection)
    if len(words) > 1 and (whole := gazetteer.meaning(" ".join(words))).code:
        return [Found(whole.code, whole.note or None)]
    return [_one_council(gazetteer, word) for word in words]


def _one_council(gazetteer: Gazetteer, text: str) -> Found:
    meaning = gazetteer.meaning(text)
    if meaning.code is None:
        raise UsageError(meaning.note)
    return Found(meaning.code, meaning.note or None)


def council(connection: duckdb.DuckDBPyConnection, code: str) -> dict[str, Any]:
    """The row of dim_authority for a December 2024 code."""
    (record,) = ask(connection, "FROM dim_authority WHERE authority_code = $code", code=code).records
    return record


def find_area(connection: duckdb.DuckDBPyConnection, kind: str, text: str) -> Area:
    """Find a region, combined authority, county or integrated care board by name or code; see Gazetteer.area."""
    return Gazetteer(connection).area(kind, text)


def _name(row: Mapping[str, Any]) -> Name:
    is_former = row["place_kind"] == FORMER
    place = Place(
        kind=row["place_kind"],
        name=row["place_name"],
        code=row["place_code"],
        authority_codes=tuple(row["authority_codes"].split(", ")) if row["authority_codes"] else (),
        country=row["country_name"],
        begins=row["valid_from_date"],
        ended=row["valid_to_date"] if is_former else None,
    )
    return Name(row["area_name"], place, None if is_former else row["valid_to_date"])


def _codes_of_places(names: Iterable[Name]) -> list[Name]:
    """The codes of areas, former councils and places outside England; a county has its council's code."""
    places = dict.fromkeys(name.place for name in names if name.place.kind not in (COUNCIL, "county"))
    return [Name(place.code, place) for place in places if place.code]


def _codes_of_councils(rows: Iterable[Mapping[str, Any]], councils: Mapping[str | None, Place]) -> list[Name]:
    return [
        Name(
            row["area_code"],
            councils[row["authority_code"]],
            None if row["relation"] == "same" else row["valid_to_date"],
        )
        for row in rows
        if row["relation"] in ("same", "code_change")
    ]
