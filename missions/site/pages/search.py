"""The list of councils from A to Z, including former ones, and the data for the search on every page."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from missions.reading.lookup import ONLY_ENGLAND, outside_words
from missions.reading.matching import COMING, FORMER, OUTSIDE, PRECEDENCE, Name, Place
from missions.reading.name_keys import COUNCIL, RULES, place_key
from missions.reading.places import ELSEWHERE
from missions.reading.wording import day_words, in_words, type_words
from missions.site.data import Row, by, grouped
from missions.site.renderer import Files, Renderer
from missions.site.scripts import assign
from missions.site.synonyms import SYNONYMS
from missions.site.words import group_name

OTHER = "page"  # the kind of what is not a place


def files(site: Renderer) -> Files:
    letters = _a_to_z(site)
    yield site.render("search.html", "search.html", "Councils A to Z", [("Councils A to Z", None)], letters=letters)
    rules = {
        **RULES,
        "precedence": {**PRECEDENCE, OTHER: len(PRECEDENCE)},
        "onlyEngland": ONLY_ENGLAND,
        "elsewhere": ELSEWHERE,
        "postcodeAreas": sorted({re.sub("[0-9].*", "", row["postcode_sector"]) for row in site.marts.postcodes}),
    }
    yield "data/search.js", assign({"search": _entries(site), "nameRules": rules})


def _a_to_z(site: Renderer) -> list[tuple[str, list[Row]]]:
    """Current and former councils by first letter."""
    names = [{"name": a["authority_name"], "authority": a, "former": False} for a in site.marts.authorities]
    former = grouped((row for row in site.marts.area_codes if row["valid_to_date"]), "area_name")
    present = {a["authority_name"] for a in site.marts.authorities}
    for name, rows in former.items():
        if name not in present:
            successors = by(rows, "authority_code")
            names.append(
                {
                    "name": name,
                    "former": True,
                    "successors": [site.marts.authority[code] for code in successors],
                    "ended": max(row["valid_to_date"] for row in rows),
                }
            )
    names.sort(key=lambda n: n["name"])
    letters: dict[str, list[Row]] = {}
    for entry in names:
        letters.setdefault(entry["name"][0].upper(), []).append(entry)
    return list(letters.items())


@dataclass(frozen=True)
class _Entry:
    """Something that search can find: what it shows, and what it is found by."""

    label: str
    note: str
    page: str
    kind: str = OTHER
    codes: tuple[str, ...] = ()
    full: tuple[str, ...] = ()
    short: tuple[str, ...] = ()

    @property
    def packed(self) -> list[str]:
        codes, full, short = " ".join(self.codes), "|".join(self.full), "|".join(self.short)
        return [self.label, self.note, self.page, self.kind, codes, full, short]


def _entries(site: Renderer) -> list[list[str]]:
    """Each as [label, note, address, kind, codes, keys in full, keys without titles]; see static/names.js."""
    return [entry.packed for entry in (*_places(site), *_pages(site))]


def _places(site: Renderer) -> Iterator[_Entry]:
    """Councils, areas and places outside England; a former council, or a county without one, has several."""
    gazetteer = site.marts.gazetteer
    places = gazetteer.places
    codes, full, short = (_of_place(table) for table in (places.codes, places.full, places.short))
    for place in dict.fromkeys(name.place for name in gazetteer.names):
        for note, page in _shown(site, place):
            yield _Entry(
                place.name,
                note,
                page,
                place.kind,
                codes.get(place, ()),
                full.get(place, ()),
                short.get(place, ()),
            )


def _of_place(table: Mapping[str, list[Name]]) -> dict[Place, tuple[str, ...]]:
    """The codes or keys of each place."""
    found: dict[Place, dict[str, None]] = {}
    for key, names in table.items():
        for name in names:
            found.setdefault(name.place, {})[key] = None
    return {place: tuple(keys) for place, keys in found.items()}


def _shown(site: Renderer, place: Place) -> list[tuple[str, str]]:
    """The note and the page of a place, for each page it leads to; no page if it is not in the index."""
    members = [site.marts.authority[code] for code in place.authority_codes]
    pages = {(group.kind.replace("-", "_"), group.code): group.page for group in site.marts.groups}
    if place.kind == COUNCIL:
        return [(f"{type_words(a['authority_type'])}, {a['region_name']}", a["page"]) for a in members]
    if place.kind == FORMER:
        since = f" since {day_words(place.ended)}" if place.ended else ""
        return [(f"part of {a['authority_name']}{since}", a["page"]) for a in members]
    if place.kind == COMING:
        return [(site.marts.gazetteer.coming_words(place).removeprefix(f"{place.name} "), "")]
    if place.kind == OUTSIDE:
        return [(outside_words(place).removeprefix(f"{place.name} "), "")]
    if place.kind == "country":
        return [("all councils", "index.html")]
    if place.kind == "county":  # a county with a council is found as that council
        return [] if place.code else [(f"county; {a['authority_name']} is in it", a["page"]) for a in members]
    page = pages.get((place.kind, str(place.code)))
    return [(in_words(place.kind), page)] if page else []


def _pages(site: Renderer) -> Iterator[_Entry]:
    """Indicators, missions and types of council."""
    for i in site.marts.indicators:
        words = SYNONYMS.get(i["indicator_id"], ())
        yield _entry(i["indicator_title"], f"indicator, {i['mission_name']}", i["page"], i["indicator_id"], words)
    for mission in site.marts.missions:
        yield _entry(mission["mission_name"], "mission", f"mission/{mission['mission_id']}.html")
    for group in site.marts.groups:
        if group.kind == "type":
            yield _entry(group_name(group), "type of council", group.page, group.code)


def _entry(label: str, note: str, page: str, code: str = "", synonyms: Iterable[str] = ()) -> _Entry:
    keys = dict.fromkeys(place_key(words) for words in (label, *synonyms))
    return _Entry(label, note, page, codes=(code.upper(),), full=tuple(keys))
