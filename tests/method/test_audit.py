"""The audit of the framework: every statistic of its tree against NumPy. Its rules are in test_audit_rules.py."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.support.audit import ALL_SCORES, TREE, covariance_alpha
from tests.support.framework import INDICATORS, MISSIONS, THEMES

NODES = len(INDICATORS) + len(THEMES) + len(MISSIONS) + 1  # and the composite


@pytest.fixture(scope="module")
def nodes(marts: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return marts.execute("select node_id, parent_id, depth, weight from dim_framework_node").df().set_index("node_id")


@pytest.fixture(scope="module")
def families(nodes: pd.DataFrame) -> dict[str, pd.Series]:
    """The parts of each theme, of each mission and of the composite, with their weights."""
    return {str(parent): parts["weight"] for parent, parts in nodes.groupby("parent_id")}


@pytest.fixture(scope="module")
def audit(marts: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    found = marts.execute("from framework_audit").df()
    return found[found["statistic"].isin(TREE)].set_index(["node_id", "statistic"])


def test_every_statistic_is_that_of_numpy(
    scores: pd.DataFrame, nodes: pd.DataFrame, families: dict[str, pd.Series], audit: pd.DataFrame
) -> None:
    expected: dict[tuple[str, str], float] = {}
    for family, weights in families.items():
        names = list(weights.index)
        parts = scores[names].to_numpy()
        r = np.corrcoef(parts.T)
        off = ~np.eye(len(names), dtype=bool)
        expected[family, "cronbach_alpha"] = covariance_alpha(parts)
        expected[family, "mean_correlation_within"] = r[off].mean()
        variances, directions = np.linalg.eigh(r)
        expected[family, "first_component_share"] = variances[-1] / len(names)
        loadings = directions[:, -1] * np.sqrt(variances[-1]) * np.sign(directions[:, -1].sum())
        depth = nodes.loc[names[0], "depth"]
        for i, name in enumerate(names):
            others = np.delete(parts, i, axis=1)
            rest = others @ np.delete(weights.to_numpy(), i)
            expected[name, "loading"] = loadings[i]
            expected[name, "correlation_with_rest"] = np.corrcoef(parts[:, i], rest)[0, 1]
            if len(names) > 2:
                expected[name, "alpha_without"] = covariance_alpha(others)
            expected[name, "correlation_with_parent"] = np.corrcoef(parts[:, i], scores[family])[0, 1]
            if depth > 1:
                expected[name, "correlation_with_composite"] = np.corrcoef(parts[:, i], scores["composite"])[0, 1]
        if depth > 1:
            strangers = list(nodes[(nodes["depth"] == depth) & (nodes["parent_id"] != family)].index)
            across = np.corrcoef(scores[names + strangers].to_numpy().T)[: len(names), len(names) :]
            expected[family, "mean_correlation_across"] = across.mean()
    assert set(audit.index) == set(expected)
    for (node, statistic), value in expected.items():
        near = 1e-6 if statistic == "loading" else 1e-9
        assert audit.loc[(node, statistic), "value"] == pytest.approx(value, abs=near), (node, statistic)


def test_the_mean_loading_is_positive(families: dict[str, pd.Series], audit: pd.DataFrame) -> None:
    for weights in families.values():
        assert sum(audit.loc[(name, "loading"), "value"] for name in weights.index) > 0


def test_pairs_are_those_of_numpy_and_redundant_ones_are_flagged(
    marts: duckdb.DuckDBPyConnection, scores: pd.DataFrame, nodes: pd.DataFrame
) -> None:
    pairs = marts.execute("from framework_audit_pair").df()
    assert len(pairs) == NODES * (NODES - 1) // 2
    r = scores.corr()
    expected = np.array([r.loc[a, b] for a, b in zip(pairs["node_id"], pairs["other_node_id"], strict=True)])
    assert np.abs(pairs["correlation"] - expected).max() < 1e-9
    parent = nodes["parent_id"].dropna().to_dict()
    above: dict[str, set[str]] = {}
    for node in nodes.sort_values("depth").index:
        above[node] = above[parent[node]] | {parent[node]} if node in parent else set()
    for row in pairs.itertuples():
        a, b = row.node_id, row.other_node_id
        if a in parent and parent[a] == parent.get(b):
            relation = "within"
        elif a in above[b] or b in above[a]:
            relation = "part_and_whole"
        else:
            relation = "across"
        assert row.relation == relation, (a, b)
    redundant = pairs[(pairs["relation"] != "part_and_whole") & (pairs["correlation"].abs() > 0.9)]
    assert set(redundant.index) == set(pairs[pairs["is_redundant"]].index)
    assert 0 < redundant["is_of_indicators"].sum() < 10


def test_the_earlier_framework_has_its_alpha_too(
    marts: duckdb.DuckDBPyConnection, warehouse: duckdb.DuckDBPyConnection, families: dict[str, pd.Series]
) -> None:
    """Alpha of every node with parts in both frameworks, by Cronbach's own form on the scores of its parts."""
    quality = marts.execute(
        "select framework_id, node_id, value from framework_quality where statistic = 'cronbach_alpha'"
    )
    found = quality.df().set_index(["framework_id", "node_id"])["value"]
    tree = marts.execute("select node_id, parent_id from other_framework_node where framework_id = 'first'").df()
    parts = {("second", family): list(weights.index) for family, weights in families.items()}
    parts |= {("first", str(f)): [f"first.{n}" for n in some["node_id"]] for f, some in tree.groupby("parent_id")}
    wide = warehouse.execute(ALL_SCORES).df().pivot(index="unit_id", columns="node_id", values="score")
    assert set(found.index) == set(parts)
    for key, names in parts.items():
        assert found[key] == pytest.approx(covariance_alpha(wide[names].to_numpy()), abs=1e-9), key
