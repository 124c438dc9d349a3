"""Markup of the pages: working links, nothing loaded from elsewhere, accessible structure, complete search."""

import json
import posixpath
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb

from missions.site.pages.about_site import MISSING, PRUNED
from tests.support.pages import Page, rows

OLD_ADDRESSES = {"catalogue/index.html"}  # no longer linked; they redirect
SENT_BY_SERVERS = {MISSING, PRUNED}


def beside(page: str, address: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), address))


def test_links_lead_somewhere(site: Path, pages: dict[str, Page]) -> None:
    root = site.resolve()
    files = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    for name, page in pages.items():
        for link in {*page.links, *page.loaded}:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            # Only the page of missing pages has addresses from the root, as servers send it for any address.
            path = parts.path.lstrip("/") if name == MISSING else parts.path
            target = beside(name, unquote(path)) if path else name
            if target.startswith("../"):  # a file of the publication, beside the site
                assert name == "download.html" and (root.parent / target[3:]).is_file(), link
                continue
            assert target in files, f"{name}: {link}"
            if parts.fragment and "=" not in parts.fragment and target in pages:
                assert parts.fragment in pages[target].ids, f"{name}: {link}"


def test_tables_have_their_data_beside_them(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        made_by_script = name in ("compare.html", "what-if.html")  # and so is its CSV file
        assert made_by_script or not page.tables or any(link.endswith(".csv") for link in page.links), name


def test_every_page_can_be_reached(pages: dict[str, Page]) -> None:
    reached, new = set(), {"index.html"}
    while new:
        reached |= new
        new = {
            beside(name, urlsplit(link).path)
            for name in new
            for link in pages[name].links
            if not urlsplit(link).scheme and urlsplit(link).path
        }
        new = {name for name in new if name in pages} - reached
    assert reached == set(pages) - OLD_ADDRESSES - SENT_BY_SERVERS


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        for address in page.loaded:
            assert urlsplit(address).scheme in ("", "data") and not address.startswith("//"), f"{name}: {address}"
        policy = page.meta["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
    for path in (site / "static").resolve().glob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(https?:)?//", path.read_text(encoding="utf-8")), path
    for link in {link for page in pages.values() for link in page.links if urlsplit(link).scheme}:
        assert link.startswith("https://"), link


def test_no_script_or_style_inside_pages(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        assert not page.styled, name
        assert not [script for script in page.scripts if not script or script.startswith("inline")], name


def test_pages_are_marked_up_for_everyone(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        assert page.lang == "en-GB", name
        assert {"main", "header", "footer", "nav"} <= set(page.landmarks), name
        assert page.links[0] == "#main" and "main" in page.ids, name
        levels = [level for level, _ in page.headings]
        assert levels[0] == 1 and levels.count(1) == 1, name
        assert all(after <= before + 1 for before, after in pairwise(levels)), (name, levels)
        assert all(text.strip() for _, text in page.headings), name
        assert len(page.ids) == len(set(page.ids)), name
        for table in page.tables:
            assert table["caption"].strip(), name
            assert all(scope in ("col", "row", "rowgroup", "colgroup") for scope in table["scopes"]), name


def test_search_knows_codes_and_former_names(site: Path, marts: duckdb.DuckDBPyConnection) -> None:
    text = (site / "data/search.js").read_text(encoding="utf-8")
    entries = json.loads(text[text.index("{}, ") + 4 : text.rindex(")")])["search"]
    found = {(name, page) for name, _, page, *_ in entries}
    assert ("Craven", "authority/north-yorkshire.html") in found
    assert {page for name, page in found if name == "Cumbria"} == {
        "authority/cumberland.html",
        "authority/westmorland-and-furness.html",
    }
    (barnsley,) = [codes for name, _, page, _, codes, *_ in entries if page == "authority/barnsley.html"]
    assert {"E08000016", "E08000038"} <= set(barnsley.split())
    known = " ".join(entry[4] for entry in entries)
    for row in rows(marts, "FROM dim_authority"):
        assert row["authority_code"] in known and row["current_code"] in known
    for row in rows(marts, "FROM dim_area_code WHERE relation = 'merged'"):
        assert any(name == row["area_name"] for name, *_ in entries), row["area_name"]


def test_a_caveat_that_names_a_council_is_on_its_page(pages: dict[str, Page]) -> None:
    for council, caveat in (
        ("westminster", "so Westminster and the City of London look high"),
        ("city-of-london", "so Westminster and the City of London look high"),
        ("isles-of-scilly", "The City of London and the Isles of Scilly have fewer than 20 pupils each"),
        ("crawley", "Crawley (Gatwick airport) look high"),
    ):
        assert caveat in " ".join("".join(pages[f"authority/{council}.html"].text).split())
    # Most councils are not named in any caveat.
    assert "Caveats" not in "".join(pages["authority/adur.html"].text)
