"""Why a council has its rank: do the parts add up, and do figures move bands as stated?"""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from missions import cli
from missions.publication.folder import DATABASE
from tests.support.framework import AUTHORITIES, INDICATORS, MISSIONS
from tests.support.numpy_method import Method

Ask = Callable[..., Result]
GROUPS = ["england", "region", "type", "neighbours"]


def frame(database: Path, sql: str, *parameters: Any) -> pd.DataFrame:
    # Not kept open: in one process the command's locked settings would meet ours.
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(f"set schema = 'marts'; {sql}", list(parameters) or None).df()


@pytest.fixture(scope="module")
def explained(database: Path) -> pd.DataFrame:
    return frame(database, "from rank_explanation order by authority_code, level, node_id")


@pytest.fixture
def ask(publication: Path) -> Ask:
    def run(*words: str, columns: int = 80) -> Result:
        return CliRunner().invoke(cli.app, ["--published", str(publication), *words], env={"COLUMNS": str(columns)})

    return run


# --- What the score is made of ----------------------------------------------------------------------------------------


def test_one_row_for_each_council_and_node(database: Path, explained: pd.DataFrame) -> None:
    (themes,) = frame(database, "select count(distinct theme_id) as themes from dim_indicator")["themes"]
    sizes = explained.groupby("level").size().to_dict()
    of_nodes = {"composite": 1, "mission": len(MISSIONS), "theme": themes, "indicator": len(INDICATORS)}
    assert sizes == {level: AUTHORITIES * nodes for level, nodes in of_nodes.items()}


def test_contributions_add_up_from_indicators_to_the_composite(database: Path, explained: pd.DataFrame) -> None:
    composite = frame(database, "from composite_index order by authority_code").set_index("authority_code")
    for level, rows in explained.groupby("level"):
        found = rows.groupby("authority_code")["contribution"].sum()
        np.testing.assert_allclose(found, composite["need_z"], rtol=0, atol=1e-9, err_msg=str(level))
        found = rows.groupby("authority_code")["contribution_points"].sum()
        np.testing.assert_allclose(found, composite["need_score"] - 100, rtol=0, atol=1e-9, err_msg=str(level))
    parts = explained[explained["level"] == "indicator"]
    for parent, column in (("theme", "theme_id"), ("mission", "mission_id")):
        wholes = explained[explained["level"] == parent].set_index(["authority_code", "node_id"])["contribution"]
        found = parts.groupby(["authority_code", column])["contribution"].sum()
        assert len(found) == len(wholes)
        np.testing.assert_allclose(found.sort_index(), wholes.sort_index(), rtol=0, atol=1e-9)


def test_what_separates_councils_is_their_distance_from_plain_means(database: Path, explained: pd.DataFrame) -> None:
    """The groups formed again in pandas: the council itself is not in its region, type or neighbours."""
    authorities = frame(database, "from dim_authority order by authority_code")
    peers = frame(database, "from authority_peer where peer_model = 'ons_global'")

    def of_councils(column: str) -> np.ndarray:
        wide = explained.pivot(index="authority_code", columns=["level", "node_id"], values=column)
        assert list(wide.index) == list(authorities["authority_code"])
        return wide.sort_index(axis=1).to_numpy()

    points = of_councils("contribution_points")
    found = {group: of_councils(f"points_above_{group}") for group in GROUPS}
    in_reference, regions, types, codes = (
        authorities[column].to_numpy()
        for column in ("is_in_reference_set", "region_code", "authority_type", "authority_code")
    )
    peers_of = peers.groupby("authority_code")["peer_code"].agg(set).to_dict()
    for at, code in enumerate(codes):
        others = codes != code
        groups = {
            "england": in_reference,
            "region": others & in_reference & (regions == regions[at]),
            "type": others & (types == types[at]),
            "neighbours": np.array([other in peers_of.get(code, set()) for other in codes]),
        }
        for group, members in groups.items():
            expected = points[at] - points[members].mean(axis=0) if members.any() else np.full(points.shape[1], np.nan)
            np.testing.assert_allclose(found[group][at], expected, rtol=0, atol=1e-9, err_msg=f"{code} {group}")
    lonely = set(explained.loc[explained["points_above_type"].isna(), "authority_code"])
    assert lonely == {"E09000001", "E06000053"}


