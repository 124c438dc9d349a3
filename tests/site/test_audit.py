"""The audit on the site: missions, rules with their exceptions, and both frameworks, as in the marts."""

import duckdb
import pytest

from tests.support.pages import Page, words

Marts = duckdb.DuckDBPyConnection


@pytest.fixture(scope="module")
def audit(marts: Marts) -> dict[tuple[str, str], float]:
    return {(n, s): v for n, s, v in marts.execute("select node_id, statistic, value from framework_audit").fetchall()}


def test_every_mission_shows_its_indicators_statistics(
    marts: Marts, pages: dict[str, Page], audit: dict[tuple[str, str], float]
) -> None:
    for (mission,) in marts.execute("select mission_id from dim_mission").fetchall():
        page = pages[f"mission/{mission}.html"]
        alpha, deprivation = (audit[mission, s] for s in ("cronbach_alpha", "rank_correlation_with_imd"))
        text = " ".join(" ".join(page.text).split())
        assert f"alpha of its themes is {alpha:.2f}:" in text
        assert ("they largely measure the same thing" in text) == (alpha >= 0.7)
        assert f"correlate {deprivation:.2f} with the Indices" in text
        expected = marts.execute(
            """
            select indicator_title, indicator_id, string_agg(format('Rule {}: {}', rule_number, exception_reason), ' ')
            from dim_indicator left join framework_audit on indicator_id = node_id and status = 'exception'
            where dim_indicator.mission_id = ? group by all
            """,
            [mission],
        ).fetchall()
        rows = {words(cells[0]): cells for cells in page.table("What the rules look at")}
        assert set(rows) == {title for title, _, _ in expected}
        for title, indicator, reasons in expected:
            cells = [words(cell) for cell in rows[title]]
            figures = [cell.replace("\u2212", "-").replace("+", "") for cell in cells[1:6]]
            assert figures == [
                *(f"{audit[indicator, s]:.2f}" for s in ("correlation_with_rest", "correlation_with_composite")),
                f"{audit[indicator, 'density_correlation']:.2f}",
                f"{audit[indicator, 'reliability']:.2f}",
                f"{audit[indicator, 'age_years']:.1f}",
            ], title
            assert cells[6] == (reasons or "")


def test_the_method_page_lists_every_exception_by_rule(marts: Marts, pages: dict[str, Page]) -> None:
    rows = pages["method.html"].table("Exceptions to the rules")
    assert [[words(cell) for cell in cells[:3]] for cells in rows] == [
        [name, str(rule), reason]
        for name, rule, reason in marts.execute(
            "select node_name, rule_number, exception_reason from framework_audit where status = 'exception' "
            "order by rule_number, node_name"
        ).fetchall()
    ]


def test_both_frameworks_are_side_by_side(marts: Marts, pages: dict[str, Page]) -> None:
    quality = {
        (node, statistic, framework): value
        for framework, node, statistic, value in marts.execute(
            "select framework_id, node_id, statistic, value from framework_quality"
        ).fetchall()
    }
    missions = marts.execute("select mission_id, mission_name from dim_mission").fetchall()
    shown = {
        words(name): [words(cell) for cell in figures]
        for name, *figures in pages["frameworks.html"].table("How well each framework")
    }
    assert shown == {
        name: [
            f"{quality[node, statistic, framework]:.2f}"
            for statistic in ("cronbach_alpha", "rank_correlation_with_imd")
            for framework in ("first", "second")
        ]
        for node, name in [("composite", "All missions"), *missions]
    }
