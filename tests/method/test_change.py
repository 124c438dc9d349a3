"""Change over time and milestones, recalculated from the seeds by NumPy and by hand."""

import io
import json
import subprocess
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import yaml
from jinja2 import Environment

from tests.conftest import ROOT
from tests.support.framework import INDICATORS

SEEDS = ROOT / "seeds"
VARIABLES = yaml.safe_load((ROOT / "dbt_project/dbt_project.yml").read_text(encoding="utf-8"))["vars"]
EDITIONS = VARIABLES["trend_editions"]


def seed(source: str, measure: str) -> pd.DataFrame:
    table = pd.read_csv(SEEDS / f"observations/{source}.csv", dtype={"area_code": str}, parse_dates=["period_end_date"])
    return table[(table["measure"] == measure) & table["value"].notna()]


def soft(place: float) -> float:
    """0 to 1 between the goalposts, the logarithm beyond."""
    return 1 + np.log(place) if place > 1 else -np.log(1 - place) if place < 0 else place


# Allerdale, Carlisle and Copeland became Cumberland in 2023; seeds/geography/district_change.csv has the weights.
CUMBERLAND = {"E07000026": 0.352004, "E07000028": 0.402662, "E07000029": 0.245334}
CODES = {
    "Blackpool": ["E06000009"],
    "North Yorkshire": ["E06000065", "E10000023"],  # a county until 2023, of the same area
    "Cumberland": ["E06000063"],
}


def by_period(source: str, measure: str, council: str) -> "pd.Series[float]":
    """The council's figures by period: its own, or those of the districts that it replaced, weighted."""
    table = seed(source, measure).pivot_table(index="period_end_date", columns="area_code", values="value")
    own = table.reindex(columns=CODES[council]).bfill(axis=1).iloc[:, 0]
    if council != "Cumberland":
        return own.dropna()
    districts = table.reindex(columns=list(CUMBERLAND)).dropna()
    weights = np.array(list(CUMBERLAND.values()))
    return own.fillna(districts @ weights / weights.sum()).dropna()


def births_per_10000(council: str) -> "pd.Series[float]":
    """Births are published as a percentage of active businesses, so they are counted by area and then added up."""
    table = seed("ons_business_demography", "Business births").merge(
        seed("ons_business_demography", "Active businesses"), on=["area_code", "period_end_date"]
    )
    table["value"] = table["value_x"] / 100 * table["value_y"]
    counts = table.pivot_table(index="period_end_date", columns="area_code", values="value")
    own = counts.reindex(columns=CODES[council]).bfill(axis=1).iloc[:, 0]
    if council == "Cumberland":
        own = own.fillna(counts[list(CUMBERLAND)].sum(axis=1, min_count=3))
    people = pd.read_csv(SEEDS / "geography/population.csv").query("area_code == @CODES[@council][0]")
    return 10_000 * own / own.index.year.map(people.set_index("year")["aged_16_to_64"])


def mean_of_three(series: "pd.Series[float]") -> "pd.Series[float]":
    """By last year: the mean of the figures of three years, of which two must be there."""
    found = {
        end: years.mean()
        for end in series.index
        if len(years := series[(series.index > end - pd.DateOffset(years=3)) & (series.index <= end)]) >= 2
    }
    return pd.Series(found)


# The basket of the mission: every figure of a council, by the end of its period.
GROWTH: dict[str, Callable[[str], "pd.Series[float]"]] = {
    "business_births_per_10000": births_per_10000,
    "claimant_count": lambda council: by_period("ons_claimant_count", "Claimant Count", council),
    "employment_rate": lambda council: mean_of_three(by_period("ons_employment_rate", "Employment rate", council)),
    "net_additional_dwellings": lambda council: mean_of_three(
        by_period("ons_net_additions_to_the_housing_stock", "Net additions to the housing stock (England)", council)
    ),
}


def growth_values(council: str, edition: int) -> Iterable[tuple[str, float]]:
    for indicator, figures in GROWTH.items():
        series = figures(council)
        yield indicator, series[(series.index > f"{edition - 3}-12-30") & (series.index <= f"{edition}-12-31")].iloc[-1]


