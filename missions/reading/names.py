"""Finding what people mean: councils by current and former names, and one of a list of options.

Belongs here: matching what was typed with what exists. The names themselves are in the marts.
"""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
from rapidfuzz import fuzz, process

from missions.errors import UsageError
from missions.reading.queries import ask
from missions.reading.wording import LONG_LIST, day_words

# Titles in a council's name: "City of", "Metropolitan Borough Council", "Royal Borough of" …
_COUNCIL_TITLE = re.compile(
    r"\b((london(?= borough)|royal|metropolitan|county|city|district) )*"
    r"(borough|city|county|district|council|corporation)( council)?( of)?( the)?\b"
)

_LONGEST_NAME = 60  # letters of a name that an error message repeats


@dataclass(frozen=True)
class Found:
    """What a name was matched with: a council's code or another ID, with a note if the match is not literal."""

    code: str
    note: str | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        return () if self.note is None else (self.note,)


def find_authority(connection: duckdb.DuckDBPyConnection, text: str) -> Found:
    """Find a council by name or code, current or former; for a former one the note says so.

    Raises UsageError with the successors of a county that was split, and with the nearest names if nothing matches.
    """
    names = ask(
        connection,
        """
        SELECT area_code, area_name AS name, authority_code, authority_name, region_name,
            if(relation = 'same', NULL, valid_to_date) AS ended_date
        FROM dim_area_code JOIN dim_authority USING (authority_code)
        UNION ALL
        SELECT authority_code, council_name, authority_code, authority_name, region_name, NULL FROM dim_authority
        ORDER BY authority_name, name
        """,
    ).records
    found = _named(names, text)
    if not found:
        nearest = _nearest(text, {n["name"]: n["name"] if n["ended_date"] else n["authority_name"] for n in names})
        named = text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…"
        raise UsageError(f"No council named {named!r}." + (f" Did you mean {nearest}?" if nearest else ""))
    one, ended = found[0], found[0]["ended_date"]
    successors = {n["authority_code"]: n["authority_name"] for n in found}
    if len(successors) > 1:
        what = f"was split on {day_words(ended)} into" if ended else "could be"
        raise UsageError(f"{text!r} {what}: {'; '.join(successors.values())}")
    note = None
    if ended and one["name"] == one["authority_name"]:
        note = f"{one['area_code']} was the code of {one['name']} until {day_words(ended)}"
    elif ended:
        note = f"{one['name']} has been part of {one['authority_name']} since {day_words(ended)}"
    return Found(str(one["authority_code"]), note)


def find_authorities(connection: duckdb.DuckDBPyConnection, words: Iterable[str]) -> list[Found]:
    """Find the councils named: the words together as one council if possible, otherwise each word as one."""
    words = list(words)
    if len(words) > 1:
        try:
            return [find_authority(connection, " ".join(words))]
        except UsageError:
            pass
    return [find_authority(connection, word) for word in words]


def council(connection: duckdb.DuckDBPyConnection, code: str) -> dict[str, Any]:
    """The row of dim_authority for a December 2024 code."""
    (record,) = ask(connection, "FROM dim_authority WHERE authority_code = $code", code=code).records
    return record


def _named(names: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """The names and codes that match the text: in full, or else ignoring the council's title."""
    present = [n for n in names if n["ended_date"] is None]
    former = [n for n in names if n["ended_date"] is not None]
    key, short = name_key(text), short_name_key(text)
    if found := [n for n in names if n["area_code"] == text.strip().upper()]:
        return found
    for group in (present, former):
        if found := [n for n in group if name_key(n["name"]) == key]:
            return found
    if any(
        name_key(n["region_name"]) == key for n in names
    ):  # without its title, the City of London has the same name as its region
        raise UsageError(f"{text!r} is a region; try `missions rank --region {shlex.quote(text)}`")
    for group in (present, former):
        if short and any(short_name_key(n["name"]) == short for n in group):
            # "Newcastle" is the whole of one council's name and the start of another's.
            return [n for n in group if f"{short_name_key(n['name'])} ".startswith(f"{short} ")]
    return []


def choose(what: str, text: str, options: Mapping[str, str]) -> str:
    """The ID of the option with this ID or name.

    Raises UsageError with the nearest options, and with all of them if there are few.
    """
    key = name_key(text)
    for option, name in options.items():
        if key in (name_key(option), name_key(name)):
            return option
    shown = {option: _shown(option, name) for option, name in options.items()}
    nearest = _nearest(text, {called: shown[o] for o, name in options.items() for called in (o, name)})
    message = f"No {what} {text!r}." + (f" Did you mean {nearest}?" if nearest else "")
    if len(options) <= LONG_LIST or not nearest:
        message += "\nOptions:" + "".join(f"\n  {option}" for option in shown.values())
    raise UsageError(message)


def choose_near(what: str, text: str, options: Mapping[str, str]) -> Found:
    """Choose as `choose` does, but also by a unique beginning or a near spelling, with a note."""
    try:
        return Found(choose(what, text, options))
    except UsageError:
        near = _near(name_key(text), options)
        if near is None:
            raise
        return Found(near, f"Taking {text!r} to mean {_shown(near, options[near])}")


def _shown(option: str, name: str) -> str:
    return option if name_key(name) == name_key(option) else f"{option} ({name})"


def _near(key: str, options: Mapping[str, str]) -> str | None:
    """The one option that begins with the key, or whose spelling is near and much nearer than any other's."""
    begin = [option for option, name in options.items() if name_key(name).startswith(key)]
    if len(begin) == 1:
        return begin[0]
    ratios = ((fuzz.ratio(key, name_key(name)), option) for option, name in options.items())
    (best, option), (second, _) = sorted(ratios, reverse=True)[:2]
    return option if best >= 85 and best - second >= 10 else None


def _nearest(text: str, labels: Mapping[str, str]) -> str:
    """The labels of up to five names most like the text, joined for a sentence; empty if none is like it."""
    found = process.extract(text, labels.keys(), scorer=fuzz.WRatio, processor=name_key, limit=None, score_cutoff=60)
    near = [labels[name] for name, score, _ in found if score >= found[0][1] - 15]
    return " or ".join(list(dict.fromkeys(near))[:5])


def name_key(text: str) -> str:
    """A name for comparison: without case and punctuation, `&` as `and`."""
    text = re.sub(r"[.'\u2019]", "", text.casefold().replace("&", " and "))
    return " ".join(re.findall(r"[^\W_]+", text))


def short_name_key(text: str) -> str:
    """A name for comparison, without the council's title."""
    return " ".join(_COUNCIL_TITLE.sub(" ", name_key(text)).split()).removeprefix("the ")
