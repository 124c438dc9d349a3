"""The explorer without a browser: what its pages and files say, that they hang together, and how they are written."""

import csv
import gzip
import io
import json
import posixpath
import re
import shutil
import threading
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import duckdb
import pytest

from missions.errors import PublicationError
from missions.publication.folder import DATABASE, add_site, verify
from missions.reading.wording import value_words

# Without an end, by the standard or as pages leave it out.
UNENDED = {
    "td",
    "th",
    "tr",
    "meta",
    "link",
    "input",
    "br",
    "img",
    "hr",
    "path",
    "circle",
    "rect",
    "source",
    "wbr",
    "col",
}
DBT_DOCS = "catalogue/index.html"  # dbt's own viewer, not our markup


class Page(HTMLParser):
    """The parts of a page that the tests look at. HTML may leave out the ends of cells and rows; so do the pages."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[dict[str, Any]] = []
        self.headings: list[tuple[int, str]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.styled: list[str] = []
        self.scripts: list[str] = []
        self.meta: dict[str, str] = {}
        self.lang = ""
        self.landmarks: list[str] = []
        self._stack: list[str] = []
        self._cell: dict[str, Any] | None = None
        self._caption = False
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        if "id" in a:
            self.ids.append(a["id"])
        if "style" in a or tag == "style":
            self.styled.append(tag)
        self.styled += [name for name in a if name.startswith("on")]
        if tag == "html":
            self.lang = a.get("lang", "")
        if tag in ("main", "header", "footer", "nav"):
            self.landmarks.append(tag)
        if tag == "a" and "href" in a:
            self.links.append(a["href"])
            if self._cell is not None:
                self._cell["links"].append(a["href"])
        if tag == "form" and "action" in a:
            self.links.append(a["action"])
        if tag in ("script", "img", "iframe", "audio", "video", "source", "embed") and "src" in a:
            self.loaded.append(a["src"])
        if tag == "link":
            self.loaded.append(a.get("href", ""))
        if tag == "script":
            self.scripts.append(a.get("src", ""))
        if tag == "meta":
            self.meta[a.get("name") or a.get("http-equiv") or "charset"] = a.get("content", "")
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))
        if tag == "table":
            self.tables.append({"caption": "", "rows": [], "scopes": []})
        elif self.tables:
            if tag == "tr":
                self.tables[-1]["rows"].append([])
            elif tag in ("td", "th"):
                self._cell = {"tag": tag, "text": "", "small": "", "links": [], "scope": a.get("scope")}
                if tag == "th":
                    self.tables[-1]["scopes"].append(a.get("scope"))
                self.tables[-1]["rows"][-1].append(self._cell)
            elif tag == "caption":
                self._caption = True
        if tag not in UNENDED:
            self._stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._cell = None
        if tag == "caption":
            self._caption = False
        while self._stack and self._stack.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._stack and self._stack[-1] in ("script", "style"):
            if data.strip():
                self.scripts.append(f"inline: {data.strip()[:40]}")
            return
        self.text.append(data)
        if any(re.fullmatch(r"h[1-6]", tag) for tag in self._stack):
            level, words = self.headings[-1]
            self.headings[-1] = (level, words + data)
        if self._caption:
            self.tables[-1]["caption"] += data
        elif self._cell is not None:
            self._cell["small" if "small" in self._stack else "text"] += data

    def table(self, caption: str) -> list[list[dict[str, Any]]]:
        """The rows of the table whose caption begins so, without its head."""
        (found,) = [table for table in self.tables if table["caption"].startswith(caption)]
        return [row for row in found["rows"] if any(cell["scope"] == "row" for cell in row)]


@pytest.fixture(scope="module")
def site(publication: Path) -> Path:
    return publication / "site"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    """Every page by its path in the site."""
    paths = sorted(path.relative_to(site.resolve()).as_posix() for path in site.resolve().rglob("*.html"))
    return {path: Page((site / path).read_text(encoding="utf-8")) for path in paths if path != DBT_DOCS}


@pytest.fixture(scope="module")
def marts(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the published file: the site is made on a connection with other settings."""
    copy = shutil.copy2(database, tmp_path_factory.mktemp("marts") / DATABASE)
    with duckdb.connect(str(copy), read_only=True) as connection:
        connection.execute("USE marts")
        yield connection


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    result = connection.execute(query)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def shown(value: float, unit: str) -> str:
    """A value as pages show it."""
    return value_words(value, unit).replace(" ", "\u00a0").replace("-", "\u2212")