@pytest.mark.parametrize("edition", [EDITIONS[0], EDITIONS[-1]])
@pytest.mark.parametrize("council", ["Blackpool", "North Yorkshire", "Cumberland"])
def test_trend_score_is_that_of_the_seeds(marts: duckdb.DuckDBPyConnection, council: str, edition: int) -> None:
    basket = marts.execute(
        "select indicator_id, weight_in_mission, direction, lower_goalpost, upper_goalpost from index_trend_basket "
        "where mission_id = 'growth' and is_in_basket"
    ).df()
    basket = basket.set_index("indicator_id")
    assert set(basket.index) == set(GROWTH)
    total = 0.0
    for indicator, value in growth_values(council, edition):
        row = basket.loc[indicator]
        place = (value - row["lower_goalpost"]) / (row["upper_goalpost"] - row["lower_goalpost"])
        total += row["weight_in_mission"] * 100 * soft(place if row["direction"] == 1 else 1 - place)
    ((score,),) = marts.execute(
        "select trend_score from index_trend join dim_authority using (authority_code) "
        "where authority_name = ? and index_id = 'growth' and edition = ?",
        [council, edition],
    ).fetchall()
    assert score == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize(("little", "much"), [(10.0, 20.0), (20.0, 10.0)])
def test_a_move_is_a_move_the_right_way(little: float, much: float) -> None:
    """More need always scores more, even beyond the goalposts, but never swamps the rest."""
    macro = Environment().from_string((ROOT / "dbt_project/macros/change.sql").read_text(encoding="utf-8")).module
    values = np.linspace(-40, 70, 1101) if much > little else np.linspace(70, -40, 1101)
    sql = "select " + macro.goalpost_score("value", str(little), str(much)) + " from unnest(?::double[]) as _(value)"
    scores = np.array([score for (score,) in duckdb.execute(sql, [values.tolist()]).fetchall()])
    assert (np.diff(scores) > 0).all()
    assert np.diff(scores).max() < 1.01  # no jump: a tenth of a unit is a hundredth of the way
    at = dict(zip(values.round(1), scores, strict=True))
    assert [at[little], at[15.0], at[much]] == pytest.approx([0, 50, 100])
    assert scores.max() < 300
    assert scores.min() > -200


def test_goalposts_are_percentiles_of_the_first_edition(marts: duckdb.DuckDBPyConnection) -> None:
    """Claimants, published for every council on its own code, from the seed alone."""
    codes = pd.read_csv(SEEDS / "geography/authority.csv").query("tier != 'upper'")["authority_code"]
    table = seed("ons_claimant_count", "Claimant Count")
    table = table[table["period_end_date"] == "2019-12-31"]
    # Barnsley and Sheffield carry new codes since 2025.
    table = table.assign(area_code=table["area_code"].replace({"E08000038": "E08000016", "E08000039": "E08000019"}))
    values = table[table["area_code"].isin(codes)].drop_duplicates("area_code")["value"]
    assert len(values) == 296
    ((lower, upper),) = marts.execute(
        "select lower_goalpost, upper_goalpost from index_trend_basket where indicator_id = 'claimant_count'"
    ).fetchall()
    assert [lower, upper] == pytest.approx(np.quantile(values, [0.05, 0.95]), abs=1e-9)


