"""Sentences from the marts: places, counts and ranges for any council, and whether a young reader could follow them."""

import re

from hypothesis import given
from hypothesis import strategies as st

from missions.reading.rank_words import ordinal
from missions.reading.sentences import lead

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
