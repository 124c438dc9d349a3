"""The small areas: recalculated from the seed by NumPy, compared with the published Indices, and on the pages."""

import re
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT, SHARED
from tests.support.numpy_method import standardise, treat
from tests.support.pages import Page, councils, read_csv, rows, words

SEEDS = ROOT / "seeds"
INDICES = SHARED / "sources/mhclg-iod-2025"
WHOLE = "neighbourhood_need"
needs_indices = pytest.mark.skipif(
    not INDICES.is_dir(), reason="the published Indices are in ../shared, which is not here"
)


@pytest.fixture(scope="module")
def framework() -> pd.DataFrame:
    return pd.read_csv(SEEDS / "framework/small_area_framework.csv").set_index("node_id")


@pytest.fixture(scope="module")
def figures() -> pd.DataFrame:
    """A row per small area, a column per indicator."""
    indicators = pd.read_csv(SEEDS / "framework/small_area_indicator.csv").set_index("measure")["indicator_id"]
    seed = pd.read_csv(SEEDS / "small_areas/mhclg_indices_of_deprivation.csv.gz")
    wide = seed.pivot(index="small_area_code", columns="measure", values="value")
    return wide[list(indicators.index)].rename(columns=dict(indicators)).sort_index()


def standardised(x: pd.Series) -> pd.Series:
    everywhere = x.notna().to_numpy()
    return pd.Series(standardise(x.to_numpy(), everywhere), x.index)


@pytest.fixture(scope="module")
def expected(framework: pd.DataFrame, figures: pd.DataFrame) -> pd.DataFrame:
    """z-scores of every node, from the seeds."""
    leaves = framework[framework["aggregation"].isna()]
    z = {
        leaf: standardised(direction * pd.Series(treat(x, x[~np.isnan(x)]), figures.index))
        for leaf, direction in leaves["direction"].items()
        for x in [figures[leaf].to_numpy()]
    }
    parts = leaves["parent_id"].unique()
    for part in parts:
        # Leaves of one part weigh alike: the mean passes over a figure that is missing.
        z[part] = standardised(
            pd.DataFrame({leaf: z[leaf] for leaf in leaves.index[leaves["parent_id"] == part]}).mean(axis=1)
        )
    z[WHOLE] = standardised(pd.DataFrame({part: z[part] for part in parts}).mean(axis=1))
    return pd.DataFrame(z)


def test_the_models_of_the_councils_score_small_areas(
    marts: duckdb.DuckDBPyConnection, framework: pd.DataFrame, expected: pd.DataFrame
) -> None:
    assert (framework["weight"] == 1).all()
    index = marts.execute("from small_area_index").df()
    assert set(index["index_id"]) == set(framework.index[framework["aggregation"].notna()])
    scores = index.pivot(index="small_area_code", columns="index_id", values="need_z").sort_index()
    assert len(scores) == 33_755
    np.testing.assert_allclose(scores, expected[scores.columns], rtol=0, atol=1e-9)
    ranks = index.pivot(index="small_area_code", columns="index_id", values="need_rank").sort_index()
    ours = expected[ranks.columns].round(9).rank(ascending=False, method="min").astype(int)
    assert (ranks == ours).all().all()
    leaves = marts.execute("from small_area_score").df()
    leaf_scores = leaves.pivot(index="small_area_code", columns="indicator_id", values="need_z").sort_index()
    np.testing.assert_allclose(leaf_scores, expected[leaf_scores.columns], rtol=0, atol=1e-9)
    assert not leaves["value"].isna().any()


def test_both_frameworks_are_in_the_same_models(home: Path, database: Path) -> None:
    with duckdb.connect(str(home / "build/warehouse.duckdb"), read_only=True) as connection:
        units = dict(
            connection.execute(
                """
                select node_id, count(distinct unit_id) from intermediate.int_node_scores
                where depth = 0 group by node_id
                """
            ).fetchall()
        )
    assert units == {"composite": 317, "first.composite": 317, WHOLE: 33_755}


def test_domains_of_the_indices_stay_out() -> None:
    measures = pd.read_csv(SEEDS / "framework/small_area_indicator.csv")["measure"]
    seed = set(pd.read_csv(SEEDS / "small_areas/mhclg_indices_of_deprivation.csv.gz")["measure"])
    assert set(measures) <= seed
    assert not [
        name
        for name in seed
        if re.search(r"imd|domain|_score$|_rank$|_decile$", name.lower()) and name != "connectivity_score"
    ]


# --- Inequality -------------------------------------------------------------------------------------------------------


