"""Sentences from the marts: places, counts and ranges for any council, and whether a young reader could follow them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from missions.reading.queries import open_database
from missions.reading.rank_words import ordinal
from missions.reading.sentences import CouncilFacts, brief, council_facts, lead
from missions.reading.sentences.parts import counted, figure

COUNCILS = 317
PLACES = {
    "Bristol, City of": "Bristol (has|ranks) ",
    "City of London": "The City of London (has|ranks) ",
    "Isle of Wight": "The Isle of Wight (has|ranks) ",
    "Isles of Scilly": "The Isles of Scilly (have|rank) ",
    "Newcastle upon Tyne": "Newcastle upon Tyne (has|ranks) ",
}
RANKS = st.integers(1, COUNCILS)
FIGURE = r"[\d,]+(?:st|nd|rd|th)"


def score(rank: int, low: float | None, high: float | None, *, uncertain: bool = False) -> dict[str, object]:
    return {
        "need_rank": rank,
        "rank_percentile_5": low,
        "rank_percentile_95": high,
        "is_too_uncertain_to_place": uncertain,
        "index_id": "composite",
        "index_name": "All missions",
    }


@given(st.tuples(RANKS, RANKS, RANKS).map(sorted), st.sampled_from(sorted(PLACES)), st.booleans())
def test_a_lead_gives_the_rank_with_its_range_or_the_range_alone(places: list[int], name: str, uncertain: bool) -> None:
    low, rank, high = places
    found = lead(name, score(rank, low, high, uncertain=uncertain))
    assert re.match(PLACES[name], found)
    given_places = re.findall(FIGURE, found)
    for place in (low, high) if low != high else ():
        assert ordinal(place) in given_places
    assert f"of {COUNCILS} councils" in found and found.endswith(".")
    if uncertain:
        assert " no single rank" in found
        assert ordinal(rank) not in given_places or rank in (1, low, high)
    else:
        assert rank in (1, COUNCILS) or ordinal(rank) in given_places
        assert (" the highest need" in found) is (rank == 1 or COUNCILS / 2 < rank < COUNCILS)
        assert (" the lowest need" in found) is (rank == COUNCILS)
        assert "no single rank" not in found


VOWELS = re.compile(r"[aeiouy]+")


def grade(text: str) -> float:
    """The Flesch-Kincaid grade: 7 is the reading of a child of about 12. A number is a word of two syllables."""
    sentences = max(1, len(re.findall(r"[.!?](?:\s|$)", text)))
    words = re.findall(r"[A-Za-z']+|\d[\d,.]*\w*", text)
    syllables = sum(2 if word[0].isdigit() else _syllables(word.lower()) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def _syllables(word: str) -> int:
    silent = word.endswith("e") and not word.endswith("le")
    return max(1, len(VOWELS.findall(word)) - silent)


@pytest.fixture(scope="module")
def councils(database: Path) -> Iterator[dict[str, CouncilFacts]]:
    with open_database(database) as connection:
        yield council_facts(connection)


def test_a_reader_of_twelve_can_follow_the_leads(councils: dict[str, CouncilFacts]) -> None:
    assert (
        grade("The cat sat on the mat. It was warm.")
        < 2
        < 12
        < grade("Methodological considerations notwithstanding, statistical interpretation necessitates qualification.")
    )
    # One name for all, as no writer can shorten "Bournemouth, Christchurch and Poole".
    grades = [grade(lead("Leeds", council.overall)) for council in councils.values()]
    assert len(grades) == COUNCILS
    assert sum(grades) / len(grades) < 7.5 and max(grades) < 8.5


def test_every_brief_is_plain_and_complete(councils: dict[str, CouncilFacts]) -> None:
    wrong = re.compile(
        r"\b1 (?:are|have|show|councils|indicators|places)\b|\b[02-9]\d* (?:is|has|shows)\b|None|nan|  |\.\."
    )
    for council in councils.values():
        sentences = brief(council)
        kinds = [sentence.kind for sentence in sentences]
        assert len(kinds) == len(set(kinds)) and set(kinds) >= {"position", "drivers", "basis", "limits"}, council.name
        for sentence in sentences:
            text = sentence.text.replace("None of its", "")
            assert not wrong.search(text), (council.name, sentence.text)
            assert re.match(r"[A-Z\d]", text.strip() or "A") and text.endswith("."), (council.name, sentence.text)
            assert sentence.facts, (council.name, sentence.kind)
        assert sentences[0].text == lead(council.name, council.overall)


def test_the_facts_of_one_council_are_those_of_all(councils: dict[str, CouncilFacts], database: Path) -> None:
    with open_database(database) as connection:
        for code in ("E06000009", "E10000016", "E09000001"):
            assert council_facts(connection, code) == {code: councils[code]}


@given(st.integers(0, 400), st.sampled_from(["council", "indicator"]))
def test_counts_agree_with_their_nouns(number: int, noun: str) -> None:
    assert counted(number, noun) == f"{number} {noun}{'' if number == 1 else 's'}"


@given(st.floats(-1e6, 1e6), st.sampled_from(["%", "£", "per 1,000 people", "years", "score"]), st.integers(0, 2))
def test_figures_have_their_unit_once_and_a_proper_minus(value: float, unit: str, decimals: int) -> None:
    found = figure(value, unit, decimals)
    assert "-" not in found and "  " not in found
    if unit in ("%", "£"):
        assert found.count(unit) == 1 and " " not in found
    number = found.replace("\u2212", "-").replace(",", "").replace("£", "").rstrip("%").split()[0]
    assert float(number) == pytest.approx(value, abs=0.51 * 10**-decimals)