def words(cell: dict[str, Any]) -> str:
    return " ".join(cell["text"].split()).rstrip("*†‡")


def councils(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The name of each council's page by its code."""
    return {
        row["authority_code"]: re.sub(r"[^a-z0-9]+", "-", re.sub(r"[.']", "", row["authority_name"].lower())).strip("-")
        for row in rows(connection, "FROM dim_authority")
    }


# --- Numbers on pages equal the marts ---------------------------------------------------------------------------------


def test_scores_of_every_council(pages: dict[str, Page], marts: duckdb.DuckDBPyConnection) -> None:
    expected: dict[str, list[dict[str, Any]]] = {}
    for row in rows(
        marts,
        """
        SELECT * FROM (
            SELECT 'All missions' AS index_name, * FROM composite_index
            UNION ALL BY NAME
            SELECT mission_name AS index_name, * FROM mission_index JOIN dim_mission USING (mission_id)
        ) ORDER BY index_name <> 'All missions', index_name
        """,
    ):
        expected.setdefault(row["authority_code"], []).append(row)
    intervals = {
        (row["authority_code"], row["index_id"]): (row["rank_percentile_5"], row["rank_percentile_95"])
        for row in rows(marts, "FROM rank_uncertainty")
    }
    for code, slug in councils(marts).items():
        page = pages[f"authority/{slug}.html"]
        found = page.table("Scores and ranks")
        assert len(found) == 6
        for cells, row in zip(found, expected[code], strict=True):
            texts = [words(cell) for cell in cells]
            assert texts[0] == row["index_name"]
            assert texts[1] == f"{row['need_score']:.1f}".replace("-", "\u2212")
            rank = texts[3].removesuffix("mostly not published").strip()
            assert int(rank) == row["need_rank"]
            assert ("mostly not published" in texts[3]) is not row["is_mostly_published"]
            low, high = intervals[code, row["mission_id"] or "composite"]
            assert texts[4] == f"{low:.0f} to {high:.0f}"
            assert texts[-2] == row["need_band"].capitalize()
            assert texts[-1] == f"{100 * row['published_share']:.0f}\u00a0%".replace("\u00a0", " ")
        lead = " ".join("".join(page.text).split())
        assert f"rank {expected[code][0]['need_rank']} of 317" in lead


def test_figures_of_every_council(pages: dict[str, Page], marts: duckdb.DuckDBPyConnection) -> None:
    benchmarks = {(row["area_code"], row["indicator_id"]): row for row in rows(marts, "FROM indicator_benchmark")}
    england = {row["area_code"] for row in benchmarks.values() if row["area_name"] == "England"}.pop()
    expected: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows(
        marts,
        """
        SELECT score.*, unit, region_code FROM indicator_score AS score
        JOIN dim_indicator USING (indicator_id) JOIN dim_authority USING (authority_code)
        """,
    ):
        expected.setdefault(row["authority_code"], {})[row["indicator_id"]] = row
    for code, slug in councils(marts).items():
        found = pages[f"authority/{slug}.html"].table("Indicators of")
        assert len(found) == len(expected[code])
        for cells in found:
            id_ = Path(cells[0]["links"][0]).stem
            row = expected[code][id_]
            assert words(cells[1]) == shown(row["value"], row["unit"]).replace("\u00a0", " ")
            assert ("*" in cells[1]["text"]) is (row["value_basis"] != "published")
            if row["value_lower_95"] is not None:
                limits = f"{shown(row['value_lower_95'], row['unit'])} to {shown(row['value_upper_95'], row['unit'])}"
                assert limits in cells[1]["small"]
            for cell, area in ((cells[2], england), (cells[3], row["region_code"])):
                benchmark = benchmarks.get((area, id_))
                if benchmark is None:
                    assert not words(cell)
                    continue
                assert words(cell) == shown(benchmark["value"], row["unit"]).replace("\u00a0", " ")
                assert ("†" in cell["text"]) is (benchmark["value_basis"] != "published")
                assert ("‡" in cell["text"]) is (benchmark["period_end_date"] != row["period_end_date"])
            assert int(words(cells[5])) == row["need_rank"]
            assert str(row["period_end_date"].year) in words(cells[7])
            basis = words(cells[8])
            assert row["value_basis_reason"] in basis
            assert row["value_basis"] == "published" or basis.startswith(row["value_basis"].replace("_", " "))
            assert cells[9]["links"][0].startswith("https://")


def test_neighbours_mean(pages: dict[str, Page], marts: duckdb.DuckDBPyConnection) -> None:
    expected = {
        (row["authority_code"], row["indicator_id"]): row
        for row in rows(
            marts,
            """
            SELECT peer.authority_code, indicator_id, unit, avg(value) AS value
            FROM authority_peer AS peer
            JOIN indicator_score AS score ON score.authority_code = peer.peer_code
            JOIN dim_indicator USING (indicator_id)
            WHERE peer_model = 'ons_global' GROUP BY ALL
            """,
        )
    }
    close = 0
    for code, slug in councils(marts).items():
        for cells in pages[f"authority/{slug}.html"].table("Indicators of"):
            row = expected[code, Path(cells[0]["links"][0]).stem]
            # The order of adding may move the last digit of a rounded mean.
            near = {shown(row["value"] * (1 + step), row["unit"]).replace("\u00a0", " ") for step in (-1e-12, 0, 1e-12)}
            assert words(cells[4]) in near
            close += 1
    assert close == 317 * 66


def test_peers_milestones_and_editions(pages: dict[str, Page], marts: duckdb.DuckDBPyConnection) -> None:
    names = {row["authority_code"]: row["authority_name"] for row in rows(marts, "FROM dim_authority")}
    peers: dict[str, list[dict[str, Any]]] = {}
    for row in rows(
        marts,
        """
        SELECT peer.authority_code, peer_code, index.need_rank, need_band, probability_needier_all_sources AS chance
        FROM authority_peer AS peer
        JOIN composite_index AS index ON index.authority_code = peer_code
        JOIN rank_comparison AS pair
            ON pair.authority_code = peer.authority_code AND other_authority_code = peer_code
        WHERE peer_model = 'ons_global' ORDER BY peer.authority_code, peer_rank
        """,
    ):
        peers.setdefault(row["authority_code"], []).append(row)
    milestones: dict[str, list[dict[str, Any]]] = {}
    for row in rows(
        marts,
        "FROM milestone_progress JOIN dim_milestone USING (milestone_id) ORDER BY mission_id, milestone_title",
    ):
        milestones.setdefault(row["area_name"], []).append(row)
    editions: dict[str, list[dict[str, Any]]] = {}
    for row in rows(marts, "FROM index_trend WHERE index_id = 'composite' ORDER BY edition"):
        editions.setdefault(row["authority_code"], []).append(row)
    for code, slug in councils(marts).items():
        page = pages[f"authority/{slug}.html"]
        found = page.table(f"Need in {names[code]} and its neighbours")[1:]
        assert [words(cells[0]) for cells in found] == [names[row["peer_code"]] for row in peers[code]]
        for cells, row in zip(found, peers[code], strict=True):
            assert int(words(cells[2])) == row["need_rank"]
            assert words(cells[5]) == row["need_band"].capitalize()
            assert words(cells[6]) == f"{100 * row['chance']:.0f} %"
        if code in editions:
            first, last = editions[code][0], editions[code][-1]
            cells = page.table("Need in editions")[0]
            assert [words(cell) for cell in cells[1:3]] == [
                f"{edition['trend_score']:.1f}".replace("-", "\u2212") for edition in (first, last)
            ]
            assert words(cells[4]) == last["direction"]
        (table,) = [table for table in page.tables if "national milestones" in table["caption"]]
        own = [row for row in table["rows"][1:] if row[0]["scope"] == "rowgroup"]
        assert [words(row[-1]) for row in own] == [row["status"] for row in milestones[names[code]]]


def test_drivers_are_the_largest_contributions(pages: dict[str, Page], marts: duckdb.DuckDBPyConnection) -> None:
    titles = {row["indicator_id"]: row["indicator_title"] for row in rows(marts, "FROM dim_indicator")}
    contributions: dict[str, dict[str, float]] = {}
    for row in rows(marts, "SELECT authority_code, indicator_id, contribution FROM indicator_score"):
        contributions.setdefault(row["authority_code"], {})[titles[row["indicator_id"]]] = row["contribution"]
    for code, slug in councils(marts).items():
        page = pages[f"authority/{slug}.html"]
        own = contributions[code]
        for caption, largest in (("What raises", max), ("What lowers", min)):
            found = page.table(caption)
            assert words(found[0][0]) == largest(own, key=own.__getitem__)
            for cells in found:
                points = float(words(cells[-1]).replace("\u2212", "-"))
                assert points == pytest.approx(10 * own[words(cells[0])], abs=0.05001)


def test_mission_pages_have_every_council_in_order(pages: dict[str, Page], marts: duckdb.DuckDBPyConnection) -> None:
    for mission in rows(marts, "FROM dim_mission"):
        expected = rows(
            marts,
            f"""
            SELECT need_rank, authority_name, need_score, is_mostly_published
            FROM mission_index JOIN dim_authority USING (authority_code)
            WHERE mission_id = '{mission["mission_id"]}' ORDER BY need_rank, authority_name
            """,
        )
        found = pages[f"mission/{mission['mission_id']}.html"].table("Need under")
        assert len(found) == len(expected) == 317
        by_name = {row["authority_name"]: row for row in expected}
        assert [int(words(cells[0])) for cells in found] == [row["need_rank"] for row in expected]
        for cells in found:
            row = by_name[words(cells[1])]
            assert int(words(cells[0])) == row["need_rank"]
            assert words(cells[4]) == f"{row['need_score']:.1f}"
            assert ("mostly not published" in cells[-1]["text"]) is not row["is_mostly_published"]


def test_indicator_pages_have_every_council_and_each_gap(
    pages: dict[str, Page], marts: duckdb.DuckDBPyConnection
) -> None:
    for indicator in rows(marts, "FROM dim_indicator"):
        id_, unit = indicator["indicator_id"], indicator["unit"]
        page = pages[f"indicator/{id_}.html"]
        expected = {
            row["authority_name"]: row
            for row in rows(
                marts,
                f"FROM indicator_score JOIN dim_authority USING (authority_code) WHERE indicator_id = '{id_}'",
            )
        }
        (found,) = [table["rows"][1:] for table in page.tables if "greatest need first" in table["caption"]]
        assert len(found) == len(expected)
        for cells in found:
            row = expected[words(cells[1])]
            assert int(words(cells[0])) == row["need_rank"]
            assert words(cells[3]) == shown(row["value"], unit).replace("\u00a0", " ")
            assert row["value_basis_reason"] in words(cells[-1])
        text = " ".join("".join(page.text).split())
        if indicator["caveat"]:
            assert " ".join(indicator["caveat"].split()) in text
        gaps: dict[tuple[str, str], int] = {}
        for row in expected.values():
            if row["value_basis"] != "published":
                key = (row["value_basis"], row["value_basis_reason"])
                gaps[key] = gaps.get(key, 0) + 1
        for (basis, reason), count in gaps.items():
            assert f"{count} {basis.replace('_', ' ')}: {reason}" in text


def test_area_pages_have_their_summary(pages: dict[str, Page], marts: duckdb.DuckDBPyConnection) -> None:
    for mart, name, folder in (
        ("region_summary", "region_name", "region"),
        ("combined_authority_summary", "combined_authority_name", "combined-authority"),
    ):
        for row in rows(marts, f"FROM {mart} WHERE index_id = 'composite'"):
            page = pages[f"{folder}/{re.sub('[^a-z]+', '-', row[name].lower())}.html"]
            first = next(table["rows"][1] for table in page.tables if "by mission" in table["caption"])
            assert [words(cell) for cell in first][1:3] == [str(row["authorities"]), str(row["in_most_needy_fifth"])]
            assert words(first[-1]) == f"{row['population_weighted_need_score']:.1f}"


def test_regional_picture_is_true(pages: dict[str, Page], marts: duckdb.DuckDBPyConnection) -> None:
    text = " ".join("".join(pages["index.html"].text).split())
    regions = rows(marts, "FROM region_summary WHERE index_id = 'composite'")
    top = max(regions, key=lambda r: r["share_in_most_needy_fifth"])
    assert f"{sum(r['in_most_needy_fifth'] for r in regions)} councils make up the most needy fifth" in text
    assert f"{top['region_name']} has the largest share of its own councils among them" in text
    assert f"{top['in_most_needy_fifth']} of {top['authorities']}" in text
    for region in regions:
        if region["in_most_needy_fifth"] == 0:
            assert re.search(rf"none in [\w ,]*{region['region_name']}", text)


# --- Files beside the pages -------------------------------------------------------------------------------------------


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def same(text: str, value: Any) -> bool:
    if value is None:
        return text == ""
    if isinstance(value, bool):
        return text == str(value).lower()
    if isinstance(value, float):
        return float(text) == value
    return text == (value.isoformat() if isinstance(value, date) else str(value))


def test_council_files_equal_the_marts(site: Path, marts: duckdb.DuckDBPyConnection) -> None:
    scores: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows(marts, "FROM indicator_score JOIN dim_indicator USING (indicator_id, mission_id)"):
        scores.setdefault(row["authority_code"], {})[row["indicator_id"]] = row
    trend: dict[str, list[tuple[Any, ...]]] = {}
    several = "QUALIFY count(*) OVER (PARTITION BY authority_code, indicator_id) > 1"
    for row in rows(marts, f"FROM indicator_value {several}"):
        key = (row["indicator_id"], row["period_start_date"], row["period_end_date"], row["value"], row["value_basis"])
        trend.setdefault(row["authority_code"], []).append(key)
    for code, slug in councils(marts).items():
        found = read_csv(site / f"data/authority/{slug}.csv")
        assert len(found) == 66
        for record in found:
            row = scores[code][record["indicator_id"]]
            assert record["authority_code"] == code
            for name in (
                "value",
                "value_basis",
                "value_basis_reason",
                "need_rank",
                "contribution",
                "unit",
                "higher_means",
                "period_start_date",
                "period_end_date",
                "value_lower_95",
            ):
                assert same(record[name], row[name]), (code, record["indicator_id"], name)
        periods = [
            (
                r["indicator_id"],
                date.fromisoformat(r["period_start_date"]),
                date.fromisoformat(r["period_end_date"]),
                float(r["value"]),
                r["value_basis"],
            )
            for r in read_csv(site / f"data/authority/{slug}-trend.csv")
        ]
        assert sorted(periods) == sorted(trend[code])


def test_index_and_indicator_files_equal_the_marts(site: Path, marts: duckdb.DuckDBPyConnection) -> None:
    for index_id, query in (
        ("composite", "FROM composite_index"),
        *(
            (m, f"FROM mission_index WHERE mission_id = '{m}'")
            for (m,) in marts.execute("SELECT mission_id FROM dim_mission").fetchall()
        ),
    ):
        expected = {row["authority_code"]: row for row in rows(marts, query)}
        found = read_csv(site / f"data/index/{index_id}.csv")
        assert len(found) == 317
        for record in found:
            row = expected[record["authority_code"]]
            for name in ("need_score", "need_z", "need_rank", "need_band", "published_share", "is_mostly_published"):
                assert same(record[name], row[name])
            assert record["higher_means"] == "more_need" and record["value_basis"]
    for (id_,) in marts.execute("SELECT indicator_id FROM dim_indicator").fetchall():
        expected = {
            row["authority_code"]: row for row in rows(marts, f"FROM indicator_score WHERE indicator_id = '{id_}'")
        }
        found = read_csv(site / f"data/indicator/{id_}.csv")
        assert len(found) == 317
        for record in found:
            row = expected[record["authority_code"]]
            for name in ("value", "value_basis", "value_basis_reason", "need_rank", "period_end_date"):
                assert same(record[name], row[name])


def test_every_table_file_says_polarity(site: Path) -> None:
    about_files = {"sources.csv", "corrections.csv", "audit.csv", "sensitivity.csv", "catalogue.csv"}  # not about need
    for path in (site / "data").resolve().rglob("*.csv"):
        with path.open(encoding="utf-8") as file:
            columns = next(csv.reader(file))
        assert path.name in about_files or {"higher_means", "direction"} & set(columns), path


# --- Pages hang together ----------------------------------------------------------------------------------------------


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
            target = beside(name, unquote(parts.path)) if parts.path else name
            assert target in files, f"{name}: {link}"
            if parts.fragment and "=" not in parts.fragment and target in pages:
                assert parts.fragment in pages[target].ids, f"{name}: {link}"


def test_tables_have_their_data_beside_them(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        made_by_script = name in ("compare.html", "what-if.html")  # and so is its file
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
    assert reached == set(pages)


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
    found = {(name, page) for name, _, page, _ in entries}
    assert ("Craven", "authority/north-yorkshire.html") in found
    assert {page for name, page in found if name == "Cumbria"} == {
        "authority/cumberland.html",
        "authority/westmorland-and-furness.html",
    }
    (barnsley,) = [codes for name, _, page, codes in entries if page == "authority/barnsley.html"]
    assert {"E08000016", "E08000038"} <= set(barnsley.split())
    known = " ".join(codes for *_, codes in entries)
    for row in rows(marts, "FROM dim_authority"):
        assert row["authority_code"] in known and row["current_code"] in known
    for row in rows(marts, "FROM dim_area_code WHERE relation = 'merged'"):
        assert any(name == row["area_name"] for name, *_ in entries), row["area_name"]


def test_a_caveat_that_names_a_council_stands_on_its_page(pages: dict[str, Page]) -> None:
    for council, caveat in (
        ("westminster", "the City of London and Westminster are extreme for that reason"),
        ("city-of-london", "the City of London and Westminster are extreme for that reason"),
        ("isles-of-scilly", "The City of London and Scilly have no figure"),
        ("crawley", "probably for Gatwick airport"),
    ):
        assert caveat in " ".join("".join(pages[f"authority/{council}.html"].text).split())
    # North Somerset is not Somerset, and most councils are named nowhere.
    assert "Read with care" not in "".join(pages["authority/adur.html"].text)


# --- Size, names that bite, and how files are written -----------------------------------------------------------------


def test_sizes(site: Path) -> None:
    sizes = {path: path.stat().st_size for path in site.resolve().rglob("*") if path.is_file()}
    assert max(size for path, size in sizes.items() if path.match("site/authority/*.html")) < 150e3
    assert sum(sizes.values()) < 60e6
    # What a council's page needs beside itself.
    shared = ["static/site.css", "static/search.js", "data/search.js"]
    assert sum(len(gzip.compress((site / name).read_bytes())) for name in shared) < 50e3


def test_handwritten_scripts_are_few() -> None:
    import missions.site

    lines = [len(path.read_text(encoding="utf-8").splitlines()) for path in missions.site.STATIC.glob("*.js")]
    assert len(lines) == 5 and sum(lines) < 250


@pytest.fixture(scope="module")
def damaged(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published database with a council whose name is markup, and without what later versions added."""
    folder = tmp_path_factory.mktemp("damaged")
    shutil.copy2(database, folder / DATABASE)
    with duckdb.connect(str(folder / DATABASE)) as connection:
        connection.execute("USE marts")
        connection.execute(
            """UPDATE dim_authority SET authority_name = '<b>&"x', council_name = '<script>alert(1)</script>'
            WHERE authority_code = 'E06000009'"""
        )
        for mart in (
            "rank_uncertainty",
            "rank_explanation",
            "rank_comparison",
            "rank_sensitivity",
            "leave_one_out",
            "index_trend",
            "indicator_trend",
            "milestone_progress",
            "dim_milestone",
            "publication_change",
            "framework_audit",
            "integrated_care_board_summary",
        ):
            connection.execute(f"DROP TABLE IF EXISTS {mart}")
    return folder


@pytest.fixture(scope="module")
def damaged_site(damaged: Path) -> Path:
    from missions.site.folder import build_site

    build_site(damaged, damaged / "site")
    return damaged / "site"


def test_names_are_escaped_and_marts_may_be_missing(damaged_site: Path) -> None:
    found = 0
    for path in damaged_site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert '<b>&"x' not in text and "<script>alert" not in text, path
        found += "&lt;b&gt;&amp;&#34;x" in text
    assert found > 10
    assert (damaged_site / "authority/b-and-x.html").is_file()
    # In a script, text cannot end the script, and JSON cannot end its string.
    search = (damaged_site / "data/search.js").read_text(encoding="utf-8")
    assert json.dumps('<b>&"x')[1:-1] in search


def test_rebuilding_writes_nothing_and_links_what_is_the_same(
    damaged: Path, damaged_site: Path, tmp_path: Path
) -> None:
    from missions.site.folder import build_site

    target = tmp_path / "site"
    shutil.copytree(damaged_site / "authority", target / "authority")
    before = {path: path.stat() for path in (target / "authority").iterdir()}
    (target / "leftover.html").write_text("of an older site")
    changed = target / "authority" / "adur.html"
    changed.write_text("damaged")
    assert build_site(damaged, target, damaged_site) == 0
    for path, was in before.items():
        now = path.stat()
        assert path == changed or (now.st_ino, now.st_mtime_ns) == (was.st_ino, was.st_mtime_ns)
    files = {path.relative_to(target) for path in target.rglob("*") if path.is_file()}
    assert files == {path.relative_to(damaged_site) for path in damaged_site.rglob("*") if path.is_file()}
    for name in files:
        own, other = target / name, damaged_site / name
        assert own.read_bytes() == other.read_bytes()
        assert own.samefile(other) is (own == changed or own not in before)


def test_changes_are_told_with_their_cause(database: Path, tmp_path: Path) -> None:
    from missions.site.councils import council_files
    from missions.site.reference import reference_files

    from missions.site.data import read
    from missions.site.renderer import Renderer

    copy = Path(shutil.copy2(database, tmp_path / DATABASE))
    with duckdb.connect(str(copy)) as connection:
        connection.execute("USE marts")
        # Two causes of the composite, which add up; one figure that is new.
        connection.execute(
            """
            DELETE FROM publication_change WHERE authority_code = 'E06000009' AND index_id = 'composite';
            INSERT INTO publication_change (authority_code, index_id, cause, authority_name, index_kind,
                previous_publication_id, previous_score, new_score, score_change, previous_rank, new_rank, rank_change)
            VALUES
                ('E06000009', 'composite', 'new_period', 'Blackpool', 'composite', 'x', 130.0, 134.5, 4.0, 4, 1, -2),
                ('E06000009', 'composite', 'data_revision', 'Blackpool', 'composite', 'x', 130.0, 134.5, 0.5, 4, 1, -1);
            INSERT INTO publication_change (authority_code, index_id, cause, authority_name, index_kind,
                previous_publication_id, previous_value, new_value, value_change, previous_rank, new_rank)
            VALUES ('E06000009', 'smoking', 'new_period', 'Blackpool', 'indicator', 'x', 19.5, 20.8, 1.3, 4, 1);
            """
        )
    renderer = Renderer(read(copy), "20260101T000000Z-00000000")
    blackpool = next(a for a in renderer.marts.authorities if a["authority_code"] == "E06000009")
    page = Page(dict(council_files(renderer, blackpool))["authority/blackpool.html"])
    found = [[words(cell) for cell in row] for row in page.table("What changed for Blackpool")]
    assert ["All missions", "new period", "130.0", "134.5", "+4.0", "4", "1"] in found
    assert ["All missions", "data revision", "130.0", "134.5", "+0.5", "4", "1"] in found
    assert ["Adults who smoke", "new period", "19.5 %", "20.8 %", "+1.30", "4", "1"] in found
    summary = Page(dict(reference_files(renderer))["changes.html"])
    assert [words(cell) for cell in summary.table("Councils by the size")[0]] == [
        "Blackpool",
        "4",
        "1",
        "\u22123",
        "data revision, new period",
    ]
    assert "1 of 317 councils have another rank" in " ".join("".join(summary.text).split())


def test_pages_hold_no_time_of_building(site: Path, pages: dict[str, Page], publication: Path) -> None:
    id_ = (publication / "current").resolve().name
    holding = {name for name in pages if id_ in "".join(pages[name].text)}
    assert holding <= {"catalogue.html", "changes.html", "method.html"}


def test_a_site_is_part_of_a_whole_publication(publication: Path, site: Path) -> None:
    assert site.is_symlink() and site.resolve().parent == (publication / "current").resolve()
    verify((publication / "current").resolve())


def test_a_failed_site_leaves_the_last_good_one(tmp_path: Path) -> None:
    published = tmp_path / "published"
    first = published / "history" / "20260101T000000Z-00000000"
    first.mkdir(parents=True)
    (published / "current").symlink_to(f"history/{first.name}")

    def write(content: str) -> Callable[[Path, Path, Path | None], int]:
        def fill(folder: Path, target: Path, previous: Path | None) -> int:
            target.mkdir()
            (target / "index.html").write_text(content)
            if content == "bad":
                raise ValueError("half-way")
            return 1

        return fill

    add_site(published, write("good"))
    second = published / "history" / "20260102T000000Z-00000000"
    second.mkdir()
    (published / "current").unlink()
    (published / "current").symlink_to(f"history/{second.name}")
    with pytest.raises(ValueError):
        add_site(published, write("bad"))
    assert (published / "site" / "index.html").read_text() == "good"
    assert sorted(path.name for path in (published / "history").iterdir()) == [first.name, second.name]
    add_site(published, write("better"))
    add_site(published, write("best"))
    assert (published / "site").resolve() == second / "site"
    assert (published / "site" / "index.html").read_text() == "best"
    with pytest.raises(PublicationError, match="no publication"):
        (tmp_path / "nothing").mkdir()
        add_site(tmp_path / "nothing", write("good"))


# --- The commands -----------------------------------------------------------------------------------------------------


def test_explore_serves_the_site(site: Path) -> None:
    from missions.site.serve import server_of

    with server_of(site, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/authority/blackpool.html") as answer:
                assert answer.status == 200 and b"Blackpool" in answer.read()
                assert answer.headers["Content-Type"].startswith("text/html")
        finally:
            server.shutdown()
            thread.join()


def test_explore_and_report_say_what_is_missing(missions: Callable[..., Any], tmp_path: Path, site: Path) -> None:
    nothing = missions("explore", MISSIONS_PUBLISHED=str(tmp_path))
    assert nothing.returncode == 1 and "there is no site yet" in nothing.stderr
    none = missions("report", "Blackpool", PATH=str(tmp_path), CHROME="")
    assert none.returncode == 1 and "none was found" in none.stderr
    wrong = missions("report", "Blackpool", CHROME=str(tmp_path / "chrome"))
    assert wrong.returncode == 1 and "CHROME names" in wrong.stderr
    unknown = missions("report", "Blakpool")
    assert unknown.returncode == 2 and "Blackpool" in unknown.stderr
