"""What sentences are made of: the typed sentence, names, counts, lists and figures as they stand in one.

Belongs here: pieces that sentences about councils, missions and areas share.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from missions.reading.wording import listed, place_name, value_words

Kind = Literal["position", "missions", "england", "neighbours", "drivers", "change", "basis", "limits"]
# What each kind answers, in the order in which a brief gives them.
QUESTIONS: dict[Kind, str] = {
    "position": "How high is its need?",
    "missions": "Under which missions?",
    "england": "What is clearly different from England?",
    "neighbours": "And from similar councils?",
    "drivers": "What drives it?",
    "change": "What has changed?",
    "basis": "Which figures are its own?",
    "limits": "What cannot be said?",
}


@dataclass(frozen=True)
class Sentence:
    """One statement for people. text: one or two plain sentences. facts: the numbers it uses, unrounded, by name."""

    kind: Kind
    text: str
    facts: Mapping[str, Any]


def texts(sentences: Iterable[Sentence]) -> str:
    """Sentences as one paragraph."""
    return " ".join(sentence.text for sentence in sentences)


def in_text(name: str) -> str:
    """A place in the middle of a sentence: "the City of London", "Bristol"."""
    return place_name(name)


def starting(text: str) -> str:
    """The text with a capital, to start a sentence; the rest is unchanged."""
    return text[:1].upper() + text[1:]


def counted(number: int, one: str, many: str | None = None) -> str:
    """A count and its noun: "1 council", "12 councils"."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def has(number: int) -> str:
    return "has" if number == 1 else "have"


def verb(number: int, stem: str) -> str:
    """A regular verb for a number of things: 1 shows, 2 show."""
    return f"{stem}s" if number == 1 else stem


def is_plural_name(name: str) -> bool:
    """Whether a place's name takes a plural verb: only islands that are called so."""
    return name.startswith("Isles of")


def shown(value: float, unit: str, decimals: int) -> str:
    """A value with a proper minus sign, without what it counts."""
    return value_words(value, unit, decimals).replace("-", "\u2212")


def figure(value: float, unit: str, decimals: int) -> str:
    """A value with what it counts: "£17,204", "88.5%", "4.2 per 1,000 people"."""
    words = shown(value, unit, decimals)
    return words if unit in ("%", "£", "score") else f"{words} {unit_after(unit, words)}".rstrip()


def unit_after(unit: str, number: str) -> str:
    """A unit as it stands after a number; in the singular after 1."""
    first, _, rest = unit.partition(" ")
    singular = first.removesuffix("s") if number == "1" and first != "per" else first
    return f"{singular} {rest}".strip()


__all__ = [
    "QUESTIONS",
    "Kind",
    "Sentence",
    "counted",
    "figure",
    "has",
    "in_text",
    "is_plural_name",
    "listed",
    "shown",
    "starting",
    "texts",
    "verb",
]