def summary(areas: pd.DataFrame) -> dict[str, float]:
    """The district summaries of the Indices, of small areas with need_rank, need_z, residents and England's `n`."""
    w, n = areas["residents"], areas["n"]
    turned = n + 1 - areas["need_rank"]
    percentile = np.ceil(100 * areas["need_rank"] / n)
    weight = np.select([percentile <= 10, percentile <= 30], [1, 0.95 - (percentile - 11) * 0.9 / 19], 0)
    quota, ranks, people = 0.1 * w.sum(), 0.0, 0.0
    for _, area in areas.sort_values("need_rank").iterrows():
        taken = min(area["residents"], quota - people)
        ranks, people = ranks + taken * (area["n"] + 1 - area["need_rank"]), people + taken
        if people >= quota:
            break
    return {
        "small_areas": len(areas),
        "residents": w.sum(),
        "share_in_most_needy_tenth": (areas["need_decile"] == 1).mean(),
        "share_in_most_needy_fifth": (areas["need_decile"] <= 2).mean(),
        "average_rank": (w * turned).sum() / w.sum(),
        "average_need_z": (w * areas["need_z"]).sum() / w.sum(),
        "extent": (w * weight).sum() / w.sum(),
        "local_concentration": ranks / people,
        "need_deviation": np.sqrt(
            np.average((areas["need_z"] - np.average(areas["need_z"], weights=w)) ** 2, weights=w)
        ),
    }


def test_inequality_of_councils_and_counties(marts: duckdb.DuckDBPyConnection) -> None:
    index = marts.execute("from small_area_index").df()
    index["n"] = index.groupby("index_id")["small_area_code"].transform("size")
    county = marts.execute("select authority_code, county_code from dim_authority").df().set_index("authority_code")
    index["county_code"] = index["authority_code"].map(county["county_code"])
    mart = marts.execute("from authority_inequality").df().set_index(["authority_code", "index_id"])
    assert len(mart) == 317 * 5
    # The largest, the smallest, one of small areas in all tenths, a county.
    for code, column in [
        ("E08000025", "authority_code"),
        ("E06000053", "authority_code"),
        ("E09000001", "authority_code"),
        ("E10000016", "county_code"),
    ]:
        for index_id in (WHOLE, "neighbourhood_crime_and_disorder"):
            areas = index[(index[column] == code) & (index["index_id"] == index_id)]
            for name, value in summary(areas).items():
                assert mart.loc[(code, index_id), name] == pytest.approx(value, abs=1e-9, rel=1e-9), (code, name)


def test_variance_is_that_of_england(marts: duckdb.DuckDBPyConnection) -> None:
    index = marts.execute("from small_area_index").df()
    for index_id, areas in index.groupby("index_id"):
        w, z = areas["residents"], areas["need_z"]
        mean = np.average(z, weights=w)
        means = areas.groupby("authority_code")[["need_z", "residents"]].apply(
            lambda inside: np.average(inside["need_z"], weights=inside["residents"])
        )
        between = (w * (areas["authority_code"].map(means) - mean) ** 2).sum() / (w * (z - mean) ** 2).sum()
        [(within_share, between_share)] = marts.execute(
            """
            select sum(within_share_of_variance), sum(between_share_of_variance)
            from authority_inequality join dim_authority using (authority_code)
            where index_id = ? and tier <> 'upper'
            """,
            [index_id],
        ).fetchall()
        assert between_share == pytest.approx(between, abs=1e-9)
        assert within_share + between_share == pytest.approx(1, abs=1e-9)


