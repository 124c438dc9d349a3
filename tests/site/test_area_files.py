"""A combined authority's files of all councils and indicators, the feed of publications, and search by other words."""

import json
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest
import python_calamine

from missions.site.area_files import COLUMNS
from missions.site.synonyms import SYNONYMS
from tests.support.pages import read_csv, rows

ATOM = "{http://www.w3.org/2005/Atom}"
AREA = "data/combined-authority/greater-manchester-indicators"


def test_a_combined_authority_has_all_its_figures_in_one_file(site: Path, marts: duckdb.DuckDBPyConnection) -> None:
    found = {(row["authority_code"], row["indicator_id"]): row for row in read_csv(site / f"{AREA}.csv")}
    expected = rows(
        marts,
        """
        SELECT s.* FROM indicator_score AS s JOIN dim_authority USING (authority_code)
        WHERE combined_authority_name = 'Greater Manchester'
        """,
    )
    assert len(expected) == len(found) == 10 * 65
    for row in expected:
        shown = found[row["authority_code"], row["indicator_id"]]
        assert float(shown["value"]) == row["value"] and int(shown["need_rank"]) == row["need_rank"]
        assert shown["value_basis"] == row["value_basis"] and shown["higher_means"]


def test_the_workbook_has_the_same_figures_and_explains_them(site: Path) -> None:
    book = python_calamine.CalamineWorkbook.from_path(str(site / f"{AREA}.xlsx"))
    head, *lines = book.get_sheet_by_name("Indicators").to_python()
    assert head == list(COLUMNS)
    written = read_csv(site / f"{AREA}.csv")
    place = head.index("value")
    assert [line[place] for line in lines] == pytest.approx([float(row["value"]) for row in written], rel=1e-15)
    assert [line[0] for line in book.get_sheet_by_name("Columns").to_python()][1 : len(COLUMNS) + 1] == head


def test_the_feed_has_an_entry_for_each_publication(site: Path, publication: Path) -> None:
    feed = ElementTree.parse(site / "feed.xml").getroot()
    entries = feed.findall(f"{ATOM}entry")
    ids = [str(entry.findtext(f"{ATOM}id")).rpartition(":")[2] for entry in entries]
    assert ids == sorted((path.name for path in (publication / "history").iterdir()), reverse=True)
    for element in (feed, *entries):
        assert all(element.findtext(f"{ATOM}{name}") for name in ("id", "title", "updated"))
        assert str(element.findtext(f"{ATOM}updated")).endswith("Z")


def test_search_knows_other_words_for_indicators(site: Path, marts: duckdb.DuckDBPyConnection) -> None:
    assert set(SYNONYMS) <= {row["indicator_id"] for row in rows(marts, "FROM dim_indicator")}
    text = (site / "data/search.js").read_text(encoding="utf-8")
    entries = json.loads(text[text.index("{}, ") + 4 : text.rindex(")")])["search"]
    pages = {(key, page) for _, _, page, _, _, keys, _ in entries for key in keys.split("|")}
    for words, id_ in (
        ("gld", "good_level_of_development"),
        ("neet", "neet_or_not_known_16_17"),
        ("gdhi", "disposable_income_per_head"),
        ("co2", "greenhouse_gas_per_head"),
        ("unemployment", "claimant_count"),
        ("knife crime", "weapons_possession"),
    ):
        assert (words, f"indicator/{id_}.html") in pages, words
