"""What must be true of each method of `missions score`, whatever the values: order, scale, ties, gaps, periods, forms.

Several methods are leaves of one framework on the same values, so that one run tests them all.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from missions.scoring.score_files import score_files
from tests.support.index_files import Frame, Index, node

examples = settings(max_examples=5, deadline=None, derandomize=True)
number = st.integers(1, 400).map(lambda whole: whole / 8)


@st.composite
def columns(draw: st.DrawFn, sizes: tuple[int, ...] = (4, 5, 8, 9)) -> pd.Series:
    """Positive values with ties, at least two of them different."""
    size = draw(st.sampled_from(sizes))
    values = draw(st.lists(number, min_size=size, max_size=size).filter(lambda drawn: len(set(drawn)) > 1))
    return pd.Series(values, index=[f"u{place}" for place in range(size)])


def scored(values: Frame, leaves: list[dict[str, Any]], **unit_columns: pd.Series) -> dict[str, Frame]:
    """Score leaves under one root; return the results, those of leaves as wide tables."""
    with tempfile.TemporaryDirectory() as folder:
        index = Index(Path(folder), values, [node("index", aggregation="arithmetic"), *leaves])
        if unit_columns:
            index.write("units", pd.DataFrame(unit_columns).rename_axis("unit_id").reset_index())
        index.run()
        wide = {name: index.result(name).reindex(values.index) for name in ("treated", "normalised")}
        return wide | {"scores": pd.read_csv(index.out / "scores.csv")}


def leaves_of(methods: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [node(name, "index", **method) for name, method in methods.items()]


KEPT = {
    "ln": {"treatment": "ln"},
    "square": {"treatment": "square"},
    "cube": {"treatment": "cube"},
    "square_root": {"treatment": "square_root"},
    "power": {"treatment": "power", "parameters": {"exponent": 1.7}},
    "cap": {"treatment": "cap", "parameters": {"lower_percentile": 10, "upper_percentile": 85}},
    "goalposts": {"normalisation": "goalposts", "parameters": {"lower": 5, "upper": 30}},
    "passed": {
        "normalisation": "goalposts",
        "parameters": {"lower": 5, "upper": 30, "from": 1, "to": 9, "limited": False},
    },
    "range": {"normalisation": "min_max", "parameters": {"lower": 10, "upper": 20}},
    "tied": {"normalisation": "rank", "parameters": {"ties": "mean"}},
    "lowest": {"normalisation": "percentile_rank", "parameters": {"ties": "lowest"}},
    "exponential": {"normalisation": "exponential", "parameters": {"ties": "mean", "steepness": 40}},
    "weighted": {"normalisation": "z_score", "parameters": {"weighted": True, "mean": 100, "deviation": 10}},
}


@examples
@given(column=columns(), weights=st.lists(st.integers(1, 9), min_size=9, max_size=9))
def test_a_higher_value_never_scores_lower(column: pd.Series, weights: list[int]) -> None:
    """Nor, reversed, higher; and what is tied is scored alike."""
    reversed_ = {"reciprocal": {"treatment": "reciprocal"}} | {
        f"{name} turned": method | {"direction": -1} for name, method in KEPT.items()
    }
    methods = KEPT | reversed_
    values = pd.DataFrame(dict.fromkeys(methods, column))
    found = scored(values, leaves_of(methods), weight=pd.Series(weights[: len(column)], index=column.index))
    order = column.sort_values().index
    for name in methods:
        steps = found["normalised"].loc[order, name].diff().dropna()
        steps = -steps if name in reversed_ else steps
        assert (steps >= -1e-12).all(), name
        assert (found["normalised"][name].groupby(column).nunique() == 1).all(), name


@examples
@given(column=columns(), factor=st.sampled_from([1e-3, 0.5, 12.0]), shift=st.sampled_from([0.0, -7.0, 1000.0]))
def test_z_scores_do_not_depend_on_the_unit(column: pd.Series, factor: float, shift: float) -> None:
    """Nor weighted ones on the scale of the weights; with equal weights they are the plain ones."""
    weighted = {"normalisation": "z_score", "parameters": {"weighted": True}}
    methods = {"plain": {"normalisation": "z_score"}, "weighted": weighted, "other": weighted}
    values = pd.DataFrame({"plain": column, "weighted": column, "other": factor * column + shift})
    weight = pd.Series(range(1, len(column) + 1), index=column.index)
    equal = scored(values, leaves_of(methods), weight=weight * 0 + 3)["normalised"]
    assert equal["weighted"].to_numpy() == pytest.approx(equal["plain"].to_numpy())
    runs = [scored(values, leaves_of(methods), weight=weight * scale)["normalised"] for scale in (1, 250)]
    for run in runs:
        assert run["other"].to_numpy() == pytest.approx(run["weighted"].to_numpy())
        assert run["weighted"].to_numpy() == pytest.approx(runs[0]["weighted"].to_numpy())
    mean = np.average(column, weights=weight)
    assert np.sign(runs[0]["weighted"].round(9)).tolist() == np.sign((column - mean).round(9)).tolist()


@examples
@given(column=columns(sizes=(5, 9)), lowest=st.integers(0, 2))
def test_caps_and_forced_winsorising(column: pd.Series, lowest: int) -> None:
    """A cap is at numpy's percentile; where that is a value, a second cap changes nothing. The ends are cut."""
    bounds = {"lower_percentile": 25, "upper_percentile": 75}
    methods = {
        "cap": {"treatment": "cap", "parameters": bounds},
        "whole": {"treatment": "cap", "parameters": {"lower_percentile": 0}},
        "cut": {"treatment": "winsorise", "parameters": {"lowest": lowest, "highest": 1}},
    }
    different = sorted(set(column))
    # Otherwise nothing would be left to score, which is an error.
    assume(len(different) > lowest + 2 and column.clip(*np.percentile(column, [25, 75])).nunique() > 1)
    once = scored(pd.DataFrame(dict.fromkeys(methods, column)), leaves_of(methods))["treated"]
    assert once["cap"].to_numpy() == pytest.approx(column.clip(*np.percentile(column, [25, 75])).to_numpy())
    assert once["whole"].tolist() == column.tolist()
    assert once["cut"].tolist() == column.clip(different[lowest], different[-2]).tolist()
    twice = scored(pd.DataFrame({"cap": once["cap"]}), leaves_of({"cap": methods["cap"]}))["treated"]
    assert twice["cap"].to_numpy() == pytest.approx(once["cap"].to_numpy())


