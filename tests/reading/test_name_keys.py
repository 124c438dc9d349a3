"""How names are compared: what makes no difference, and what titles leave."""

import pytest

from missions.reading.name_keys import name_key, place_key, shorter, without_joiners


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("  King\u2019s Lynn & West-Norfolk ", "kings lynn and west norfolk"),
        ("St. Helens", "st helens"),
        ("St.Albans", "st albans"),
        ("L.B. Camden", "lb camden"),
        ("Sir Ynys M\u00f4n", "sir ynys mon"),
        ("'&.", "and"),
        ("", ""),
    ],
)
def test_case_accents_and_punctuation_make_no_difference(text: str, key: str) -> None:
    assert name_key(text) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Saint Helens", "st helens"),
        ("N. Yorks", "north yorkshire"),
        ("NE Lincs", "north east lincolnshire"),
        ("Herts", "hertfordshire"),
        ("West Mids", "west midlands"),
        ("King s Lynn", "king s lynn"),
    ],
)
def test_shortened_words_are_the_long_ones(text: str, key: str) -> None:
    assert place_key(text) == key


@pytest.mark.parametrize(
    ("text", "left", "kind"),
    [
        ("London Borough of Barnet", "barnet", "council"),
        ("barking and dagenham london boro", "barking and dagenham", "council"),
        ("Bristol, City of", "bristol", "council"),
        ("St Albans City and District Council", "st albans", "council"),
        ("Council of the Isles of Scilly", "isles of scilly", "council"),
        ("West Yorkshire Combined Authority", "west yorkshire", "combined_authority"),
        ("NHS Frimley Integrated Care Board", "frimley", "integrated_care_board"),
        ("North East region", "north east", "region"),
        ("The Wirral", "wirral", None),
        ("Council", "council", None),
    ],
)
def test_titles_are_taken_off_and_say_what_kind_of_place_it_is(text: str, left: str, kind: str | None) -> None:
    assert list(shorter(place_key(text)))[-1] == (left, kind)


def test_joining_words_are_left_out() -> None:
    assert without_joiners("kingston upon hull and the isle of wight") == "kingston hull isle wight"
