"""Councils and areas are found by every name in use, and what is not a current council is said in words."""

import duckdb
import pytest

from missions.errors import UsageError
from missions.reading.lookup import Gazetteer, find_area, find_authorities
from tests.support.names import CERTAIN, NAMES_IN_USE, NOTHING, SHORT_TITLES, SIMILAR


def test_every_name_in_use_is_found(gazetteer: Gazetteer) -> None:
    assert len(NAMES_IN_USE) > 1000 and len(set(NAMES_IN_USE.values())) == 317
    wrong = []
    for name, council in NAMES_IN_USE.items():
        meaning = gazetteer.meaning(name)
        if (gazetteer.council_names.get(str(meaning.code)), meaning.note) != (council, ""):
            wrong.append((name, meaning))
    assert not wrong


def test_no_two_councils_share_a_name(gazetteer: Gazetteer) -> None:
    """Without titles too; only Newcastle, initials and names of two councils together are ambiguous."""
    own = set(gazetteer.council_names.values()) | set(NAMES_IN_USE)
    shared = {
        key
        for table in (gazetteer.places.full, gazetteer.places.short)
        for key, names in table.items()
        if len({name.place for name in names if name.place.kind == "council" and name.text in own}) > 1
    }
    assert shared == {"newcastle"}


@pytest.mark.parametrize("title", SHORT_TITLES)
def test_every_council_is_found_with_a_short_title(gazetteer: Gazetteer, title: str) -> None:
    names = gazetteer.council_names
    wrong = [name for code, name in names.items() if gazetteer.meaning(f"{name} {title}").code != code]
    assert not wrong


def test_every_code_of_any_vintage_is_known(gazetteer: Gazetteer, connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute("SELECT area_code, list(authority_code) FROM dim_area_code GROUP BY ALL").fetchall()
    assert len(rows) > 350
    for code, councils in rows:
        meaning = gazetteer.meaning(f" {code.lower()} ")
        if len(councils) == 1:
            assert meaning.code == councils[0]
        else:
            assert meaning.code is None and "was split on" in meaning.note
            assert set(meaning.candidates) == {gazetteer.council_names[c] for c in councils}


@pytest.mark.parametrize("text", CERTAIN)
def test_a_certain_match_beats_longer_and_similar_names(gazetteer: Gazetteer, text: str) -> None:
    assert list(dict.fromkeys(name.place.name for name in gazetteer.places.called(text))) == CERTAIN[text]


@pytest.mark.parametrize("text", SIMILAR)
def test_similar_names_are_offered_in_order_and_not_taken(gazetteer: Gazetteer, text: str) -> None:
    meaning = gazetteer.meaning(text)
    assert not gazetteer.places.called(text)
    assert (meaning.kind, meaning.code) == ("unknown", None)
    assert [place.name for place in gazetteer.places.like(text)][: len(SIMILAR[text])] == SIMILAR[text]
    assert meaning.note.startswith(f"No council named {text!r}. Did you mean {meaning.candidates[0]}")


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_far_from_every_name_offers_none(gazetteer: Gazetteer, text: str) -> None:
    meaning = gazetteer.meaning(text)
    assert (meaning.code, meaning.candidates) == (None, ())


@pytest.mark.parametrize(
    ("text", "kind", "note"),
    [
        ("Greater Manchester", "area", "is a combined authority; try `missions rank --combined-authority 'Greater"),
        ("West Midlands", "area", "is a combined authority and a region; try `missions rank --combined-authority"),
        ("E12000001", "area", "'E12000001' is a region; try `missions rank --region 'North East'`"),
        ("Frimley", "area", "is an integrated care board; try `missions rank --board 'NHS Frimley"),
        ("Merseyside", "area", "is a county without a council of its own; try `missions rank --county Merseyside`"),
        ("England", "area", "is the whole country; try `missions rank`"),
        ("Glasgow City", "outside_england", "Glasgow City is in Scotland; this index covers English councils only"),
        ("Scotland", "outside_england", "Scotland is not an English council or area; this index covers"),
        ("S12999999", "outside_england", "'S12999999' is a code of Scotland; this index covers English councils only"),
        ("SW1A 1AA", "postcode", "SW1A 1AA is in Westminster 018"),
        ("Avon", "former_council", "'Avon' was split on 1 April 1996 into: Bath and North East Somerset; Bristol"),
        ("Dorset County Council", "former_council", "was split on 1 April 2019 into: Bournemouth, Christchurch and"),
        ("Hove", "former_council", "Hove has been part of Brighton and Hove since 1 April 1997"),
        ("Shepway", "council", "Shepway was the name of Folkestone and Hythe until 1 April 2018"),
        ("LBH", "unknown", "'LBH' could be: Hackney; Haringey; Harrow; Havering; Hillingdon; Hounslow"),
    ],
)
def test_what_is_not_a_current_council_is_said(gazetteer: Gazetteer, text: str, kind: str, note: str) -> None:
    meaning = gazetteer.meaning(text)
    assert meaning.kind == kind and note in meaning.note


def test_a_coming_council_is_its_known_parts_and_never_a_figure(gazetteer: Gazetteer) -> None:
    west = gazetteer.meaning("West Surrey").note
    assert west == (
        "West Surrey is to be a council from 1 April 2027 (proposed or ordered; check the order). "
        "Its parts: Guildford; Runnymede; Spelthorne; Surrey Heath; Waverley; Woking. It has no figures of its own yet"
    )
    norwich = gazetteer.meaning("Greater Norwich Council").note
    assert "1 April 2028" in norwich and "Parts known here: Broadland (in part or unclear); Norwich;" in norwich
    complete = {part["coming_council_name"] for part in gazetteer.parts if part["is_complete"]}
    assert complete == {"East Surrey", "West Surrey"}


@pytest.mark.parametrize(
    ("kind", "text", "name", "councils"),
    [
        ("combined_authority", "GMCA", "Greater Manchester", 10),
        ("combined_authority", "west midlands", "West Midlands", 7),
        ("combined_authority", "E47000003", "West Yorkshire", 5),
        ("region", "West Midlands", "West Midlands", 33),
        ("county", "Surrey", "Surrey", 12),
        ("county", "Surrey County Council", "Surrey", 12),
        ("county", "Tyne and Wear", "Tyne and Wear", 5),
        ("integrated_care_board", "NHS Black Country", "NHS Black Country Integrated Care Board", 4),
    ],
)
def test_an_area_is_found_among_its_kind(
    connection: duckdb.DuckDBPyConnection, kind: str, text: str, name: str, councils: int
) -> None:
    area = find_area(connection, kind, text)
    assert (area.name, len(area.authority_codes), area.notes) == (name, councils, ())


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("region", "Greater Manchester", "is a combined authority; try `missions rank --combined-authority"),
        ("region", "Scotland", "No region 'Scotland'. Scotland is not an English council or area"),
        ("combined_authority", "Cardiff", "Cardiff is in Wales"),
        ("county", "Wyre", "No county 'Wyre'.\nOptions:\n  Bedfordshire"),
        ("combined_authority", "East", "Did you mean East Midlands"),
    ],
)
def test_another_kind_of_area_is_said(connection: duckdb.DuckDBPyConnection, kind: str, text: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        find_area(connection, kind, text)
    assert said in str(error.value)


def test_words_are_one_council_or_one_each(connection: duckdb.DuckDBPyConnection) -> None:
    assert [found.code for found in find_authorities(connection, ["Wyre", "Forest"])] == ["E07000239"]
    assert [found.code for found in find_authorities(connection, ["Wyre", "Barnet"])] == ["E07000128", "E09000003"]
