"""Figures made of several, worked out again from the seeds: years, products, quarters, hospitals, boards."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT

SEEDS = ROOT / "seeds"


@pytest.fixture(scope="module")
def cells(marts: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The published cells, by indicator and council."""
    found = marts.execute("select * from indicator_score join dim_authority using (authority_code)").df()
    return found.set_index(["indicator_id", "authority_code"])


@pytest.fixture(scope="module")
def register() -> pd.DataFrame:
    """The 317 councils, by code."""
    return pd.read_csv(SEEDS / "geography/authority.csv").set_index("authority_code")


def seed(name: str, measure: str | None = None) -> pd.DataFrame:
    table = pd.read_csv(SEEDS / f"{name}.csv", dtype={"area_code": str})
    return table if measure is None else table[table["measure"] == measure]


def people(column: str) -> pd.Series:
    table = pd.read_csv(SEEDS / "geography/population.csv")
    return table[table["year"] == 2024].set_index("area_code")[column]


@pytest.mark.parametrize(
    ("indicator", "source", "measure", "last_year"),
    [
        ("employment_rate", "ons_employment_rate", "Employment rate", "2023-12-31"),
        ("high_growth_businesses", "ons_business_demography", "High growth businesses", "2024-12-31"),
        (
            "net_additional_dwellings",
            "ons_net_additions_to_the_housing_stock",
            "Net additions to the housing stock (England)",
            "2025-03-31",
        ),
    ],
)
def test_rates_are_means_of_three_years(
    cells: pd.DataFrame, indicator: str, source: str, measure: str, last_year: str
) -> None:
    """On every council whose own code has the figures: all three years, or two of them, which the reason says."""
    table = seed(f"observations/{source}", measure).dropna(subset="value")
    end = pd.to_datetime(table["period_end_date"])
    table = table[(end <= last_year) & (end > pd.Timestamp(last_year) - pd.DateOffset(years=3))]
    by_area = table.groupby("area_code")
    seen = 0
    for code, cell in cells.loc[indicator].iterrows():
        if cell["value_basis"] != "published" or cell["current_code"] != code or code not in by_area.groups:
            continue
        years = by_area.get_group(code)
        if len(years) != int(cell["value_basis_reason"][0]):
            continue  # a year on the code of a predecessor that is the same area
        assert cell["value_basis_reason"] == f"{len(years)} of 3 years"
        assert cell["value"] == pytest.approx(years["value"].mean())
        assert str(cell["period_end_date"].date()) == max(years["period_end_date"])
        assert str(cell["period_start_date"].date()) == min(years["period_start_date"])
        seen += 1
    assert seen > 290


def test_a_basis_of_a_mean_is_the_last_of_its_years(cells: pd.DataFrame) -> None:
    """Cumberland has its own figure of 2025, none of 2024, and those of its districts of 2023."""
    cell = cells.loc["net_additional_dwellings", "E06000063"]
    assert (cell["value_basis"], cell["value_basis_reason"]) == ("predecessor", "2 of 3 years")


def test_fewer_than_two_years_make_no_mean(cells: pd.DataFrame) -> None:
    """One year of three, or none, is followed by the next rule."""
    pooled = cells.loc[["employment_rate", "infant_mortality", "youth_justice_first_entrants"]]
    with_mean = pooled["value_basis"].isin(["published", "combined_area", "predecessor"])
    assert pooled[with_mean]["value_basis_reason"].isin(["2 of 3 years", "3 of 3 years"]).all()
    assert not pooled[~with_mean]["value_basis_reason"].str.endswith("years").any()


def test_births_are_a_product_over_residents(cells: pd.DataFrame) -> None:
    table = seed("observations/ons_business_demography").query("period_end_date == '2024-12-31'")
    wide = table.pivot(index="area_code", columns="measure", values="value")
    aged = people("aged_16_to_64")
    expected = 10_000 * wide["Business births"] / 100 * wide["Active businesses"] / aged
    found = cells.loc["business_births_per_10000"]["value"]
    common = found.index.intersection(expected.dropna().index)
    assert len(common) > 290
    np.testing.assert_allclose(found[common], expected[common])


def test_households_owed_a_duty_in_the_quarters_that_have_a_figure(cells: pd.DataFrame, register: pd.DataFrame) -> None:
    """Four times the mean quarter over the mean households of the same quarters; Barnsley changes its code."""
    table = seed("observations/mhclg_statutory_homelessness")
    codes = dict(zip(register["current_code"], register.index, strict=True))
    table = table.assign(area_code=table["area_code"].replace(codes))
    wide = table.pivot_table(index=["area_code", "period_end_date"], columns="measure", values="value")
    wide = wide.rename(
        columns={"Total owed a prevention or relief duty": "owed", "Number of households in area (000s) | A1": "homes"}
    )
    wide = wide[["owed", "homes"]].dropna()
    sums, quarters = wide.groupby("area_code").sum(), wide.groupby("area_code").size()
    expected = (4 * sums["owed"] / sums["homes"])[quarters >= 3]
    found = cells.loc["homelessness_duties"]
    own = found[found["value_basis"] == "published"]["value"]
    assert len(own) > 285
    np.testing.assert_allclose(own, expected[own.index])
    assert {"E08000016", "E08000019"} <= set(own.index)