def test_separations_add_up_to_the_difference_of_composites(explained: pd.DataFrame) -> None:
    columns = [f"points_above_{group}" for group in GROUPS]
    composite = explained[explained["level"] == "composite"].set_index("authority_code")[columns]
    for level, rows in explained.groupby("level"):
        found = rows.groupby("authority_code")[columns].sum(min_count=1)
        np.testing.assert_allclose(found, composite, rtol=0, atol=1e-9, err_msg=str(level))
    # The reference set's mean is zero at every node.
    np.testing.assert_allclose(explained["points_above_england"], explained["contribution_points"], rtol=0, atol=1e-9)


def test_england_outside_the_published_limits(database: Path, explained: pd.DataFrame) -> None:
    cells = frame(
        database,
        "select s.*, england.value as england, england.period_end_date as england_date, higher_means "
        "from indicator_score s join dim_indicator using (indicator_id) "
        "join indicator_benchmark england on s.indicator_id = england.indicator_id and area_name = 'England'",
    ).set_index(["authority_code", "indicator_id"])
    rows = explained[explained["level"] == "indicator"].set_index(["authority_code", "node_id"])
    assert explained.loc[explained["level"] != "indicator", "england_comparison"].isna().all()
    cells["found"] = rows["england_comparison"]
    without = cells["value_lower_95"].isna() & cells["value_upper_95"].isna()
    assert (cells.loc[without, "found"] == "no limits published").all()
    same_period = cells[~without & (cells["england_date"] == cells["period_end_date"])]
    more = same_period["england"] < same_period["value_lower_95"]
    less = same_period["england"] > same_period["value_upper_95"]
    is_worse = np.where(same_period["higher_means"] == "more_need", more, less)
    is_better = np.where(same_period["higher_means"] == "more_need", less, more)
    expected = np.select([is_worse, is_better], ["higher need", "lower need"], "similar")
    assert len(same_period) > 2_400
    assert (same_period["found"] == expected).all()
    # Cells of an earlier period are held against England's figure of that period.
    earlier = cells[~without & (cells["england_date"] != cells["period_end_date"])]
    assert set(earlier["found"]) <= {"higher need", "lower need", "similar", "no figure for England"}
    stale = rows.loc[("E09000001", "median_weekly_pay")]
    assert (stale["england_value"], stale["england_comparison"]) == (465.7, "lower need")


# --- What would move it a band ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def method(database: Path) -> Method:
    values = frame(
        database,
        "pivot (select authority_code, indicator_id, value from indicator_score) on indicator_id "
        "using first(value) group by authority_code order by authority_code",
    )
    reference = frame(database, "from dim_authority order by authority_code")["is_in_reference_set"].to_numpy()
    indicators = frame(database, "from dim_indicator").set_index("indicator_id")
    return Method(values.set_index("authority_code"), reference, indicators)


def changes(explained: pd.DataFrame, side: str) -> pd.DataFrame:
    """The rows of indicators with a change in that direction, in columns named without it."""
    rows = explained[explained[f"{side}_band_value"].notna()]
    return rows.rename(columns=lambda name: name.removeprefix(f"{side}_band_"))[
        ["authority_code", "node_id", "value", "value_change", "deviations", "need_rank", "change_order"]
    ]


SIDES = pytest.mark.parametrize(("side", "step"), [("needier", -1), ("less_needy", 1)])


@SIDES
def test_values_move_the_band_when_the_index_is_made_again(
    explained: pd.DataFrame, method: Method, side: str, step: int
) -> None:
    """Smallest changes of one council in three and a few of the others, recalculated in NumPy.

    The value itself moves the band and a thousandth less of the change does not. What is held, the bounds of the
    treatment and who may be at the edge, could matter for a few.
    """
    rows = changes(explained, side)
    smallest, others = rows[rows["change_order"] == 1].iloc[::3], rows[rows["change_order"] != 1].iloc[::75]
    assert len(smallest) > 40 and len(others) > 30
    moved: dict[str, list[bool]] = {"smallest": [], "others": [], "less": []}
    for name, sample in (("smallest", smallest), ("others", others)):
        for row in sample.itertuples():
            at = method.units.index(row.authority_code)
            now = method.values[row.node_id].iloc[at]
            assert now + row.value_change == pytest.approx(row.value)
            band = method.band_with(row.authority_code, row.node_id, row.value)
            moved[name].append(step * band > step * method.bands[at])
            band = method.band_with(row.authority_code, row.node_id, now + 0.999 * row.value_change)
            moved["less"].append(step * band > step * method.bands[at])
    assert np.mean(moved["smallest"]) > 0.99
    assert np.mean(moved["others"]) > 0.97
    assert np.mean(moved["less"]) < 0.03


