"""The site's search and the command find the same councils and areas: one matcher, in two languages."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from missions.publication.folder import DATABASE
from missions.reading.lookup import Gazetteer
from missions.reading.queries import open_database
from tests.support.names import CERTAIN, NAMES_IN_USE, NOTHING, SHORT_TITLES, SIMILAR

SEARCH = """
texts => texts.map(text => {
  const { found, words, isSure } = window.missions.find(text);
  // Towns and wards, which another matcher adds, are tested in test_search_places.py.
  const places = found.filter(({ kind }) => kind !== "page" && kind !== "place");
  return { places: places.map(entry => entry.label), words, isSure };
})
"""


@pytest.fixture(scope="module")
def search(search_page: Any) -> Any:
    """What search finds for each of some texts, in a page opened from disk."""
    return lambda texts: dict(zip(texts, search_page.evaluate(SEARCH, list(texts)), strict=True))


def test_every_name_in_use_finds_its_council_first(search: Any) -> None:
    found = search(NAMES_IN_USE)
    assert not {name: found[name] for name, council in NAMES_IN_USE.items() if found[name]["places"][:1] != [council]}


def test_every_council_is_found_with_a_short_title(search: Any) -> None:
    councils = set(NAMES_IN_USE.values())
    found = search([f"{name} {title}" for title in SHORT_TITLES[-3:] for name in councils])
    assert not {text for text, result in found.items() if not text.startswith(result["places"][0])}


def test_both_give_the_same_answers(search: Any, publication: Path) -> None:
    with open_database(publication / DATABASE) as connection:
        places = Gazetteer(connection).places
    found = search([*CERTAIN, *SIMILAR, *NOTHING])
    for text, result in found.items():
        named = [name.place.name for name in places.called(text)] or [place.name for place in places.like(text)]
        # A former council that was split, or a county without a council, has an entry for each council in it.
        assert list(dict.fromkeys(result["places"]))[: len(set(named))] == list(dict.fromkeys(named)), text
        assert bool(result["places"]) == bool(named), text


@pytest.mark.parametrize(
    ("text", "words", "is_sure"),
    [
        ("Wyre Council", "2 results", True),
        ("Blackpol", "No exact match; 1 similar name", False),
        ("BT1 5GS", "BT1 5GS is in Northern Ireland; this index covers English councils only", False),
        ("W06000999", "No results: this index covers English councils only", False),
        ("xyzzy", "No results", False),
        ("", "", True),
    ],
)
def test_search_says_how_sure_it_is(search: Any, text: str, words: str, is_sure: bool) -> None:
    result = search([text])[text]
    assert (result["words"], result["isSure"]) == (words, is_sure)


def test_what_has_no_page_is_shown_with_a_note(browser: Any, site: Path) -> None:
    page = browser.new_page()
    page.goto(f"{site.resolve().as_uri()}/search.html")
    for typed, shown in {
        "West Surrey": "West Surrey is to be a council from 1 April 2027 (proposed or ordered; check the order).",
        "Cardiff": "Cardiff is in Wales; this index covers English councils only",
        "BT1 5GS": "BT1 5GS is in Northern Ireland",
        "Blackpol": "No exact match; 1 similar name",
    }.items():
        page.get_by_role("searchbox").first.fill(typed)
        expect(page.locator(".search .found")).to_contain_text(shown)
    page.close()
