"""Peers and groups of councils, recalculated from the seeds by pandas and queried by the command."""

import json
import re
import subprocess
from collections.abc import Callable

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT

SEEDS = ROOT / "seeds"
Missions = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def councils() -> pd.DataFrame:
    return pd.read_csv(SEEDS / "geography/authority.csv").set_index("authority_code")


@pytest.fixture(scope="module")
def peers(marts: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return marts.execute("from authority_peer order by authority_code, peer_model, peer_rank").df()


@pytest.fixture(scope="module")
def structure(councils: pd.DataFrame) -> pd.DataFrame:
    """The structure variables, from the seeds alone."""
    populations = pd.read_csv(SEEDS / "geography/population.csv").set_index("area_code")
    people = populations[populations["year"] == 2024].loc[councils.index]
    fuel = pd.read_csv(SEEDS / "observations/desnz_fuel_poverty.csv", dtype={"area_code": str})
    fuel = fuel[(fuel["measure"] == "Number of households") & (fuel["period_end_date"] == "2022-12-31")]
    households = fuel.set_index("area_code")["value"]
    # The publisher's swapped rows.
    sefton, st_helens = "E08000014", "E08000013"
    households = households.rename({sefton: st_helens, st_helens: sefton})
    classes = councils["rural_urban_class"].str.split(":").str[0]
    steps = ["Urban", "Intermediate urban", "Intermediate rural", "Majority rural"]
    rurality = classes.map({name: float(step) for step, name in enumerate(steps)})
    for county, districts in councils.groupby("county_code"):
        weights = people.loc[districts.index, "population"]
        rurality[county] = np.average(rurality[districts.index], weights=weights)
    in_reference = councils["tier"] != "upper"
    others = councils[in_reference]
    latitude, longitude = np.radians(councils["latitude_degrees"]), np.radians(councils["longitude_degrees"])
    within = []
    for code in councils.index:
        # The spherical law of cosines, not the haversine formula of the model.
        cosine = np.sin(latitude[code]) * np.sin(latitude[others.index]) + np.cos(latitude[code]) * np.cos(
            latitude[others.index]
        ) * np.cos(longitude[others.index] - longitude[code])
        near = 6371 * np.arccos(np.clip(cosine, -1, 1)) <= 50
        within.append(float(people.loc[others.index, "population"][near].sum()))
    table = pd.DataFrame(
        {
            "population": np.log(people["population"]),
            "density": np.log(people["density_per_km2"]),
            "aged_under_16_percent": 100 * people["aged_0_to_15"] / people["population"],
            "aged_65_and_over_percent": 100 * people["aged_65_and_over"] / people["population"],
            "people_per_household": populations[populations["year"] == 2022]["population"] / households,
            "rurality": rurality,
            "people_within_50_km": pd.Series(np.log(within), index=councils.index),
        }
    ).loc[councils.index]
    assert table.notna().all().all()
    reference = table[in_reference]
    return (table - reference.mean()) / reference.std()


def test_structure_is_that_of_the_seeds(marts: duckdb.DuckDBPyConnection, structure: pd.DataFrame) -> None:
    published = marts.execute("from authority_structure").df()
    wide = published.pivot(index="authority_code", columns="variable_id", values="structure_z")
    listed = pd.read_csv(SEEDS / "framework/peer_variable.csv")["variable_id"]
    assert set(wide.columns) == set(listed) == set(structure.columns)
    assert np.abs(wide.loc[structure.index, structure.columns] - structure).max().max() < 1e-9


def test_no_structure_variable_is_an_indicator(marts: duckdb.DuckDBPyConnection) -> None:
    assert marts.execute(
        "select count(*) from authority_structure join dim_indicator on variable_id = indicator_id"
    ).fetchall() == [(0,)]


def test_open_peers_are_the_nearest_of_the_tier(
    structure: pd.DataFrame, councils: pd.DataFrame, peers: pd.DataFrame
) -> None:
    published = peers[peers["peer_model"] == "open"].groupby("authority_code")
    for code, place in structure.iterrows():
        same_tier = councils.index[(councils["tier"] == councils.loc[code, "tier"]) & (councils.index != code)]
        distances = np.sqrt(((structure.loc[same_tier] - place) ** 2).mean(axis=1)).sort_values()
        expected = distances[distances < np.sqrt(2)][:10]
        if expected.empty:
            assert code not in published.groups
            continue
        found = published.get_group(code)
        assert list(found["peer_code"]) == list(expected.index), code
        assert found["structure_distance"].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-9)


def test_strangers_do_not_fill_a_list(peers: pd.DataFrame, councils: pd.DataFrame) -> None:
    """The City of London and the Isles of Scilly have no peers and are nobody's peer; Rutland has a few."""
    found = peers[peers["peer_model"] == "open"]
    odd = set(councils.index[councils["authority_type"].isin(["city_of_london", "isles_of_scilly"])])
    assert not odd & (set(found["authority_code"]) | set(found["peer_code"]))
    counts = found["authority_code"].value_counts()
    assert 0 < counts[councils.index[councils["authority_name"] == "Rutland"][0]] < 10
    assert (counts == 10).sum() > 300


def test_mean_squared_distance_in_the_reference_set_is_two(structure: pd.DataFrame, councils: pd.DataFrame) -> None:
    """The cut at sqrt(2) is that of two councils drawn at random."""
    reference = structure[councils["tier"] != "upper"].to_numpy()
    squared = ((reference[:, None] - reference[None]) ** 2).mean(axis=2)
    assert squared[np.triu_indices(len(reference), 1)].mean() == pytest.approx(2, abs=1e-12)