@SIDES
def test_where_no_value_is_given_none_would_do(explained: pd.DataFrame, method: Method, side: str, step: int) -> None:
    """Not even the lowest or highest value of the reference set, with the whole index recalculated."""
    rows = explained[explained[f"{side}_band_obstacle"].notna()]
    assert rows[f"{side}_band_value"].isna().all()
    assert set(rows["level"]) == {"indicator"}
    at_the_end = rows[rows[f"{side}_band_obstacle"] == f"no {side.replace('_', ' ')} band"]
    last = method.bands.min() if step == -1 else method.bands.max()
    assert set(at_the_end["authority_code"]) == {
        c for c, b in zip(method.units, method.bands, strict=True) if b == last
    }
    others = rows.drop(index=at_the_end.index).iloc[::300]
    assert len(others) > 40
    for row in others.itertuples():
        at = method.units.index(row.authority_code)
        of_others = np.delete(method.values[row.node_id].to_numpy(), at)[np.delete(method.reference, at)]
        for extreme in (of_others.min(), of_others.max()):
            found = method.band_with(row.authority_code, row.node_id, extreme)
            assert step * found <= step * method.bands[at], row


def test_one_band_change_by_hand(database: Path, explained: pd.DataFrame, method: Method) -> None:
    """Hertfordshire's fuel poverty, which is not treated. A county is in no mean, so a division is enough."""
    council, indicator = "E10000015", "fuel_poverty"
    ranked = frame(database, "select need_rank, need_z, need_band from composite_index order by need_rank")
    (own,) = frame(database, "from composite_index where authority_code = ?", council).to_dict("records")
    assert own["need_band"] == "very low"
    last_place = int(np.floor(317 * 4 / 5))  # of the low band
    gap = float(ranked["need_z"][last_place - 1]) - own["need_z"]
    share = method.values[indicator]
    missions, composite = method.means(method.z)
    of_energy = method.indicators[method.indicators["mission_id"] == "energy"]
    of_theme = of_energy[of_energy["theme_id"] == "warm_homes"]
    weight = (
        of_theme.loc[indicator, "weight"] / of_theme["weight"].sum() / of_energy["theme_id"].nunique() / len(MISSIONS)
    )
    means = (method.theme(method.z, of_theme), missions["energy"], composite)
    factor = weight / np.prod([mean[method.reference].std(ddof=1) for mean in means])
    needed = share[council] + gap / factor * share[method.reference].std(ddof=1)
    of_council = explained[explained["authority_code"] == council].set_index(["level", "node_id"])
    row = of_council.loc[("indicator", indicator)]
    assert row["needier_band_value"] == pytest.approx(needed, abs=1e-6)
    assert row["needier_band_deviations"] == pytest.approx(gap / factor, abs=1e-6)
    assert row["needier_band_need_rank"] == 1 + (share.drop(council) > needed).sum()
    assert of_council.loc[("composite", "composite"), "points_to_needier_band"] == pytest.approx(10 * gap, abs=1e-6)


def test_smallest_change_is_the_smallest(explained: pd.DataFrame, database: Path) -> None:
    """At most one per council and direction; no other figure of the council's own needs fewer deviations."""
    own = frame(
        database,
        "select authority_code, indicator_id as node_id from indicator_score "
        "where value_basis in ('published', 'aggregated', 'stale')",
    )
    for side in ("needier", "less_needy"):
        rows = changes(explained, side)
        candidates = rows.merge(own, on=["authority_code", "node_id"])
        assert rows["change_order"].notna().sum() == len(candidates)
        ordered = candidates.sort_values(["authority_code", "change_order"])
        assert (ordered.groupby("authority_code").cumcount() + 1 == ordered["change_order"]).all()
        size = ordered["deviations"].abs().round(9)
        assert (size.groupby(ordered["authority_code"]).diff().dropna() >= 0).all()


# --- The commands -----------------------------------------------------------------------------------------------------


