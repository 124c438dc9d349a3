"""The published figures, checked as an outsider would: are they the source's, and do they follow from the method?"""

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.support.framework import AUTHORITIES, CELLS, INDICATORS, MISSIONS, THEMES
from tests.support.numpy_method import Method, ranks, standardise

SEEDS = ROOT / "seeds"


def observed(source: str, **where: str) -> float:
    """A figure read straight from a seed, by pandas and not by the warehouse."""
    table = pd.read_csv(SEEDS / f"observations/{source}.csv", dtype={"area_code": str})
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return float(table["value"].iloc[0])


def rows(marts: duckdb.DuckDBPyConnection, sql: str, *parameters: str) -> list[tuple]:
    return marts.execute(sql, list(parameters)).fetchall()


def frame(marts: duckdb.DuckDBPyConnection, sql: str, *parameters: str) -> pd.DataFrame:
    return marts.execute(sql, list(parameters)).df()


def cell(marts: duckdb.DuckDBPyConnection, authority: str, indicator: str) -> tuple[float, str, str]:
    (found,) = rows(
        marts,
        "select value, value_basis, value_basis_reason from indicator_score join dim_authority using (authority_code) "
        "where authority_name = ? and indicator_id = ?",
        authority,
        indicator,
    )
    return found


def test_sizes(marts: duckdb.DuckDBPyConnection) -> None:
    """Every council has a row for every indicator and mission of the framework."""
    indices = 1 + len(MISSIONS)
    for mart, size in {
        "dim_authority": AUTHORITIES,
        "dim_indicator": len(INDICATORS),
        "indicator_score": CELLS,
        "indicator_coverage": CELLS,
        "mission_index": AUTHORITIES * len(MISSIONS),
        "dim_theme": len(THEMES),
        "theme_index": AUTHORITIES * len(THEMES),
        "composite_index": AUTHORITIES,
        "authority_profile": AUTHORITIES,
        "region_summary": 9 * indices,
        "combined_authority_summary": 15 * indices,
    }.items():
        assert rows(marts, f"select count(*) from {mart}") == [(size,)], mart


def test_a_published_figure_is_the_sources_own(marts: duckdb.DuckDBPyConnection) -> None:
    published = observed("ons_claimant_count", area_code="E06000001", period_end_date="2025-12-31")
    assert cell(marts, "Hartlepool", "claimant_count") == (published, "published", "published")


def test_every_published_figure_is_in_a_seed(marts: duckdb.DuckDBPyConnection) -> None:
    """All cells that are not our rate, on the code under which they were published."""
    cells = frame(
        marts,
        "select source_id, source_area_code, measure, cast(period_end_date as varchar) as period_end_date, s.value "
        "from indicator_score s join read_csv(?, all_varchar = true) m using (indicator_id, source_id) "
        "where value_basis in ('published', 'combined_area', 'inherited') and role = 'value' "
        "and value_basis_reason != 'rate of published counts' and indicator_id not in "
        "(select indicator_id from read_csv(?, all_varchar = true) "
        "where rate_denominator in ('population', 'households') or pooled_years != '1')",
        str(SEEDS / "framework/indicator_measure.csv"),
        str(SEEDS / "framework/indicator.csv"),
    )
    assert len(cells) > 10_000
    corrections = pd.read_csv(SEEDS / "framework/correction.csv")
    seen = 0
    for source, of_source in cells.groupby("source_id"):
        seed = pd.read_csv(SEEDS / f"observations/{source}.csv", dtype={"area_code": str}).dropna(subset="value")
        recodes = corrections[(corrections["source_id"] == source) & (corrections["action"] == "recode_area")]
        renamed = dict(zip(recodes["area_code"], recodes["corrected_code"], strict=True))
        found = of_source.merge(
            seed,
            left_on=["source_area_code", "measure", "period_end_date", "value"],
            right_on=["area_code", "measure", "period_end_date", "value"],
        )
        missing = of_source[~of_source["source_area_code"].isin(found["source_area_code"])]
        assert set(missing["source_area_code"]) <= set(renamed.values()), (source, missing)
        seen += len(found)
    assert seen > 10_000


def test_rates_are_counts_over_residents_and_households(marts: duckdb.DuckDBPyConnection) -> None:
    population = pd.read_csv(SEEDS / "geography/population.csv").set_index(["area_code", "year"])["population"]
    crime = pd.read_csv(SEEDS / "observations/ons_recorded_crime.csv")
    robbery = crime[(crime["measure"] == "Robbery") & (crime["authority_code"] == "E06000001")]["value"].sum()
    assert cell(marts, "Hartlepool", "robbery")[0] == pytest.approx(1000 * robbery / population["E06000001", 2024])

    households = observed(
        "desnz_fuel_poverty", area_code="E06000001", measure="Number of households", period_end_date="2022-12-31"
    )
    burglary = crime[(crime["measure"] == "Residential burglary") & (crime["authority_code"] == "E06000001")]["value"]
    assert cell(marts, "Hartlepool", "residential_burglary")[0] == pytest.approx(1000 * burglary.sum() / households)