@pytest.mark.parametrize("model", ["global", "economic", "demographic"])
def test_ons_neighbours_are_ranked_again_and_counties_have_counties(
    model: str, peers: pd.DataFrame, councils: pd.DataFrame
) -> None:
    seed = pd.read_csv(SEEDS / "geography/ons_neighbour.csv")
    seed = seed[seed["model"] == model].sort_values(["authority_code", "published_rank", "neighbour_code"])
    is_county = councils["tier"] == "upper"
    alike = is_county[seed["authority_code"]].to_numpy() == is_county[seed["neighbour_code"]].to_numpy()
    expected = seed[alike].groupby("authority_code").head(10)
    found = peers[peers["peer_model"] == f"ons_{model}"]
    columns = ["authority_code", "peer_code", "published_rank"]
    assert found[columns].to_numpy().tolist() == (
        expected.rename(columns={"neighbour_code": "peer_code"})[columns].to_numpy().tolist()
    )
    # Fewer than ten only where ONS lists fewer, which happens to counties: nothing is added.
    assert (found["authority_code"].value_counts() < 10).any()


def test_dfe_neighbours_are_as_published(peers: pd.DataFrame) -> None:
    seed = pd.read_csv(SEEDS / "geography/dfe_neighbour.csv").sort_values(["authority_code", "published_rank"])
    found = peers[peers["peer_model"] == "dfe"]
    columns = ["authority_code", "peer_code", "published_closeness", "published_rank"]
    assert found[columns].to_numpy().tolist() == (
        seed.groupby("authority_code")
        .head(10)
        .rename(columns={"neighbour_code": "peer_code", "closeness": "published_closeness"})[columns]
        .to_numpy()
        .tolist()
    )


def test_a_mart_is_cut_to_peers_as_the_page_shows(marts: duckdb.DuckDBPyConnection, peers: pd.DataFrame) -> None:
    page = (ROOT / "docs/method.md").read_text(encoding="utf-8")
    section = page[page.index("\n## Peers\n") :]
    (sql,) = re.findall(r"```sql\n(.*?)```", section.split("\n## Audit\n")[0], re.DOTALL)
    found = marts.execute(sql).df()
    (code,) = set(re.findall(r"'(E\d{8})'", sql))
    of_council = peers[(peers["authority_code"] == code) & (peers["peer_model"] == "open")]
    names = marts.execute("select authority_code, authority_name from dim_authority").df().set_index("authority_code")
    expected = names.loc[[code, *of_council["peer_code"]], "authority_name"]
    assert list(found["authority_name"]) == list(expected)
    assert list(found["peer_rank"]) == list(range(11))


@pytest.mark.parametrize(
    ("name", "option", "model"),
    [("Kent", "open", "open"), ("Kent", "ons", "ons_global"), ("Burnley", "ons_economic", "ons_economic")],
)
def test_rank_of_peers(
    missions: Missions, marts: duckdb.DuckDBPyConnection, peers: pd.DataFrame, name: str, option: str, model: str
) -> None:
    result = missions("rank", "--neighbours-of", name, "--peers", option, "--json")
    assert result.returncode == 0, result.stderr
    [(code,)] = marts.execute("select authority_code from dim_authority where authority_name = ?", [name]).fetchall()
    expected = peers[(peers["authority_code"] == code) & (peers["peer_model"] == model)]["peer_code"]
    assert {row["authority_code"] for row in json.loads(result.stdout)} == {code, *expected}


@pytest.mark.parametrize(
    ("words", "exit_code", "expected"),
    [
        (
            ("--neighbours-of", "City of London", "--peers", "open"),
            1,
            "has no structural neighbours (open model). Models that give it neighbours: dfe",
        ),
        (
            ("--neighbours-of", "Burnley", "--peers", "dfe"),
            1,
            "has no DfE statistical neighbours. Models that give it neighbours:",
        ),
        (("--neighbours-of", "Kent", "--peers", "closed"), 2, "No peer model 'closed'"),
        (("--peers", "open"), 2, "name it with --neighbours-of"),
    ],
)
def test_rank_of_peers_that_are_not(missions: Missions, words: tuple[str, ...], exit_code: int, expected: str) -> None:
    result = missions("rank", *words)
    assert (result.returncode, result.stdout) == (exit_code, "")
    assert expected in result.stderr


def test_care_boards_weigh_councils_by_residents(marts: duckdb.DuckDBPyConnection) -> None:
    lookup = pd.read_csv(SEEDS / "geography/integrated_care_board.csv")
    need = marts.execute(
        "select authority_code, need_score, need_rank, population from composite_index join dim_authority "
        "using (authority_code)"
    ).df()
    parts = lookup.merge(need, on="authority_code")
    parts["residents"] = parts["population"] * parts["share_of_small_areas"]
    parts["weighted"] = parts["residents"] * parts["need_score"]
    sums = parts.groupby("integrated_care_board_code")[["residents", "weighted"]].sum()
    found = marts.execute("from integrated_care_board_summary where index_id = 'composite'").df()
    found = found.set_index("integrated_care_board_code")
    assert len(found) == 42
    expected = sums["weighted"] / sums["residents"]
    assert np.abs(found["population_weighted_need_score"] - expected).max() < 1e-9
    assert found["residents"].sum() == pytest.approx(58_620_101, abs=1e-3)
    # Every one of the 317 counts once: no council is split down the middle.
    assert found["authorities"].sum() == 317
    very_high = (need["need_rank"] <= 63).sum()
    assert found["in_most_needy_fifth"].sum() == very_high