def records(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_explain_prints_the_mart(ask: Ask, database: Path, explained: pd.DataFrame) -> None:
    found = records(ask("explain", "Adur", "--json"))
    assert found["authority"]["authority_name"] == "Adur"
    own = explained[explained["authority_code"] == "E07000223"].set_index(["level", "node_id"])
    assert {(r["level"], r["node_id"]) for r in found["explanation"]} == set(own.index)
    for record in found["explanation"]:
        row = own.loc[(record["level"], record["node_id"])]
        for column in own.columns:
            assert record[column] == (None if pd.isna(row[column]) else row[column]), column
    rows = list(csv.DictReader(io.StringIO(ask("explain", "Adur", "--csv").stdout)))
    assert [r["node_id"] for r in rows] == [r["node_id"] for r in found["explanation"]]
    assert [float(r["contribution"]) for r in rows] == [r["contribution"] for r in found["explanation"]]


def test_explain_says_it_in_words(ask: Ask, database: Path, explained: pd.DataFrame) -> None:
    result = ask("explain", "adur")
    assert result.exit_code == 0, result.stderr
    text = " ".join(result.stdout.split())
    (score,) = frame(database, "from composite_index where authority_code = 'E07000223'").to_dict("records")
    assert f"Rank {score['need_rank']} of 317" in text
    assert f"Need score {score['need_score']:.1f}" in text
    own = explained[explained["authority_code"] == "E07000223"].set_index(["level", "node_id"])
    for side, words in (("needier", "above"), ("less_needy", "below")):
        points = own.loc[("composite", "composite"), f"points_to_{side}_band"]
        assert f"starts {abs(points):.2f} points {words} its score" in text
    (smallest,) = own[own["less_needy_band_change_order"] == 1]["node_name"]
    assert smallest.split()[0] in text.split("One change that would do it")[1].split("Economic growth")[0]
    total = next(line for line in result.stdout.splitlines() if line.strip().startswith("All missions"))
    assert total.split()[2:] == [
        str(score["need_rank"]),
        *(f"{own.loc[('composite', 'composite'), f'points_above_{group}']:+.1f}" for group in GROUPS),
    ]
    edges = " ".join(ask("explain", "Blackpool").stdout.split())
    assert "It is already in the band with the highest need." in edges
    assert "No single indicator could do that" in edges


@pytest.mark.parametrize(
    "words",
    [
        ("explain", "Blackpool"),
        ("explain", "Surrey"),
        ("explain", "City of London"),
        ("explain", "Isles of Scilly"),
        ("compare", "Bournemouth, Christchurch and Poole", "Nottinghamshire", "Herefordshire", "Wigan", "Slough"),
        ("rank", "--top", "317"),
    ],
)
def test_eighty_columns_hold_everything(ask: Ask, words: tuple[str, ...]) -> None:
    result = ask(*words)
    assert result.exit_code == 0, result.stderr
    assert "…" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_compare_prints_the_marts(ask: Ask, database: Path) -> None:
    names = ["Blackpool", "Surrey", "City of London"]
    found = records(ask("compare", *names, "--json"))
    scores = frame(
        database,
        "select authority_name, need_score, need_rank from composite_index join dim_authority using (authority_code)",
    ).set_index("authority_name")
    composite = [r for r in found["scores"] if r["index_id"] == "composite"]
    assert [r["authority_name"] for r in composite] == names
    assert [r["need_score"] for r in composite] == [scores["need_score"][name] for name in names]
    assert [r["need_rank"] for r in composite] == [scores["need_rank"][name] for name in names]
    cells = frame(
        database,
        "select authority_name, indicator_id, value, contribution, value_basis from indicator_score "
        "join dim_authority using (authority_code)",
    ).set_index(["authority_name", "indicator_id"])
    assert len(found["indicators"]) == 3 * len(INDICATORS)
    for record in found["indicators"]:
        cell = cells.loc[(record["authority_name"], record["node_id"])]
        assert (record["value"], record["value_basis"]) == (cell["value"], cell["value_basis"])
        assert record["contribution"] == pytest.approx(cell["contribution"], abs=1e-12)
    contributions = cells["contribution"].unstack()[sorted({r["node_id"] for r in found["indicators"]})].loc[names]
    apart = 10 * (contributions.max() - contributions.min())
    assert found["indicators"][0]["node_id"] == apart.idxmax()
    assert found["indicators"][0]["points_apart"] == pytest.approx(apart.max())
    text = ask("compare", *names, "--top", "3").stdout
    assert text.count("points apart") + text.count("points\n") >= 3
    # No two of them are neighbours or of one type: the output says so.
    assert "3 pairs are not compared" in text
    assert len(list(csv.reader(io.StringIO(ask("compare", *names, "--csv").stdout)))) == 1 + 3 * len(INDICATORS)


def test_a_publication_of_an_older_schema_is_explained(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / DATABASE)) as connection:
        connection.execute("CREATE SCHEMA marts")
    result = CliRunner().invoke(cli.app, ["--published", str(tmp_path), "explain", "Blackpool"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        "This publication was made by another version and lacks what `missions explain` reads"
    )
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "names", [["Blackpool"], ["Blackpool", "blackpool"], ["Bolton", "Bury", "Leeds", "Kirklees", "Hull", "York"]]
)
def test_compare_takes_two_to_five(ask: Ask, names: list[str]) -> None:
    result = ask("compare", *names)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "2 to 5 different councils" in result.stderr
