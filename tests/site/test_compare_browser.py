"""The page that compares councils, in a real browser: figures, differences, controls and downloads."""

import re

import duckdb
from playwright.sync_api import Page, expect

from missions.reading.wording import value_words
from tests.support.browsing import council, downloaded


def test_compare_shows_and_downloads_the_figures_of_the_marts(
    page: Page, addresses: dict[str, str], marts: duckdb.DuckDBPyConnection
) -> None:
    names = ["Blackpool", "Kent", "City of London", "Isles of Scilly", "Bristol, City of"]
    codes = [council(marts, name) for name in names]
    page.goto(f"{addresses['http']}compare.html#councils={','.join(codes)}")
    cells = marts.execute(
        """
        SELECT indicator_title, authority_code, value, unit, s.need_rank, higher_means, value_basis, decimals
        FROM indicator_score AS s JOIN dim_indicator AS i USING (indicator_id) WHERE list_contains(?, authority_code)
        """,
        [codes],
    ).fetchall()
    table = page.locator("[data-part=figures]")
    shown = table.locator("tbody tr").evaluate_all(
        "rows => rows.map(r => [...r.cells].map(c => c.firstChild.textContent))"
    )
    assert table.locator("thead th").all_inner_texts() == ["Indicator", "England", *names]
    expected = {(title, code): value_words(value, unit, decimals) for title, code, value, unit, *_, decimals in cells}
    assert {(row[0], code): text for row in shown for code, text in zip(codes, row[2:], strict=True)} == expected
    assert page.locator("[data-part=chart] path[class^=c]").count() == 6 * len(names)

    rows = downloaded(page, page.get_by_text("Download scores and figures"))
    assert len(rows) == 5 * (65 + 6)
    by_cell = {(row["indicator_title"], row["authority_code"]): row for row in rows}
    for title, code, value, unit, rank, higher_means, basis, _ in cells:
        row = by_cell[title, code]
        assert (float(row["value"]), int(row["need_rank"]), row["unit"], row["higher_means"]) == (
            value,
            rank,
            unit,
            higher_means,
        )
        assert row["value_basis"] == basis.replace("_", " ")
        assert row["period"]


def test_compare_says_whether_a_difference_is_clear(
    page: Page, addresses: dict[str, str], marts: duckdb.DuckDBPyConnection
) -> None:
    first, other = council(marts, "Blackpool"), council(marts, "Kent")
    page.goto(f"{addresses['disk']}compare.html#councils={first},{other}")
    notes = dict(
        page.locator("[data-part=figures] tbody tr").evaluate_all(
            "rows => rows.map(r => [r.cells[0].firstChild.textContent, r.cells[3].querySelector('small').textContent])"
        )
    )
    cells = marts.execute(
        """
        SELECT indicator_title, higher_means, a.value, a.value_lower_95, a.value_upper_95, b.value, b.value_lower_95,
            b.value_upper_95
        FROM indicator_score AS a JOIN indicator_score AS b USING (indicator_id) JOIN dim_indicator USING (indicator_id)
        WHERE a.authority_code = ? AND b.authority_code = ?
        """,
        [first, other],
    ).fetchall()
    said = set()
    for title, higher, own, own_low, own_high, value, low, high in cells:
        if None in (own_low, own_high, low, high):
            words = "no margin published"
        elif own_low <= high and low <= own_high:
            words = "no clear difference"
        else:
            words = "clearly worse" if (value > own) == (higher == "more_need") else "clearly better"
        assert notes[title].endswith(words), title
        said.add(words)
    assert said >= {"clearly better", "no clear difference", "no margin published"}
    page.locator("[data-fill=neighbours]").click()
    assert page.locator("[data-part=scores] thead th").count() == 6


def test_compare_follows_its_controls_and_keeps_them_in_the_address(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["disk"] + "compare.html")
    expect(page.get_by_role("status").last).to_have_text("Select a council to begin.")
    page.get_by_label("Council 1").select_option(label="Hartlepool")
    page.get_by_label("Council 2").select_option(label="Kent")
    page.locator("summary", has_text="Health").click()
    page.get_by_label("Adults living with obesity").check()
    expect(page).to_have_url(re.compile("#councils=E06000001,E10000016&indicators=adult_obesity$"))
    assert page.locator("[data-part=figures] tbody tr").count() == 1
    again = page.context.new_page()
    again.goto(page.url)
    assert again.locator("[data-part=figures]").inner_text() == page.locator("[data-part=figures]").inner_text()
    again.close()
    page.locator("[data-part=scores] a", has_text="Kent").click()
    expect(page.locator("h1")).to_contain_text("Kent")
