"""The rules of the audit: each statistic against NumPy, every exception needed, and each rule broken once."""

import re
import shutil
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.support.audit import Numbers
from tests.support.dbt_runs import dbt_on
from tests.support.framework import INDICATORS, MISSIONS, THEMES

SEEDS = ROOT / "seeds"
STABILITY = ("largest_rank_change", "median_rank_change", "rank_correlation")
EXCEPTIONS = SEEDS / "framework/second/audit_exception.csv"


@pytest.fixture(scope="module")
def audit(marts: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return marts.execute("from framework_audit").df()


@pytest.fixture(scope="module")
def values(audit: pd.DataFrame) -> pd.DataFrame:
    """A row per node, a column per statistic."""
    return audit.pivot(index="node_id", columns="statistic", values="value")


def same(found: pd.Series, expected: pd.Series, near: float = 1e-9) -> None:
    """Both have the same nodes and values."""
    expected = expected.dropna().sort_index()
    found = found.dropna().sort_index()
    assert list(found.index) == list(expected.index)
    assert np.abs(found.to_numpy(float) - expected.to_numpy(float)).max() < near


# --- The statistics ---------------------------------------------------------------------------------------------------


def test_policy_origin_age_and_number(
    marts: duckdb.DuckDBPyConnection, warehouse: duckdb.DuckDBPyConnection, values: pd.DataFrame
) -> None:
    rationale = pd.read_csv(SEEDS / "framework/indicator_rationale.csv").set_index("indicator_id")
    assert list(rationale.index) == INDICATORS, "in the order of the framework"
    same(values["policy_basis"], rationale["policy_basis"].map({"named_measure": 2.0, "accepted_proxy": 1.0}))
    cells = marts.execute(
        "select indicator_id, value_basis from indicator_score join dim_authority using (authority_code) "
        "where is_in_reference_set"
    ).df()
    basis = cells.pivot_table(index="indicator_id", columns="value_basis", aggfunc="size", fill_value=0) / 296
    same(values["own_figure_share"], basis["published"])
    same(values["published_origin_share"], 1 - basis["modelled"] - basis["estimated"])
    age = warehouse.execute(
        """
        select indicator_id, date_diff('day', max(latest_period_end_date), max(snapshot_date)) / 365.25 as age
        from marts.dim_indicator
        join raw.indicator_measure as measure using (indicator_id)
        join raw.source_file as file on file.source_id = measure.source_id
        group by indicator_id
        """
    ).df()
    same(values["age_years"], age.set_index("indicator_id")["age"])
    sizes = marts.execute("select theme_id, count(*) as n from dim_indicator group by all").df()
    same(values["indicators"], sizes.set_index("theme_id")["n"])
    assert set(sizes["theme_id"]) == set(THEMES)


def test_correlations_with_density_and_with_each_other(
    marts: duckdb.DuckDBPyConnection, scores: pd.DataFrame, values: pd.DataFrame
) -> None:
    density = marts.execute(
        "select authority_code, ln(value) as density from authority_structure where variable_id = 'density'"
    ).df()
    leaves = scores[INDICATORS]
    same(values["density_correlation"], leaves.corrwith(density.set_index("authority_code")["density"]))
    r = leaves.corr().abs().to_numpy() - 2 * np.eye(len(INDICATORS))
    order = list(leaves.columns)
    same(values["closest_correlation"], pd.Series(r.max(axis=1), order))
    frame = marts.execute("select indicator_id, mission_id, weight from dim_indicator").df().set_index("indicator_id")
    mission, full = frame.loc[order, "mission_id"].to_numpy(), frame.loc[order, "weight"].to_numpy() > 0.5
    counts = (mission[:, None] == mission[None, :]) & full[:, None] & full[None, :]
    close = pd.Series(np.where(counts, r, -1).max(axis=1), order)
    same(values["close_pair_correlation"], close[close >= 0])


def byar(events: Numbers, sign: int) -> Numbers:
    """Limits of a Poisson count."""
    n = events + (sign > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.nan_to_num(n * (1 - 1 / (9 * n) + sign * 1.96 / (3 * np.sqrt(n))) ** 3), dtype=float)


def test_reliability_from_limits(warehouse: duckdb.DuckDBPyConnection, values: pd.DataFrame) -> None:
    """Published limits, and those of a count; half of an indicator's own figures must have either."""
    rows = warehouse.execute(
        """
        select indicator_id, errors.value, lower_95, upper_95, sampling_error, events, sampling_sd_above
        from intermediate.int_cell_errors as errors
        join intermediate.int_cells using (authority_code, indicator_id)
        join intermediate.int_authorities using (authority_code)
        where is_in_reference_set and errors.value_basis = 'published'
        """
    ).df()
    expected = {}
    for indicator in INDICATORS:
        own = rows[rows["indicator_id"] == indicator]
        stated = own[own["sampling_error"] != "not stated"]
        if len(stated) < len(own) / 2 or not len(own):
            continue
        none = stated[:0]
        value, lower, upper = (stated[c].to_numpy(float) for c in ("value", "lower_95", "upper_95"))
        if "count" in set(stated["sampling_error"]):
            # Without an event the figure does not tell what it is a rate of: take the error as it is.
            none = stated[stated["events"] == 0]
            stated = stated[stated["events"] > 0]
            value, events = stated["value"].to_numpy(float), stated["events"].to_numpy(float)
            lower, upper = byar(events, -1) * value / events, byar(events, 1) * value / events
        below, above = np.clip(value - lower, 0, None) / 1.96, np.clip(upper - value, 0, None) / 1.96
        variances = np.concatenate([(below**2 + above**2) / 2, none["sampling_sd_above"].to_numpy(float) ** 2 / 2])
        figures = np.concatenate([value, none["value"].to_numpy(float)])
        expected[indicator] = 1 - variances.mean() / figures.var(ddof=1)
    same(values["reliability_from_limits"], pd.Series(expected), near=1e-6)


def test_reliability_from_other_evidence(
    marts: duckdb.DuckDBPyConnection, warehouse: duckdb.DuckDBPyConnection, scores: pd.DataFrame, values: pd.DataFrame
) -> None:
    series = warehouse.execute(
        """
        select indicator_id, area_code, value, period_end_date from intermediate.int_comparable_figures
        join intermediate.int_authorities on area_code = authority_code
        where is_in_reference_set and is_own_series and is_separate_period
        """
    ).df()
    lags = {}
    for indicator in INDICATORS:
        wide = series[series["indicator_id"] == indicator].pivot(
            index="area_code", columns="period_end_date", values="value"
        )
        earlier = [end for end in wide if (wide.columns.max() - end).days >= 330]
        if earlier:
            both = wide[[max(earlier), wide.columns.max()]].dropna().round(9).rank()
            lags[indicator] = both.corr().iloc[0, 1]
    same(values["lag_correlation"], pd.Series(lags))
    county = marts.execute("select authority_code, county_code from dim_authority where tier = 'lower'").df()
    districts = scores[INDICATORS].merge(county.set_index("authority_code"), left_index=True, right_index=True)
    z, of = districts[INDICATORS], districts["county_code"]
    within = ((z - z.groupby(of).transform("mean")) ** 2).sum() / ((z - z.mean()) ** 2).sum()
    same(values["within_county_share"], within)
    collection = pd.read_csv(SEEDS / "framework/indicator_rationale.csv").set_index("indicator_id")["collection"]
    best = values.loc[INDICATORS, "reliability_from_limits"].fillna(values["lag_correlation"])
    best = best.fillna(collection.map({"full_coverage": 1.0})).fillna(1 - within)
    same(values["reliability"], best)


def test_agreement_with_the_indices_of_deprivation(
    marts: duckdb.DuckDBPyConnection, scores: pd.DataFrame, values: pd.DataFrame
) -> None:
    """Spearman's correlation under both frameworks, by mission and domain."""
    domains = pd.read_csv(SEEDS / "small_areas/mhclg_deprivation_domain.csv").pivot(
        index="authority_code", columns="domain_id", values="average_score"
    )
    assert set(domains.index) == set(scores.index)
    first = marts.execute(
        "select authority_code, index_id, other_need_score from framework_comparison where other_framework_id = 'first'"
    ).df()
    of_first = first.pivot(index="authority_code", columns="index_id", values="other_need_score").loc[scores.index]
    quality = marts.execute("from framework_quality").df().set_index(["framework_id", "node_id", "statistic"])["value"]
    for framework, index in (("second", scores), ("first", of_first)):
        for node in ("composite", *MISSIONS):
            for domain in domains:
                expected = index[node].round(9).rank().corr(domains[domain].rank())
                statistic = f"rank_correlation_with_{domain}"
                assert quality[framework, node, statistic] == pytest.approx(expected, abs=1e-9)
                if framework == "second":
                    assert values.loc[node, statistic] == pytest.approx(expected, abs=1e-9)


# --- One indicator less -----------------------------------------------------------------------------------------------


def ranks(scores: Numbers) -> Numbers:
    """1 for the highest; ties share the lower number, to nine decimals."""
    rounded = np.round(scores, 9)
    return np.array([1 + (rounded > one).sum() for one in rounded], dtype=float)


def stability(before: Numbers, after: Numbers) -> tuple[float, float, float]:
    moved = np.abs(after - before)
    return float(moved.max()), float(np.median(moved)), float(np.corrcoef(before, after)[0, 1])


def test_ranks_without_one_indicator_in_the_framework_in_force(
    marts: duckdb.DuckDBPyConnection, values: pd.DataFrame
) -> None:
    """leave_one_out has the same by another way: the models of the draws."""
    without = marts.execute("select indicator_id, composite_need_rank, composite_rank_without from leave_one_out").df()
    for indicator, rows in without.groupby("indicator_id"):
        expected = stability(
            rows["composite_need_rank"].to_numpy(float), rows["composite_rank_without"].to_numpy(float)
        )
        for name, value in zip(
            ("largest_rank_change", "median_rank_change", "rank_correlation"), expected, strict=True
        ):
            assert values.loc[indicator, f"{name}_without"] == pytest.approx(value, abs=1e-9), (indicator, name)


def test_ranks_without_one_indicator_before_and_after(
    marts: duckdb.DuckDBPyConnection, warehouse: duckdb.DuckDBPyConnection
) -> None:
    """The first framework scored again without each of its indicators, in NumPy: two levels, no themes."""
    quality = marts.execute("from framework_quality").df().set_index(["framework_id", "statistic", "node_id"])["value"]
    nodes = marts.execute("select * from other_framework_node where framework_id = 'first' and is_leaf").df()
    units = warehouse.execute("select authority_code, is_in_reference_set from intermediate.int_authorities").df()
    leaves = warehouse.execute(
        "select unit_id, node_id, score from intermediate.int_node_scores where is_leaf and node_id like 'first.%'"
    ).df()
    z = leaves.pivot(index="unit_id", columns="node_id", values="score").loc[units["authority_code"]]
    z.columns = [name.removeprefix("first.") for name in z]
    inside = units["is_in_reference_set"].to_numpy()

    def standardised(x: Numbers) -> Numbers:
        return np.asarray((x - x[inside].mean()) / x[inside].std(ddof=1), dtype=float)

    def composite(left_out: str | None) -> Numbers:
        kept = nodes[nodes["node_id"] != left_out]
        means = [
            standardised(z[list(some["node_id"])].to_numpy() @ some["weight"].to_numpy() / some["weight"].sum())
            for _, some in kept.groupby("parent_id")
        ]
        return standardised(np.mean(means, axis=0))

    before = ranks(composite(None))
    results = np.array([stability(before, ranks(composite(node))) for node in nodes["node_id"]])
    assert quality["first", "largest_rank_change_without", "composite"] == results[:, 0].max()
    assert quality["first", "median_rank_change_without", "composite"] == np.median(results[:, 1])
    assert quality["first", "least_rank_correlation_without", "composite"] == pytest.approx(
        results[:, 2].min(), abs=1e-9
    )
    audit = marts.execute("from framework_audit where is_indicator").df()
    values = audit.pivot(index="node_id", columns="statistic", values="value")
    second = quality["second"]
    assert second["largest_rank_change_without", "composite"] == values["largest_rank_change_without"].max()
    assert second["median_rank_change_without", "composite"] == values["median_rank_change_without"].median()
    assert second["least_rank_correlation_without", "composite"] == values["rank_correlation_without"].min()


# --- The rules --------------------------------------------------------------------------------------------------------


def test_rules_are_kept_but_for_dated_exceptions(audit: pd.DataFrame) -> None:
    """Every rule with its bound, by hand; each exception is needed, names its policy and is shown."""
    bounds = {
        "policy_basis": (1, 1, None),
        "closest_correlation": (2, None, 0.995),
        "published_origin_share": (3, 0.95, None),
        "reliability": (4, 0.7, None),
        "age_years": (5, None, 3),
        "density_correlation": (6, -0.85, 0.85),
        "close_pair_correlation": (7, None, 0.9),
        "correlation_with_rest": (8, 0, None),
        "indicators": (9, 2, None),
    }
    ruled = audit[audit["rule_number"].notna()]
    assert set(ruled["statistic"]) == set(bounds)
    pooled = set(pd.read_csv(SEEDS / "framework/indicator.csv").query("pooled_years > 1")["indicator_id"])
    for row in ruled.itertuples():
        number, lower, upper = bounds[row.statistic]
        assert row.rule_number == number
        if row.statistic == "reliability" and np.isnan(row.lower_bound):
            lower = None
            pooled.discard(row.node_id)
        elif row.statistic == "correlation_with_rest" and not row.is_indicator:
            lower = pytest.approx(-1.96 / np.sqrt(296))
        assert (None if np.isnan(row.lower_bound) else row.lower_bound) == lower, row
        assert (None if np.isnan(row.upper_bound) else row.upper_bound) == upper, row
    assert not pooled & set(INDICATORS), "a mean over years needs no reliability of its own"
    broken = (ruled["value"] < ruled["lower_bound"]) | (ruled["value"] > ruled["upper_bound"])
    assert set(ruled[broken]["status"]) == {"exception"}
    assert not set(ruled[~broken]["status"]) - {"within_bound", "no_bound"}
    stated = pd.read_csv(EXCEPTIONS)
    keys = ["node_id", "statistic"]
    assert set(ruled[broken][keys].itertuples(index=False)) == set(stated[keys].itertuples(index=False))
    documents = set(pd.read_csv(SEEDS / "framework/indicator_rationale.csv")["policy_document"])
    for row in stated.itertuples():
        assert any(document in row.policy_reason for document in documents), row.policy_reason
        assert date.fromisoformat(row.noted_date) <= date.today()


def blocking_test(warehouse: Path) -> dict[tuple[str, str], str]:
    """What assert_framework_holds_together finds in a warehouse, as dbt would run it."""
    sql = (ROOT / "dbt_project/tests/assert_framework_holds_together.sql").read_text(encoding="utf-8")
    schemas = {"int": "intermediate", "stg": "staging"}

    def relation(match: re.Match[str]) -> str:
        return f"{schemas.get(match[1].split('_')[0], 'marts')}.{match[1]}"

    sql = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", relation, re.sub(r"\{\{ config.*?\}\}\n", "", sql))
    sql = sql.replace("{{ var('audit_close_weight') }}", "0.5")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {(node, statistic): problem for node, statistic, problem in connection.execute(sql).fetchall()}


# Damage that breaks each rule once, on an indicator or theme of its own, and what the blocking test must find of it.
BREAKS = {
    1: ("delete from raw.indicator_rationale where indicator_id = 'shoplifting'", {("shoplifting", "policy_basis")}),
    2: (
        """
        update intermediate.int_node_scores set score = -other.score
        from (select unit_id, score from intermediate.int_node_scores where node_id = 'smoking') as other
        where int_node_scores.unit_id = other.unit_id and node_id = 'life_expectancy_male'
        """,
        {("smoking", "closest_correlation"), ("life_expectancy_male", "closest_correlation")},
    ),
    3: (
        "update intermediate.int_cells set value_basis = 'estimated' where indicator_id = 'persistent_absence'",
        {("persistent_absence", "published_origin_share")},
    ),
    4: (
        "update intermediate.int_cell_errors set sampling_sd_below = 4, sampling_sd_above = 4 "
        "where indicator_id = 'year_6_obesity'",
        {("year_6_obesity", "reliability")},
    ),
    5: (
        "update intermediate.int_indicator_windows set latest_period_end_date = date '2023-06-30' "
        "where indicator_id = 'public_ev_chargers'",
        {("public_ev_chargers", "age_years")},
    ),
    6: (
        """
        update intermediate.int_node_scores set score = ln(density_per_km2) from raw.population
        where unit_id = area_code and year = 2024 and node_id = 'families_in_temporary_accommodation'
        """,
        {("families_in_temporary_accommodation", "density_correlation")},
    ),
    7: (
        "update intermediate.int_authority_nodes set weight = 1 where node_id like 'healthy_life_expectancy_%'",
        {
            ("healthy_life_expectancy_male", "close_pair_correlation"),
            ("healthy_life_expectancy_female", "close_pair_correlation"),
        },
    ),
    8: (
        "update intermediate.int_node_scores set score = -score where node_id = 'robbery'",
        {("robbery", "correlation_with_rest")},
    ),
    9: (
        "update intermediate.int_authority_nodes set parent_id = 'prevention' where node_id = 'depression'",
        {("mental_health", "indicators")},
    ),
}
# Exceptions that are missing, needless, about nothing, about no rule, or that only describe.
FAULTY_EXCEPTIONS = (
    """
    delete from raw.second_audit_exception where node_id = 'adult_skills';
    update raw.second_audit_exception set bound = 0.8 where statistic = 'reliability';
    update raw.second_audit_exception set policy_reason = 'GPs and hospital waits do not go together.'
        where node_id = 'patients_per_gp';
    insert into raw.second_audit_exception (node_id, statistic, bound, noted_date, policy_reason) values
        ('child_poverty', 'age_years', 5, date '2026-11-25', 'Plan for Change'),
        ('gone', 'age_years', 5, date '2026-11-25', 'Plan for Change'),
        ('child_poverty', 'alpha_without', 0, date '2026-11-25', 'Plan for Change');
    """,
    {
        ("adult_skills", "age_years"),
        ("smoking", "reliability"),
        ("patients_per_gp", "correlation_with_rest"),
        ("child_poverty", "age_years"),
        ("gone", "age_years"),
        ("child_poverty", "alpha_without"),
    },
)


@pytest.mark.slow
def test_each_broken_rule_and_faulty_exception_stops_the_run(database: Path, home: Path, tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy2(home / "build/warehouse.duckdb", warehouse)
    assert blocking_test(warehouse) == {}
    with duckdb.connect(str(warehouse)) as connection:
        for damage, _ in (*BREAKS.values(), FAULTY_EXCEPTIONS):
            connection.execute(damage)
    result = dbt_on(warehouse, home, "run", "--select", "int_audit_correlations+", "int_audit_reliability+")
    assert result.returncode == 0, result.stdout
    found = blocking_test(warehouse)
    for number, (_, expected) in BREAKS.items():
        assert expected <= found.keys(), (number, expected - found.keys())
        assert all(f"rule {number}:" in found[key] for key in expected)
    assert FAULTY_EXCEPTIONS[1] <= found.keys(), FAULTY_EXCEPTIONS[1] - found.keys()
    # What else is found follows from the scores that were changed: correlations of the two scores of rules 2, 6 and 8.
    caused = set().union(*(expected for _, expected in (*BREAKS.values(), FAULTY_EXCEPTIONS)))
    beside = {statistic for key in found.keys() - caused for statistic in [key[1]]}
    assert beside <= {"correlation_with_rest", "close_pair_correlation", "closest_correlation"}, found.keys() - caused