@examples
@given(column=columns(), decimals=st.integers(0, 1))
def test_ties(column: pd.Series, decimals: int) -> None:
    """Ranks at the mean of tied places sum to the whole; scores are ranked as rounded."""
    leaf = {"normalisation": "rank", "parameters": {"ties": "mean"}}
    found = scored(pd.DataFrame({"a": column}), leaves_of({"a": leaf}))["normalised"]["a"]
    assert found.tolist() == column.rank().tolist()
    assert found.sum() == len(column) * (len(column) + 1) / 2
    with tempfile.TemporaryDirectory() as folder:
        root = node("index", aggregation="arithmetic", parameters={"decimals": decimals})
        index = Index(Path(folder), pd.DataFrame({"a": column}), [root, node("a", "index")]).run()
        scores = pd.read_csv(index.out / "scores.csv", index_col="unit_id").reindex(column.index)
    rounded = (column * 10**decimals + 0.5).apply(np.floor)  # halves are rounded up, as in SQL
    assert scores["rank"].tolist() == rounded.rank(method="min", ascending=False).tolist()
    assert scores["score"].tolist() == column.tolist()


@examples
@given(
    column=columns(sizes=(8, 9)),
    gaps=st.sets(st.integers(0, 7), min_size=1, max_size=6),
    fill=st.sampled_from(["mean", "median"]),
)
def test_gaps_are_filled_from_the_group(column: pd.Series, gaps: set[int], fill: str) -> None:
    """Every gap of a group with a score, and nothing else; the others' scores do not change."""
    group = pd.Series(["north", "south"] * 5, index=[f"u{place}" for place in range(10)])[column.index]
    holed = column.copy()
    holed.iloc[sorted(gaps)] = np.nan
    assume(holed.nunique() > 1)
    values = pd.DataFrame({"a": holed, "b": column})
    scale = {"normalisation": "goalposts", "parameters": {"lower": 0, "upper": 50}}
    filling = scale | {"parameters": scale["parameters"] | {"fill": f"group_{fill}"}}  # type: ignore[operator]
    plain = scored(values, leaves_of({"a": scale, "b": scale}))["normalised"]["a"]
    found = scored(values, leaves_of({"a": filling, "b": scale}), group=group)["normalised"]["a"]
    expected = plain.fillna(plain.groupby(group).transform(fill))
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), nan_ok=True)


@settings(max_examples=2, deadline=None, derandomize=True)
@given(first=columns(sizes=(5,)), second=columns(sizes=(5,)), other=columns(sizes=(5,)))
def test_a_panel_is_its_periods_and_a_wide_table_is_a_long_one(
    first: pd.Series, second: pd.Series, other: pd.Series
) -> None:
    """Without a base each period has the results of a run of its own; the wide form has those of the long."""
    nodes = leaves_of({"a": KEPT["range"], "b": KEPT["tied"]})
    years = {"2019": pd.DataFrame({"a": first, "b": other}), "2020": pd.DataFrame({"a": second, "b": first})}
    with tempfile.TemporaryDirectory() as folder:
        index = Index(Path(folder), years["2019"], [node("index", aggregation="arithmetic"), *nodes])
        panel = pd.concat(years, names=["period", "unit_id"])
        long = panel.rename_axis(columns="node_id").stack().rename("value").reset_index()
        results = []
        for form in (long, panel.reset_index()):
            index.write("observations", form)
            score_files(index.path("units"), index.path("observations"), index.path("framework"), index.out)
            results.append(pd.read_csv(index.out / "scores.csv", dtype={"period": str}))
    pd.testing.assert_frame_equal(*results)
    for year, values in years.items():
        own = results[0][results[0]["period"] == year].drop(columns="period").reset_index(drop=True)
        pd.testing.assert_frame_equal(own, scored(values, nodes)["scores"])