def test_editions_never_use_later_periods(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Each cell is the newest comparable figure of its series that had ended, as found by pandas."""
    comparable = warehouse.execute("from intermediate.int_comparable_figures").df()
    cells = warehouse.execute("from intermediate.int_edition_cells").df()
    assert (cells["period_end_date"].dt.year <= cells["edition"]).all()
    for edition in EDITIONS:
        had_ended = comparable[
            comparable["period_end_date"].between(f"{edition - VARIABLES['window_years']}-12-31", f"{edition}-12-31")
        ]
        newest = had_ended.sort_values("period_end_date").drop_duplicates(
            ["area_code", "indicator_id", "series_basis"], keep="last"
        )
        both = cells[cells["edition"] == edition].merge(
            newest,
            left_on=["authority_code", "indicator_id", "series_basis"],
            right_on=["area_code", "indicator_id", "series_basis"],
            suffixes=("", "_expected"),
        )
        assert len(both) == (cells["edition"] == edition).sum()
        assert (both["value"] == both["value_expected"]).all()
        assert (both["period_end_date"] == both["period_end_date_expected"]).all()


def test_nothing_is_padded(warehouse: duckdb.DuckDBPyConnection, marts: duckdb.DuckDBPyConnection) -> None:
    """Every comparable figure is one of the council's figures, and none is from before a break."""
    ((strangers,),) = warehouse.execute(
        "select count(*) from intermediate.int_comparable_figures as comparable "
        "join intermediate.int_authorities on area_code = authority_code "
        "anti join intermediate.int_figure_candidates as candidates "
        "on comparable.area_code = candidates.authority_code and comparable.indicator_id = candidates.indicator_id "
        "and comparable.period_end_date = candidates.period_end_date "
        "and comparable.value_basis = candidates.value_basis and comparable.value = candidates.value"
    ).fetchall()
    assert strangers == 0
    breaks = pd.read_csv(SEEDS / "framework/series_break.csv", parse_dates=["from_period_end_date"])
    for row in breaks[breaks["kind"] == "new_measure"].itertuples():
        ((first,),) = marts.execute(
            "select min(first_period_end_date) from indicator_trend where indicator_id = ?", [row.indicator_id]
        ).fetchall()
        assert pd.Timestamp(first) >= row.from_period_end_date
    ((without_source,),) = marts.execute(
        "select count(*) from indicator_trend where series_basis not in ('own', 'joint_area', 'parts')"
    ).fetchall()
    assert without_source == 0


def test_one_basket_for_all_editions(marts: duckdb.DuckDBPyConnection) -> None:
    """A council has the same indicators in every edition, and every mission with a score has enough of them."""
    ((changed,),) = marts.execute(
        "select count(*) from (select authority_code, index_id from index_trend group by all "
        "having count(distinct indicators) > 1 or count(*) != ?)",
        [len(EDITIONS)],
    ).fetchall()
    assert changed == 0
    basket = marts.execute("select mission_id, is_in_basket, basket_reason from index_trend_basket").df()
    assert len(basket) == len(INDICATORS)
    sizes = basket[basket["is_in_basket"]].groupby("mission_id").size()
    assert (sizes >= VARIABLES["least_trend_indicators"]).all()
    spoken = {name for (name,) in marts.execute("select distinct index_id from index_trend").fetchall()}
    assert spoken == {*sizes.index, "composite"}


def test_composite_is_the_mean_of_its_missions(marts: duckdb.DuckDBPyConnection) -> None:
    scores = marts.execute("select authority_code, edition, index_id, trend_score from index_trend").df()
    wide = scores.pivot(index=["authority_code", "edition"], columns="index_id", values="trend_score")
    missions = wide.drop(columns="composite")
    complete = wide[missions.notna().all(axis=1)]
    assert len(complete) > 300 * len(EDITIONS)
    assert np.allclose(complete["composite"], complete.drop(columns="composite").mean(axis=1), atol=1e-9)
    ranks = marts.execute(
        "select trend_rank, trend_score from index_trend where index_id = 'composite' and edition = 2025"
    )
    found = ranks.df()
    assert (found["trend_rank"] == found["trend_score"].round(9).rank(ascending=False, method="min")).all()


def test_change_of_three_councils_against_published_limits(marts: duckdb.DuckDBPyConnection) -> None:
    table = pd.read_csv(SEEDS / "observations/ons_adult_obesity_prevalence.csv", parse_dates=["period_end_date"])
    for code in ("E06000009", "E06000063", "E06000065"):
        series = table[(table["area_code"] == code) & table["value"].notna()].sort_values("period_end_date")
        first, last = series.iloc[0], series.iloc[-1]
        if last["value"] >= first["value"]:
            margin = np.hypot(last["value"] - last["lower_95"], first["upper_95"] - first["value"])
        else:
            margin = np.hypot(last["upper_95"] - last["value"], first["value"] - first["lower_95"])
        change = last["value"] - first["value"]
        ((found, beyond, direction, periods),) = marts.execute(
            "select change, is_change_beyond_limits, direction, periods from indicator_trend "
            "where authority_code = ? and indicator_id = 'adult_obesity'",
            [code],
        ).fetchall()
        assert found == pytest.approx(change)
        assert periods == len(series)
        assert beyond == (abs(change) > margin)
        expected = "no clear change" if not beyond else "rising need" if change > 0 else "falling need"
        assert direction == expected


def test_a_reorganised_council_has_a_short_history_of_its_own(marts: duckdb.DuckDBPyConnection) -> None:
    """Schools were Cumbria's until 2023: they are not Cumberland's. North Yorkshire is the area of its county."""
    histories = {
        name: (first, short, direction)
        for name, first, short, direction in marts.execute(
            "select authority_name, first_period_end_date, is_short_history, direction from indicator_trend "
            "join dim_authority using (authority_code) where indicator_id = 'attainment_8_free_meals' "
            "and authority_name in ('Cumberland', 'North Yorkshire')"
        ).fetchall()
    }
    assert histories["Cumberland"] == (date(2023, 8, 31), True, "not judged")
    assert histories["North Yorkshire"][:2] == (date(2017, 8, 31), False)


def test_milestones_cover_every_area(marts: duckdb.DuckDBPyConnection) -> None:
    milestones = pd.read_csv(SEEDS / "targets/milestone.csv")
    assert len(milestones) == marts.execute("select count(*) from dim_milestone").fetchone()[0]
    sizes = marts.execute("select area_type, count(*) from milestone_progress group by all").fetchall()
    assert dict(sizes) == {
        "authority": 317 * len(milestones),
        "region": 9 * len(milestones),
        "country": len(milestones),
    }
    assert milestones["source_page"].str.startswith("https://").all()


def test_england_and_the_good_level_of_development(marts: duckdb.DuckDBPyConnection) -> None:
    """By hand: 65.2, 67.2, 67.7, 68.3 since the new profile of 2022: 0.98 per year; 75 in 2028 needs 2.23."""
    table = seed("dfe_local_authority_interactive_tool", "FSP_NEW_GOODDEV")
    england = table[(table["area_code"] == "970") & (table["period_end_date"] >= "2022-01-01")]
    values = england.sort_values("period_end_date")["value"].to_numpy()
    assert values == pytest.approx([65.2, 67.2, 67.7, 68.3])
    pace = np.polyfit(range(4), values, 1)[0]
    ((status, found, needed, projected, periods),) = marts.execute(
        "select status, pace_per_year, needed_pace_per_year, projected_value, periods from milestone_progress "
        "where milestone_id = 'good_level_of_development_2028' and area_name = 'England'"
    ).fetchall()
    assert found == pytest.approx(pace)
    assert found == pytest.approx(0.98)
    assert needed == pytest.approx((75 - 68.3) / 3)
    assert projected == pytest.approx(68.3 + 3 * 0.98)
    assert (status, periods) == ("not on course", 4)


def test_status_follows_from_level_pace_and_date(marts: duckdb.DuckDBPyConnection) -> None:
    """The status of every area again from its own row."""
    progress = marts.execute("from milestone_progress join dim_milestone using (milestone_id)").df()
    assert len(progress) > 0
    for row in progress.itertuples():
        better = 1 if row.target_is == "at least" else -1
        if pd.isna(row.current_value):
            expected = "no figure"
        elif better * (row.current_value - row.target_value) >= 0:
            expected = "already met"
        elif pd.isna(row.target_date):
            expected = "no target date"
        elif row.periods < VARIABLES["least_pace_periods"]:
            expected = "too short a history"
        else:
            reaches = better * (row.projected_value - row.target_value) >= 0
            # The same as paces: the needed pace is at most the pace so far.
            assert reaches == (better * (row.pace_per_year - row.needed_pace_per_year) >= -1e-12)
            expected = "on course" if reaches else "not on course"
        assert row.status == expected, (row.milestone_id, row.area_name)
    assert {"already met", "on course", "not on course", "too short a history", "no figure"} <= set(progress["status"])


def test_trend_of_a_council(database: Path, missions: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """The command shows what is in the marts, and explains why a council has no score over time."""
    with duckdb.connect(str(database), read_only=True) as connection:
        expected = connection.execute(
            "select trend_score from marts.index_trend where authority_code = 'E06000009' and index_id = 'composite' "
            "order by edition"
        ).fetchall()
    shown = missions("trend", "blackpool")
    assert shown.returncode == 0, shown.stderr
    (line,) = [line for line in shown.stdout.splitlines() if line.startswith(" All missions")]
    assert line.split()[2 : 2 + len(EDITIONS)] == [f"{score:.0f}" for (score,) in expected]
    assert "School-ready" in shown.stdout
    # All missions are not all of them here.
    assert "No score for Safer streets: too few comparable figures" in " ".join(shown.stdout.split())
    answer = json.loads(missions("trend", "blackpool", "--json").stdout)
    assert [r["trend_score"] for r in answer["editions"] if r["index_id"] == "composite"] == [s for (s,) in expected]
    assert len(answer["milestones"]) == len(pd.read_csv(SEEDS / "targets/milestone.csv"))
    table = pd.read_csv(io.StringIO(missions("trend", "blackpool", "--csv").stdout))
    assert list(table["indicator_id"]) == [r["indicator_id"] for r in answer["indicators"]]
    assert missions("trend", "nowhere").returncode == 2
