"""What pages state about themselves for other sites and for citation: description, address, picture, publication."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from missions.errors import UsageError
from missions.publication.folder import DATABASE
from missions.reading.sentences import lead
from missions.site.cards import CARD_SIZE
from missions.site.data import Marts
from missions.site.pages import councils, home, sharing
from missions.site.renderer import Renderer
from missions.site.settings import ADDRESS, CONTACT, Settings, settings_from
from tests.support.pages import Page

ID = "20260102T030405Z-0123abcd"


@pytest.fixture(scope="module")
def shared(publication: Path) -> Renderer:
    """A renderer for a site with an address."""
    marts = Marts(publication / DATABASE)
    marts.labels = replace(marts.labels, publication_id=ID)
    return Renderer(marts, settings=Settings("https://example.org/index/", "a@example.org"))


def test_every_page_has_a_description_and_a_title_of_its_own(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        assert len(page.meta["description"]) > 40, name
        assert page.meta["og:title"] and page.meta["og:description"] == page.meta["description"], name
    described = [page.meta["description"] for name, page in pages.items() if name.startswith("authority/")]
    assert len(described) == len(set(described)) == 317


def test_addresses_are_left_out_unless_the_sites_own_is_set(pages: dict[str, Page], site: Path) -> None:
    for name, page in pages.items():
        assert not {"og:url", "og:image"} & set(page.meta), name
        for dataset in map(json.loads, page.datasets):
            assert "url" not in dataset and dataset["version"], name
    assert not (site / "card").exists()


def test_with_an_address_a_page_names_itself_its_picture_and_its_data(shared: Renderer) -> None:
    blackpool = shared.marts.authority["E06000009"]
    text = dict(councils.council_files(shared, blackpool))[blackpool["page"]]
    assert isinstance(text, str)
    page = Page(text)
    assert page.meta["og:url"] == "https://example.org/index/authority/blackpool.html"
    assert page.meta["og:image"] == "https://example.org/index/card/blackpool.png"
    assert f"https://example.org/index/publication/{ID}/authority/blackpool.html" in page.links
    assert f"Publication {ID} of 2 January 2026" in " ".join("".join(page.text).split())
    front = Page(str(dict(home.files(shared))["index.html"]))
    (dataset,) = map(json.loads, front.datasets)
    assert dataset["url"] == "https://example.org/index/" and dataset["dateModified"] == "2026-01-02"
    assert dataset["distribution"][0]["contentUrl"] == "https://example.org/index/data/index/composite.csv"


def test_each_council_has_a_small_card(shared: Renderer) -> None:
    some = {authority["authority_code"]: authority for authority in shared.marts.authorities[:3]}
    whole = shared.marts.authorities
    shared.marts.authorities = list(some.values())
    try:
        cards = dict(sharing.files(shared))
    finally:
        shared.marts.authorities = whole
    del cards["data/picture.js"]
    assert set(cards) == {"card/index.png", *(authority["card"] for authority in some.values())}
    for name, card in cards.items():
        assert isinstance(card, bytes) and struct.unpack(">II", card[16:24]) == CARD_SIZE, name
        assert len(card) < 20_000, name


def test_a_councils_description_is_its_lead(pages: dict[str, Page], shared: Renderer) -> None:
    for authority in shared.marts.authorities:
        score = shared.marts.scores[authority["authority_code"]]["composite"]
        assert pages[authority["page"]].meta["description"] == lead(authority["authority_name"], score)


@pytest.mark.parametrize("wrong", ["example.org", "ftp://example.org", "https://", "https://example.org/?a=b"])
def test_a_wrong_address_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError, match=ADDRESS):
        settings_from({ADDRESS: wrong})


def test_settings_are_read_from_the_environment() -> None:
    assert settings_from({}) == Settings()
    found = settings_from({ADDRESS: "https://example.org/index", CONTACT: "team@example.org"})
    assert found.absolute("index.html") == "https://example.org/index/"
    assert found.absolute("a/b.html") == "https://example.org/index/a/b.html"
    assert found.contact_link == "mailto:team@example.org"
    with pytest.raises(UsageError, match=CONTACT):
        settings_from({CONTACT: "call us"})
