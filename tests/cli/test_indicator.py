"""`missions indicator`: an indicator's definition, and all councils."""

from tests.support.commands import Ask, Marts, records, table


def test_indicator_prints_the_marts(ask: Ask, marts: Marts) -> None:
    found = records(ask("indicator", "fuel_poverty", "--json"))
    values = marts(
        "SELECT authority_code, value FROM indicator_score JOIN dim_authority USING (authority_code) "
        "WHERE indicator_id = 'fuel_poverty' ORDER BY need_rank, authority_name"
    )
    assert [(r["authority_code"], r["value"]) for r in found["authorities"]] == values
    [(effective_weight, skewness)] = marts(
        "SELECT effective_weight, skewness_before FROM dim_indicator JOIN indicator_treatment USING (indicator_id) "
        "WHERE indicator_id = 'fuel_poverty'"
    )
    assert found["indicator"]["effective_weight"] == effective_weight
    assert found["indicator"]["skewness_before"] == skewness
    assert sum(basis["authorities"] for basis in found["coverage"]) == 317
    heading, *rows = table(ask("indicator", "Fuel-Poverty", "--csv"))
    assert [(row[1], float(row[heading.index("value")])) for row in rows] == values
    shown = ask("indicator", "fuel_poverty").stdout
    assert f"({100 * effective_weight:.2f}% of the overall index)" in shown
    assert found["indicator"]["landing_page"] in shown  # not wrapped


def test_indicator_names_the_councils_whose_value_is_not_of_now(ask: Ask, marts: Marts) -> None:
    [(indicator_id, names)] = marts(
        "SELECT indicator_id, list(authority_name ORDER BY authority_name) FROM indicator_score "
        "JOIN dim_authority USING (authority_code) WHERE value_basis = 'estimated' GROUP BY ALL "
        "ORDER BY count(*) DESC, indicator_id LIMIT 1"
    )
    shown = " ".join(ask("indicator", indicator_id).stdout.split())
    assert f"Estimated ({len(names)}): {names[0]}" in shown


def test_every_indicator_is_printed(ask: Ask, marts: Marts) -> None:
    for (indicator_id,) in marts("SELECT DISTINCT ON (unit) indicator_id FROM dim_indicator"):
        result = ask("indicator", indicator_id)
        assert result.exit_code == 0, result.stderr
        assert max(len(line) for line in result.stdout.splitlines() if "http" not in line) <= 80


def test_an_unknown_indicator_names_the_nearest(ask: Ask) -> None:
    result = ask("indicator", "smokng")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "No indicator 'smokng'. Did you mean smoking (Adults who smoke)?\n"
