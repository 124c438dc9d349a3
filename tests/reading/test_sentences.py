"""Sentences from the marts: places, counts and ranges for any council, and whether a young reader could follow them."""

import re

from hypothesis import given
from hypothesis import strategies as st

from missions.reading.rank_words import ordinal
from missions.reading.sentences import lead

COUNCILS = 317
PLACES = {
    "Bristol, City of": "Bristol has",
    "City of London": "The City of London has",
    "Isle of Wight": "The Isle of Wight has",
    "Isles of Scilly": "The Isles of Scilly have",
    "Newcastle upon Tyne": "Newcastle upon Tyne has",
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
    assert found.startswith(PLACES[name])
    given_places = re.findall(FIGURE, found)
    for place in (low, high) if low != high else ():
        assert ordinal(place) in given_places
    assert f"of {COUNCILS} councils" in found and found.endswith(".")
    if uncertain:
        assert " no single rank" in found
        assert ordinal(rank) not in given_places or rank in (1, low, high)
    else:
        first = re.search(rf"ha(?:s|ve) the (?:({FIGURE}) highest|highest|lowest) need", found)
        assert first is not None
        assert first[1] == (None if rank in (1, COUNCILS) else ordinal(rank))
        assert "no single rank" not in found
