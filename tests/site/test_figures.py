"""The figures on pages equal the marts, for every council, mission, indicator and area."""

import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from missions.publication.folder import DATABASE
from missions.reading.rank_words import ordinal, place_words
from missions.reading.wording import DIRECTION_WORDS, reason_words
from missions.site.data import Marts
from missions.site.pages.about import change_files
from missions.site.pages.councils import council_files
from missions.site.renderer import Renderer
from tests.support.pages import Page, councils, rows, shown, words


def band_shown(row: dict[str, Any]) -> str:
    """The band in a table; none where the place is too uncertain."""
    return "not placed" if row["is_too_uncertain_to_place"] else str(row["need_band"].capitalize())


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
            rank = texts[3].removesuffix("mostly not its own figures").strip()
            low, high = intervals[code, row["mission_id"] or "composite"]
            if row["is_too_uncertain_to_place"]:
                assert rank == f"between {ordinal(low)} and {ordinal(high)}"
            else:
                assert int(rank) == row["need_rank"]
            assert ("mostly not its own figures" in texts[3]) is not row["is_mostly_published"]
            assert texts[4] == f"{low:.0f} to {high:.0f}"
            assert texts[-2] == band_shown(row)
            assert texts[-1] == f"{100 * row['published_share']:.0f}%"
        heading = next(text for kind, text in page.says if kind == "position")
        whole = expected[code][0]
        assert "of 317 councils" in heading
        if whole["is_too_uncertain_to_place"]:
            low, high = intervals[code, "composite"]
            assert f"between {ordinal(low)} and {ordinal(high)}" in heading
        else:
            assert whole["need_rank"] in (1, 317) or ordinal(whole["need_rank"]) in heading


def test_themes_of_every_council(pages: dict[str, Page], marts: duckdb.DuckDBPyConnection) -> None:
    expected: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows(marts, "FROM theme_index JOIN dim_theme USING (theme_id, mission_id)"):
        expected.setdefault(row["authority_code"], {})[row["theme_name"]] = row
    for code, slug in councils(marts).items():
        found = {words(cells[0]): cells for cells in pages[f"authority/{slug}.html"].table("Need by theme")}
        assert set(found) == set(expected[code])
        for name, row in expected[code].items():
            texts = [words(cell) for cell in found[name]]
            assert texts[1] == f"{row['need_score']:.1f}"
            assert texts[3] == ("too uncertain" if row["is_too_uncertain_to_place"] else str(row["need_rank"]))
            assert texts[-2:] == [band_shown(row), f"{100 * row['published_share']:.0f}%"]


