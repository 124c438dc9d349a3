"""`missions sql`: it prints every kind of value, or reports what it cannot print."""

from tests.support.commands import Ask, Marts, records, table


def test_sql_prints_a_screenful_or_all(ask: Ask, marts: Marts) -> None:
    query = "SELECT authority_code, need_rank FROM marts.composite_index ORDER BY ALL"
    expected = marts(query)
    assert [tuple(record.values()) for record in records(ask("sql", query, "--json"))] == expected
    assert table(ask("sql", query, "--csv"))[1:] == [[code, str(rank)] for code, rank in expected]
    shown = ask("sql", query).stdout
    assert expected[39][0] in shown and expected[40][0] not in shown
    assert shown.endswith("… 277 more rows; use --csv to print all\n")


def test_sql_prints_every_kind_of_value(ask: Ask) -> None:
    query = (
        "SELECT 'nan'::DOUBLE AS a, 1.50::DECIMAL(4, 2) AS b, DATE '2024-01-31' AS c, [1, 2] AS d, NULL AS e, "
        "true AS f, 0.1 + 0.2::DOUBLE AS g, {'h': '[red]£'} AS h"
    )
    expected = {"a": None, "b": 1.5, "c": "2024-01-31", "d": [1, 2], "e": None, "f": True, "g": 0.1 + 0.2}
    assert records(ask("sql", query, "--json")) == [expected | {"h": {"h": "[red]£"}}]
    row = ["nan", "1.50", "2024-01-31", "[1, 2]", "", "true", "0.30000000000000004", '{"h": "[red]£"}']
    assert table(ask("sql", query, "--csv"))[1] == row
    assert '{"h": "[red]£"}' in ask("sql", query).stdout
    assert table(ask("sql", "FROM dim_mission WHERE false", "--csv"))[1:] == []


def test_sql_prints_rows_that_are_too_wide_as_cards(ask: Ask) -> None:
    shown = ask("sql", "FROM dim_indicator LIMIT 1").stdout
    assert "indicator_id " in shown and "effective_weight " in shown and "…" not in shown


def test_sql_says_what_it_cannot_print(ask: Ask) -> None:
    result = ask("sql", "SELECT 1 AS a, 2 AS a", "--json")
    assert (result.exit_code, result.stdout) == (1, "") and "same name" in result.stderr
    result = ask("sql", " ; ")
    assert (result.exit_code, result.stderr) == (2, "There is no SQL to run.\n")
