"""Matching a name or code with councils and areas: current or former, official, short or in common use.

Belongs here: the one matcher, shared by the command and the Python API; the site's search follows it in
static/names.js. The names are in the mart dim_area_name; how two names are compared is in name_keys.py; the answers in
words are in lookup.py.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date

from rapidfuzz.distance import OSA

from missions.reading.name_keys import COUNCIL, place_key, shorter, without_joiners

FORMER = "former_council"
COMING = "coming_council"
OUTSIDE = "outside_england"
AREAS = ("region", "combined_authority", "county", "integrated_care_board", "country")
# If places of several kinds share a name, those of the first group match.
PRECEDENCE = {COUNCIL: 0, FORMER: 1, **dict.fromkeys(AREAS, 2), COMING: 3, OUTSIDE: 4}
# How a name can be similar to what was typed, closest first; a misspelt name is farther by the number of letters.
BEGINS_WITH_WORDS, BEGINS, HAS_WORD, HOLDS, MISSPELT = range(5)
UNLIKE = 99
LATER_WORD = 0.4  # how much farther a misspelt word is that does not begin the name
OFFERED = 5


@dataclass(frozen=True)
class Place:
    """A council, an area or a place outside England, and the councils of December 2024 that it is or holds."""

    kind: str
    name: str
    code: str | None
    authority_codes: tuple[str, ...]
    country: str = "England"
    begins: date | None = None
    ended: date | None = None


@dataclass(frozen=True)
class Name:
    """A name or code of a place; until is set on one no longer in use."""

    text: str
    place: Place
    until: date | None = None


class Places:
    """All names and codes that a publication knows: by code, by key, and by key without a title."""

    def __init__(self, names: Iterable[Name], codes: Iterable[Name]) -> None:
        self.codes: dict[str, list[Name]] = _grouped(codes, lambda code: [code.text])
        names = list(names)
        self.full: dict[str, list[Name]] = _grouped(names, lambda name: [place_key(name.text)])
        self.short: dict[str, list[Name]] = _grouped(names, short_keys)
        self._share_titles({place_key(name.text): name for name in names if _is_usual(name)})

    def _share_titles(self, usual: dict[str, Name]) -> None:
        """What is left of "Newcastle City Council" begins another council's name too: it is either's."""
        for key, names in self.short.items():
            if key not in self.full and all(n.place.kind == COUNCIL and not _is_usual(n) for n in names):
                known = {name.place for name in names}
                names += [n for own, n in usual.items() if own.startswith(f"{key} ") and n.place not in known]

    def called(self, text: str, kinds: Collection[str] = tuple(PRECEDENCE)) -> list[Name]:
        """The codes or names that match the text, in full or else without titles; empty if that is not certain.

        A title counts: "West Midlands Combined Authority" is not the region. Only a council's title is ignored if no
        council has the name: "Greater Manchester Council".
        """
        if found := [name for name in self.codes.get(text.strip().upper(), []) if name.place.kind in kinds]:
            return found
        for key, titled in shorter(place_key(text)):
            for probe in (key, without_joiners(key)):
                for table in (self.full, self.short):
                    found = [name for name in table.get(probe, []) if name.place.kind in kinds]
                    fitting = [name for name in found if _fits(name.place.kind, titled)]
                    if fitting or (found and titled == COUNCIL):
                        return _first_group(fitting or found)
        return []

    def like(self, text: str, kinds: Collection[str] = tuple(PRECEDENCE)) -> list[Place]:
        """Up to five places whose names are most like the text, closest first; misspelt ones if there are no others.

        Of places that share a name, such as a county and its council, only the first kind is offered.
        """
        *_, (bare, _) = shorter(place_key(text))
        queries = {place_key(text), bare} - {""}
        ranks: dict[Place, tuple[float, int, int, str]] = {}
        for key, names in self.full.items():
            near = min((_unlikeness(query, key) for query in queries), default=UNLIKE)
            of_kinds = [name for name in names if name.place.kind in kinds]
            for name in _first_group(of_kinds) if of_kinds and near < UNLIKE else ():
                rank = (near, PRECEDENCE[name.place.kind], len(key), key)
                ranks[name.place] = min(ranks.get(name.place, rank), rank)
        found = sorted(ranks, key=lambda place: (ranks[place], place.name))
        farthest = max(MISSPELT - 1, ranks[found[0]][0] + 1) if found else UNLIKE
        return [place for place in found if ranks[place][0] <= farthest][:OFFERED]


def short_keys(name: Name) -> list[str]:
    """A name's keys without its titles and without joining words; not its key in full."""
    kind, key = name.place.kind, place_key(name.text)
    own = [left for left, titled in shorter(key) if left == key or _is_title_of(kind, titled)]
    return [left for left in dict.fromkeys(own + [without_joiners(left) for left in own]) if left and left != key]


def _is_title_of(kind: str, titled: str | None) -> bool:
    """Whether a title adds nothing to the name of a place: "Liverpool City Region" is not Liverpool."""
    return titled == kind if kind in AREAS and kind != "county" else titled in (None, COUNCIL)


def _fits(kind: str, titled: str | None) -> bool:
    return titled is None or kind == titled or (titled == COUNCIL and kind in (FORMER, COMING, OUTSIDE))


def _is_usual(name: Name) -> bool:
    return name.place.kind == COUNCIL and name.text == name.place.name


def _first_group(names: list[Name]) -> list[Name]:
    """Those of the kind that comes first, one per place."""
    first = min(PRECEDENCE[name.place.kind] for name in names)
    by_place = {name.place: name for name in reversed(names) if PRECEDENCE[name.place.kind] == first}
    return sorted(by_place.values(), key=lambda name: (name.place.kind, name.place.name))


def _unlikeness(query: str, key: str) -> float:
    """How far a name is from what was typed, on the scale above."""
    if key.startswith(f"{query} ") or key == query:
        return BEGINS_WITH_WORDS
    if key.startswith(query):
        return BEGINS
    if f" {query}" in key:
        return HAS_WORD
    return HOLDS if len(query) > 2 and query in key else _misspelling(query, key)


def _misspelling(query: str, key: str) -> float:
    """How many letters to change, add, drop or swap for the beginning of a word that has the same first letter."""
    allowed = min((len(query) + 1) // 4, 3)
    if len(query) < 4:
        return UNLIKE
    words = key.split()
    far = [
        OSA.distance(query, start[:size]) + (LATER_WORD if i else 0)
        for i, word in enumerate(words)
        if word[0] == query[0]
        for start in [" ".join(words[i:])]
        for size in range(len(query) - allowed, len(query) + allowed + 1)
    ]
    nearest = min(far, default=allowed + 1)
    return MISSPELT + nearest if nearest <= allowed + LATER_WORD else UNLIKE


def _grouped(names: Iterable[Name], keys: Callable[[Name], Iterable[str]]) -> dict[str, list[Name]]:
    groups: dict[str, list[Name]] = {}
    for name in names:
        for key in keys(name):
            groups.setdefault(key, []).append(name)
    return groups