@pytest.fixture(scope="module")
def published_summaries(home: Path, database: Path, marts: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The mart's own SQL on the published ranks and scores of the IMD 2025, beside MHCLG's district summaries."""
    models = home / "dbt_project/target/compiled/missions_index/models"
    compiled = models / "marts/small_areas/authority_inequality.sql"
    sql = compiled.read_text(encoding="utf-8")
    imd = pd.read_csv(INDICES / "imd2025_england_lsoa21.csv.gz").set_index("lsoa21_code")
    residents = pd.read_csv(SEEDS / "small_areas/small_area_residents.csv.gz").set_index("small_area_code")["residents"]
    areas = pd.DataFrame(
        {
            "index_id": "imd",
            "authority_code": imd["ltla24_code"],
            "need_z": imd["IMD_score"],
            "need_rank": imd["IMD_rank"].astype(int),
            "need_decile": imd["IMD_decile"].astype(int),
            "residents": residents.reindex(imd.index),
        }
    ).rename_axis("small_area_code")
    assert areas.notna().all().all() and len(areas) == 33_755
    with duckdb.connect() as connection:
        connection.register("small_area_index", areas.reset_index())
        connection.register(
            "int_authorities", marts.execute("select authority_code, county_code from dim_authority").df()
        )
        result = connection.execute(re.sub(r'"\w+"\."\w+"\."(\w+)"', r"\1", sql)).df()
    summaries = pd.read_csv(INDICES / "imd2025_file10_ltla24.csv")
    both = result.merge(summaries, left_on="authority_code", right_on="ltla24_code")
    assert len(both) == 296
    return both


@needs_indices
def test_definitions_are_those_of_the_published_summaries(published_summaries: pd.DataFrame) -> None:
    """The differences are those that docs/method.md states."""
    text = (ROOT / "docs/method.md").read_text(encoding="utf-8")
    for label, ours, theirs, digits in [
        ("average rank", "average_rank", "imd_average_rank", 0),
        ("average score", "average_need_z", "imd_average_score", 2),
        (
            "share in the highest tenth",
            "share_in_most_needy_tenth",
            "imd_proportion_of_lso_as_in_most_deprived_10_percent_nationally",
            4,
        ),
        ("extent", "extent", "imd25_extent", 4),
        ("local concentration", "local_concentration", "imd25_local_concentration", 0),
    ]:
        mine, published = published_summaries[ours], published_summaries[theirs]
        difference = (mine - published).abs()
        places = (mine.rank(ascending=False) - published.rank(ascending=False)).abs().max()
        [(largest, median, moved)] = re.findall(rf"^{label} +([\d.]+) +([\d.]+) +([\d.]+) ", text, flags=re.MULTILINE)
        assert float(largest) == round(difference.max(), digits), label
        assert float(median) == round(difference.median(), digits), label
        assert float(moved) == places, label
        assert difference.max() / published.std() < 0.1, label


@needs_indices
def test_ranks_beside_the_imd(marts: duckdb.DuckDBPyConnection) -> None:
    ours = marts.execute("select small_area_code, need_rank from small_area_index where index_id = ?", [WHOLE]).df()
    imd = pd.read_csv(INDICES / "imd2025_england_lsoa21.csv.gz").set_index("lsoa21_code")["IMD_rank"]
    correlation = ours["need_rank"].rank().corr(ours["small_area_code"].map(imd))
    [stated] = re.findall(
        r"correlate with its by\s+`([\d.]+)` \(Spearman\)", (ROOT / "docs/method.md").read_text("utf-8")
    )
    assert float(stated) == round(correlation, 2)


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_council_pages_have_their_small_areas(publication: Path, marts: duckdb.DuckDBPyConnection) -> None:
    """For every council: its small areas in each tenth of England, those with the highest need, and their file."""
    whole = f"index_id = '{WHOLE}'"
    # A county has the small areas of its districts.
    areas = f"""
        select whole.authority_code, small_area_code, small_area_title, need_rank, need_decile,
            small_area_index.residents
        from small_area_index join dim_authority as own using (authority_code)
        join dim_small_area using (small_area_code)
        join dim_authority as whole on whole.authority_code in (own.authority_code, own.county_code)
        where {whole} order by need_rank, small_area_code
    """
    inside: dict[str, list[dict[str, Any]]] = {}
    for row in rows(marts, areas):
        inside.setdefault(row["authority_code"], []).append(row)
    inequality = {row["authority_code"]: row for row in rows(marts, f"from authority_inequality where {whole}")}
    counties = {code for (code,) in marts.execute("select distinct county_code from dim_authority").fetchall()}
    assert len(inside) == 317
    for code, slug in councils(marts).items():
        page = Page((publication / f"site/authority/{slug}.html").read_text(encoding="utf-8"))
        [heading] = [text for _, text in page.headings if text.startswith("Within ")]
        if len(inside[code]) == 1:
            assert f"one neighbourhood, in tenth {inside[code][0]['need_decile']} of 10" in heading
        else:
            in_tenth = round(inequality[code]["share_in_most_needy_tenth"] * len(inside[code]))
            assert f"{in_tenth:,} of {len(inside[code]):,} neighbourhoods are among the 10%" in heading
        tenths = [int(words(cells[1])) for cells in page.table("Neighbourhoods in")]
        assert tenths == [sum(row["need_decile"] == tenth for row in inside[code]) for tenth in range(1, 11)]
        [listed] = [table for table in page.tables if "ranks out of 33,755" in table["caption"]]
        found = [(words(cells[0]), int(words(cells[1]).replace(",", ""))) for cells in listed["rows"][1:]]
        assert found == [(row["small_area_title"], row["need_rank"]) for row in inside[code][:10]]
        records = read_csv(publication / f"site/data/authority/{slug}-small-areas.csv")
        expected = inside[code][:10] if code in counties else inside[code]
        assert [(r["small_area_code"], r["residents"], r["need_rank"]) for r in records] == [
            (row["small_area_code"], str(row["residents"]), str(row["need_rank"])) for row in expected
        ]