def test_figures_of_every_council(pages: dict[str, Page], marts: duckdb.DuckDBPyConnection) -> None:
    benchmarks = {(row["area_code"], row["indicator_id"]): row for row in rows(marts, "FROM indicator_benchmark")}
    england = {row["area_code"] for row in benchmarks.values() if row["area_name"] == "England"}.pop()
    expected: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows(
        marts,
        """
        SELECT score.*, unit, decimals, region_code FROM indicator_score AS score
        JOIN dim_indicator USING (indicator_id) JOIN dim_authority USING (authority_code)
        """,
    ):
        expected.setdefault(row["authority_code"], {})[row["indicator_id"]] = row
    for code, slug in councils(marts).items():
        found = pages[f"authority/{slug}.html"].table("Indicators for")
        assert len(found) == len(expected[code])
        for cells in found:
            id_ = Path(cells[0]["links"][0]).stem
            row = expected[code][id_]
            assert words(cells[1]) == shown(row["value"], row["unit"], row["decimals"]).replace("\u00a0", " ")
            assert ("*" in cells[1]["text"]) is (row["value_basis"] != "published")
            if row["value_lower_95"] is not None:
                ends = (shown(row[f"value_{end}_95"], row["unit"], row["decimals"]) for end in ("lower", "upper"))
                limits = " to ".join(ends)
                assert limits in cells[1]["small"]
            for cell, area in ((cells[2], england), (cells[3], row["region_code"])):
                benchmark = benchmarks.get((area, id_))
                if benchmark is None:
                    assert not words(cell)
                    continue
                assert words(cell) == shown(benchmark["value"], row["unit"], row["decimals"]).replace("\u00a0", " ")
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
            SELECT peer.authority_code, indicator_id, unit, decimals, avg(value) AS value
            FROM authority_peer AS peer
            JOIN indicator_score AS score ON score.authority_code = peer.peer_code
            JOIN dim_indicator USING (indicator_id)
            WHERE peer_model = 'ons_global' GROUP BY ALL
            """,
        )
    }
    close = 0
    for code, slug in councils(marts).items():
        for cells in pages[f"authority/{slug}.html"].table("Indicators for"):
            row = expected[code, Path(cells[0]["links"][0]).stem]
            # The order of addition may change the last digit of a rounded mean.
            near = {
                shown(row["value"] * (1 + step), row["unit"], row["decimals"]).replace("\u00a0", " ")
                for step in (-1e-12, 0, 1e-12)
            }
            assert words(cells[4]) in near
            close += 1
    assert close == 317 * 65


def test_peers_milestones_and_editions(pages: dict[str, Page], marts: duckdb.DuckDBPyConnection) -> None:
    names = {row["authority_code"]: row["authority_name"] for row in rows(marts, "FROM dim_authority")}
    peers: dict[str, list[dict[str, Any]]] = {}
    for row in rows(
        marts,
        """
        SELECT peer.authority_code, peer_code, index.need_rank, need_band, is_too_uncertain_to_place,
            rank_percentile_5, rank_percentile_95, probability_needier_all_sources AS chance
        FROM authority_peer AS peer
        JOIN composite_index AS index ON index.authority_code = peer_code
        JOIN rank_uncertainty AS interval ON interval.authority_code = peer_code AND index_id = 'composite'
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
            assert words(cells[2]) == place_words(row)
            assert words(cells[6]) == band_shown(row)
            assert words(cells[7]) == f"{100 * row['chance']:.0f}%"
        if code in editions:
            first, last = editions[code][0], editions[code][-1]
            cells = page.table("Comparable need scores")[-1]
            assert words(cells[0]).startswith("All that can be compared")
            assert [words(cell) for cell in cells[1:3]] == [
                f"{edition['trend_score']:.1f}".replace("-", "\u2212") for edition in (first, last)
            ]
            assert words(cells[4]) == DIRECTION_WORDS[last["direction"]]
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
            SELECT need_rank, authority_name, need_score, rank_note, is_mostly_published, is_too_uncertain_to_place,
                rank_percentile_5 AS low, rank_percentile_95 AS high
            FROM mission_index JOIN dim_authority USING (authority_code)
            JOIN (SELECT * EXCLUDE (need_rank) FROM rank_uncertainty) USING (authority_code)
            WHERE index_id = mission_id AND mission_id = '{mission["mission_id"]}' ORDER BY need_rank, authority_name
            """,
        )
        found = pages[f"mission/{mission['mission_id']}.html"].table("Need under")
        assert len(found) == len(expected) == 317
        by_name = {row["authority_name"]: row for row in expected}
        assert [by_name[words(cells[1])]["need_rank"] for cells in found] == [row["need_rank"] for row in expected]
        for cells in found:
            row = by_name[words(cells[1])]
            place = f"between {ordinal(row['low'])} and {ordinal(row['high'])}"
            place = place if row["is_too_uncertain_to_place"] else str(row["need_rank"])
            assert (words(cells[0]), cells[0]["small"]) == (place, row["rank_note"] or "")
            assert words(cells[6]) == f"{row['low']:.0f} to {row['high']:.0f}"
            assert words(cells[4]) == f"{row['need_score']:.1f}"
            assert ("mostly not its own figures" in cells[-1]["text"]) is not row["is_mostly_published"]


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
        (found,) = [table["rows"][1:] for table in page.tables if "highest need first" in table["caption"]]
        assert len(found) == len(expected)
        for cells in found:
            row = expected[words(cells[1])]
            assert int(words(cells[0])) == row["need_rank"]
            assert words(cells[3]) == shown(row["value"], unit, indicator["decimals"]).replace("\u00a0", " ")
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
            assert f"{count} {basis.replace('_', ' ')}: {reason_words(reason)}" in text


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
    assert f"{sum(r['in_most_needy_fifth'] for r in regions)} councils make up the 20% with the highest need" in text
    assert f"{top['region_name']} has the largest share of its councils among them" in text
    assert f"{top['in_most_needy_fifth']} of {top['authorities']}" in text
    for region in regions:
        if region["in_most_needy_fifth"] == 0:
            assert re.search(rf"none in [\w ,]*{region['region_name']}", text)


def test_changes_are_told_with_their_cause(database: Path, tmp_path: Path) -> None:
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
    renderer = Renderer(Marts(copy))
    blackpool = next(a for a in renderer.marts.authorities if a["authority_code"] == "E06000009")
    page = Page(dict(council_files(renderer, blackpool))["authority/blackpool.html"])
    found = [[words(cell) for cell in row] for row in page.table("What changed for Blackpool")]
    assert ["All missions", "new period", "130.0", "134.5", "+4.0", "4", "1"] in found
    assert ["All missions", "data revision", "130.0", "134.5", "+0.5", "4", "1"] in found
    figures = [shown(value, "%", 1).replace("\u00a0", " ") for value in (19.5, 20.8)]
    assert ["Adults who smoke", "new period", *figures, "+1.30", "4", "1"] in found
    summary = Page(dict(change_files(renderer))["changes.html"])
    assert [words(cell) for cell in summary.table("Councils by size")[0]] == [
        "Blackpool",
        "4",
        "1",
        "\u22123",
        "data revision, new period",
    ]
    assert "1 of 317 councils have changed rank" in " ".join("".join(summary.text).split())


def test_frameworks_context_and_findings_equal_the_marts(
    pages: dict[str, Page], marts: duckdb.DuckDBPyConnection
) -> None:
    expected = {
        row["authority_name"]: row
        for row in rows(
            marts,
            """
            SELECT authority_name, other_need_rank, rank_change
            FROM framework_comparison JOIN dim_authority USING (authority_code) WHERE index_id = 'composite'
            """,
        )
    }
    found = {words(cells[0]): cells for cells in pages["frameworks.html"].table("Ranks under")}
    assert set(found) == set(expected) and len(found) == 317
    for name, row in expected.items():
        assert int(words(found[name][2])) == row["other_need_rank"]
        assert int(words(found[name][3]).replace("\u2212", "-")) == row["rank_change"]
    for indicator in rows(marts, "FROM dim_context_indicator"):
        page = pages[f"context/{indicator['indicator_id']}.html"]
        newest = rows(
            marts,
            f"""
            SELECT authority_name, value FROM context_value JOIN dim_authority USING (authority_code)
            WHERE indicator_id = '{indicator["indicator_id"]}'
            QUALIFY row_number() OVER (PARTITION BY authority_code ORDER BY period_end_date DESC) = 1
            """,
        )
        values = {words(cells[0]): words(cells[2]) for cells in page.table(indicator["indicator_title"])}
        decimals = (indicator["unit"], indicator["decimals"])
        assert values == {r["authority_name"]: shown(r["value"], *decimals).replace("\u00a0", " ") for r in newest}
        assert indicator["why_left"] in "".join(page.text)
    held = {row["finding"]: row for row in rows(marts, "FROM published_finding")}
    table = pages["findings.html"].table("Findings of 2024")
    assert {words(cells[0]) for cells in table} == set(held)
    for cells in table:
        row = held[words(cells[0])]
        assert words(cells[5]) == ("yes" if row["holds"] else "no")
        assert words(cells[6]) == f"{100 * row['share_of_draws']:.0f}%"