def waiting(register: pd.DataFrame) -> pd.Series:
    """Share over 18 weeks by council from the trusts that serve it, counties from their districts' sums."""
    figures = seed("services/nhs_waiting_times").pivot(index="service_code", columns="measure", values="value")
    shares = seed("services/nhs_trust_catchment").merge(figures, left_on="service_code", right_index=True)
    vintages = pd.read_csv(SEEDS / "geography/district_vintage.csv")
    now = (
        vintages[vintages["relation"] != "split"].drop_duplicates("area_code").set_index("area_code")["authority_code"]
    )
    shares["authority_code"] = shares["area_code"].map(now).fillna(shares["area_code"])
    county = register["county_code"].dropna()
    both = pd.concat([shares, shares.assign(authority_code=shares["authority_code"].map(county)).dropna()])
    patients = both["share"] * both["waiting_list"]
    sums = pd.DataFrame({"patients": patients, "late": patients * (100 - both["pct_within_18wk"])})
    totals = sums.groupby(both["authority_code"]).sum()
    return totals["late"] / totals["patients"]


def test_hospital_waits_are_spread_by_catchment(cells: pd.DataFrame, register: pd.DataFrame) -> None:
    found = cells.loc["waiting_over_18_weeks"]
    assert set(found["value_basis"]) == {"modelled"}
    np.testing.assert_allclose(found["value"], waiting(register)[found.index])


def test_board_figures_are_weighted_by_small_areas(cells: pd.DataFrame, register: pd.DataFrame) -> None:
    """Months are added up by board before they are divided; a county has the mean of its districts."""
    table = seed("services/nhs_accident_emergency")
    changes = pd.read_csv(SEEDS / "geography/care_board_change.csv").set_index("old_code")["new_code"]
    counts = table.pivot_table(
        index=table["service_code"].replace(changes), columns="measure", values="value", aggfunc="sum"
    )
    assert table.groupby(["service_code", "measure"]).size().eq(4).all()
    rate = 100 * counts["attendances_over_4hours"] / counts["total_attendances"]
    boards = pd.read_csv(SEEDS / "geography/integrated_care_board.csv")
    weighted = boards["share_of_small_areas"] * boards["integrated_care_board_code"].map(rate)
    expected = weighted.groupby(boards["authority_code"]).sum()
    districts = pd.DataFrame({"value": expected, "people": people("population").reindex(expected.index)})
    districts["county"] = districts.index.map(register["county_code"])
    weights = (districts["value"] * districts["people"]).groupby(districts["county"]).sum()
    counties = weights / districts.groupby("county")["people"].sum()
    found = cells.loc["emergency_waits_over_4_hours"]
    assert set(found["value_basis"]) == {"combined_area"}
    np.testing.assert_allclose(found["value"], pd.concat([expected, counties])[found.index], rtol=1e-5)


def test_attainment_is_that_of_the_pupils_who_live_there(cells: pd.DataFrame, register: pd.DataFrame) -> None:
    """A county's is the sum of its districts' points over the sum of their pupils."""
    wide = seed("observations/dfe_key_stage_4_by_residence").pivot(index="area_code", columns="measure", values="value")
    districts = wide.assign(county=wide.index.map(register["county_code"])).dropna()
    sums = districts.groupby("county").sum()
    found = cells.loc["attainment_8"]
    for code in sums.index:
        assert found.loc[code, "value"] == pytest.approx(sums.loc[code, "t_att8"] / sums.loc[code, "t_pupils"])
    assert found.loc["E09000001", "value"] == pytest.approx(
        wide.loc["E09000001", "t_att8"] / wide.loc["E09000001", "t_pupils"]
    )
    assert (found["value_basis"] == "published").sum() == (register["tier"] != "upper").sum()


def test_census_skills_are_dated_by_the_census(cells: pd.DataFrame) -> None:
    """Our mean over small areas, in percent, of Census 2021: not of the year of the Indices."""
    skills = cells.loc["adult_skills"]
    assert set(skills["period_end_date"].astype(str)) == {"2021-03-21"}
    table = pd.read_csv(SEEDS / "small_areas/mhclg_indices_of_deprivation.csv.gz")
    table = table[table["measure"] == "adult_skills_and_english_language_proficiency_indicator"]
    residents = pd.read_csv(SEEDS / "small_areas/small_area_residents.csv.gz").set_index("small_area_code")["residents"]
    weight = table["small_area_code"].map(residents)
    expected = 100 * (table["value"] * weight).groupby(table["authority_code"]).sum()
    expected /= weight.groupby(table["authority_code"]).sum()
    np.testing.assert_allclose(skills.loc[expected.index, "value"], expected)