def test_joint_partnership_is_shared_and_a_county_is_summed_from_counts(marts: duckdb.DuckDBPyConnection) -> None:
    """North Devon's partnership covers North Devon and Torridge; Devon is the sum of its partnerships' counts."""
    population = pd.read_csv(SEEDS / "geography/population.csv").set_index(["area_code", "year"])["population"]
    crime = pd.read_csv(SEEDS / "observations/ons_recorded_crime.csv")
    shops = crime[crime["measure"] == "Shoplifting"]
    joint = float(shops[shops["partnership_code"] == "E22000363"]["value"].sum())
    shared = 1000 * joint / (population["E07000043", 2024] + population["E07000046", 2024])
    for district in ("North Devon", "Torridge"):
        value, basis, reason = cell(marts, district, "shoplifting")
        assert (basis, reason) == ("combined_area", "published for a joint area")
        assert value == pytest.approx(shared)

    lookup = pd.read_csv(SEEDS / "geography/partnership.csv")
    register = pd.read_csv(SEEDS / "geography/authority.csv")
    districts = set(register[register["county_code"] == "E10000008"]["authority_code"])
    partnerships = set(lookup[lookup["authority_code"].isin(districts)]["partnership_code"])
    total = shops[shops["partnership_code"].isin(partnerships)]["value"].sum()
    value, basis, reason = cell(marts, "Devon", "shoplifting")
    assert (basis, reason) == ("aggregated", "not published at this tier")
    assert value == pytest.approx(1000 * total / population["E10000008", 2024])


def test_partnership_counts_add_up_to_what_the_notes_say(marts: duckdb.DuckDBPyConnection) -> None:
    """1.9% of English crime is not assigned to any partnership."""
    crime = pd.read_csv(SEEDS / "observations/ons_recorded_crime.csv")
    total = crime[crime["measure"] == "Total recorded crime (excluding fraud)"]
    rows = total[total["partnership_name"].notna()]
    unassigned = rows[rows["partnership_name"].str.lower().str.startswith("unassigned")]["value"].sum()
    assert 100 * unassigned / rows["value"].sum() == pytest.approx(1.9, abs=0.05)


def test_swapped_rows_of_sefton_and_st_helens_are_corrected(marts: duckdb.DuckDBPyConnection) -> None:
    def published(code: str) -> float:
        return observed(
            "desnz_fuel_poverty",
            area_code=code,
            measure="Proportion of households fuel poor (%)",
            period_end_date="2022-12-31",
        )

    assert cell(marts, "Sefton", "fuel_poverty")[0] == published("E08000013")
    assert cell(marts, "St. Helens", "fuel_poverty")[0] == published("E08000014")
    households = rows(
        marts,
        "select households from dim_authority where authority_name in ('Sefton', 'St. Helens') order by authority_name",
    )
    assert households[0][0] > 1.4 * households[1][0]
    assert rows(marts, "select count(*) from data_correction") == [(8,)]


def test_successors_and_neighbours_of_missing_figures(marts: duckdb.DuckDBPyConnection) -> None:
    """Both successors use Cumbria's old figure; a county that became one council keeps its own."""
    old = observed(
        "dfe_local_authority_interactive_tool", area_code="909", measure="Level3Age19", period_end_date="2024-08-31"
    )
    for successor in ("Cumberland", "Westmorland and Furness"):
        assert cell(marts, successor, "level_3_by_19") == (old, "predecessor", "boundary change")
    whole = observed(
        "ons_business_demography", area_code="E10000023", measure="One-year survival rate", period_end_date="2023-12-31"
    )
    assert rows(
        marts,
        "select value, value_basis from context_value join dim_authority using (authority_code) "
        "where authority_name = 'North Yorkshire' and indicator_id = 'business_survival_1_year' "
        "and period_end_date = '2023-12-31'",
    ) == [(whole, "published")]
    assert cell(marts, "Barnsley", "heat_pump_grants")[1:] == ("estimated", "missing in source")
    assert cell(marts, "City of London", "neet_or_not_known_16_17") == (0.9, "published", "published")
    assert cell(marts, "Dorset", "youth_justice_first_entrants")[1] == "published"


def test_zeros_that_are_not_true_zeros_are_missing(marts: duckdb.DuckDBPyConnection) -> None:
    scilly = rows(
        marts,
        "select count(*) from indicator_value where authority_code = 'E06000053' and value = 0 "
        "and source_id = 'dfe_local_authority_interactive_tool'",
    )
    assert scilly == [(0,)]


def test_counties_have_the_region_of_their_districts(marts: duckdb.DuckDBPyConnection) -> None:
    regions = rows(
        marts,
        "select authority_name, region_name from dim_authority where authority_name in ('Derbyshire', 'Lincolnshire')",
    )
    assert {region for _, region in regions} == {"East Midlands"}
    sizes = dict(rows(marts, "select region_name, authorities from region_summary where index_id = 'composite'"))
    assert sum(sizes.values()) == 317
    assert sizes["London"] == 33


def test_the_method_in_numpy_gives_the_same_scores(marts: duckdb.DuckDBPyConnection) -> None:
    """An independent version of the method, from the values of the cells to scores and ranks."""
    values = frame(
        marts,
        "pivot (select authority_code, indicator_id, value from indicator_score) on indicator_id using first(value) "
        "group by authority_code order by authority_code",
    )
    reference = frame(marts, "select is_in_reference_set from dim_authority order by authority_code").to_numpy()[:, 0]
    indicators = frame(marts, "select * from dim_indicator").set_index("indicator_id")
    method = Method(values.set_index("authority_code"), reference, indicators)
    composite = method.composite(method.z)

    for mission, mean in method.means(method.z)[0].items():
        found = frame(marts, "select * from mission_index where mission_id = ? order by authority_code", mission)
        assert list(found["authority_code"]) == method.units
        np.testing.assert_allclose(found["need_z"], standardise(mean, reference), atol=1e-9)
    found = frame(marts, "select * from composite_index order by authority_code")
    np.testing.assert_allclose(found["need_z"], composite, atol=1e-9)
    np.testing.assert_allclose(found["need_score"], 100 + 10 * composite, atol=1e-8)
    assert list(found["need_rank"]) == list(ranks(composite))
