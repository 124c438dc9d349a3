"""The search finds postcodes, towns, wards and parishes as the command does, with data loaded only when asked for."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from missions.publication.folder import DATABASE
from missions.reading.lookup import Gazetteer
from missions.reading.queries import open_database
from tests.support.pages import Page

# What the search finds for a text, once the data that it asks for are there.
SEARCH = """
async text => {
  const scripts = document.scripts.length;
  let result = window.missions.find(text);
  if (document.scripts.length > scripts) {
    await new Promise(done => document.addEventListener("places", done, { once: true }));
    result = window.missions.find(text);
  }
  return { words: result.words, found: result.found.map(({ label, note, page }) => [label, note, page]) };
}
"""


@pytest.fixture(scope="module")
def search(search_page: Any) -> Any:
    return lambda text: search_page.evaluate(SEARCH, text)


def test_a_postcode_leads_to_its_neighbourhood_and_council(search: Any) -> None:
    for text in ("FY1 1AN", "fy11an"):
        assert search(text)["found"] == [
            [
                "FY1 1AN: Blackpool 006A, North Shore",
                "Blackpool, Claremont ward",
                "authority/blackpool.html",
            ]
        ]


@pytest.mark.parametrize("text", ["FY1", "FY1 1ZZ", "FY1 0ZZ", "BT1 5GS", "EH1 1YZ", "CF10 1EP", "ZZ1 1AA"])
def test_wrong_and_foreign_postcodes_are_told_as_by_the_command(search: Any, publication: Path, text: str) -> None:
    with open_database(publication / DATABASE) as connection:
        assert search(text)["words"] == Gazetteer(connection).meaning(text).note


def test_each_place_finds_its_council_among_the_first_five(search: Any, marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        """
        SELECT place_name, authority_name FROM dim_place JOIN dim_authority USING (authority_code)
        QUALIFY count(DISTINCT authority_code) OVER (PARTITION BY lower(place_name)) <= 2
        ORDER BY place_name, authority_name
        """
    ).fetchall()
    assert len(rows) > 20_000
    lost = []
    for name, council in rows[::250]:
        first = search(name)["found"][:5]
        if not any(council in (label, note.partition(" in ")[2]) for label, note, _ in first):
            lost.append((name, council, first))
    assert not lost


def test_postcode_and_place_files_are_small_and_loaded_by_no_page(site: Path, pages: dict[str, Page]) -> None:
    files = [*(site / "data/postcode").iterdir(), *(site / "data/place").iterdir()]
    assert len(files) > 125 and max(file.stat().st_size for file in files) < 200_000
    assert not any("data/postcode/" in (site / path).read_text(encoding="utf-8") for path in list(pages)[:20])


def test_a_council_names_its_neighbourhoods_and_what_drives_them(site: Path) -> None:
    page = (site / "authority/blackpool.html").read_text(encoding="utf-8")
    assert "Blackpool 010A, Central Blackpool" in page
    assert "Years of potential life lost; Adults with low skills or little English" in page
    listed = (site / "data/authority/blackpool-small-areas.csv").read_text(encoding="utf-8")
    assert '"Blackpool 006A, North Shore",Claremont' in listed
