"""The audit of the framework: its statistics against NumPy, and its bounds against damage."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.conftest import PATIENCE, ROOT
from tests.support.framework import INDICATORS, MISSIONS

Numbers = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
NODES = len(INDICATORS) + len(MISSIONS) + 1  # and the composite


@pytest.fixture(scope="module")
def scores(marts: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Published z of the reference set: a row per council, a column per indicator, mission and the composite."""
    long = marts.execute(
        """
        select authority_code, indicator_id as node_id, need_z from indicator_score
        union all select authority_code, mission_id, need_z from mission_index
        union all select authority_code, 'composite', need_z from composite_index
        """
    ).df()
    reference = marts.execute("select authority_code from dim_authority where is_in_reference_set").df()
    wide = long.merge(reference).pivot(index="authority_code", columns="node_id", values="need_z")
    assert wide.shape == (296, NODES)
    return wide


@pytest.fixture(scope="module")
def families(marts: duckdb.DuckDBPyConnection) -> dict[str, pd.Series]:
    """The parts of each mission and of the composite, with their weights."""
    indicators = marts.execute("select mission_id, indicator_id, weight from dim_indicator").df()
    missions = marts.execute("select mission_id, weight from dim_mission").df()
    found = {str(m): part.set_index("indicator_id")["weight"] for m, part in indicators.groupby("mission_id")}
    return found | {"composite": missions.set_index("mission_id")["weight"]}


@pytest.fixture(scope="module")
def audit(marts: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return marts.execute("from framework_audit").df().set_index(["node_id", "statistic"])


def covariance_alpha(parts: Numbers) -> float:
    """Cronbach's own form: k / (k - 1) (1 - sum of the variances / variance of the sum)."""
    k = parts.shape[1]
    return float(k / (k - 1) * (1 - parts.var(axis=0, ddof=1).sum() / parts.sum(axis=1).var(ddof=1)))


def test_every_statistic_is_that_of_numpy(
    scores: pd.DataFrame, families: dict[str, pd.Series], audit: pd.DataFrame
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
        for i, name in enumerate(names):
            others = np.delete(parts, i, axis=1)
            rest = others @ np.delete(weights.to_numpy(), i)
            expected[name, "loading"] = loadings[i]
            expected[name, "correlation_with_rest"] = np.corrcoef(parts[:, i], rest)[0, 1]
            expected[name, "alpha_without"] = covariance_alpha(others)
            expected[name, "correlation_with_parent"] = np.corrcoef(parts[:, i], scores[family])[0, 1]
            if family != "composite":
                expected[name, "correlation_with_composite"] = np.corrcoef(parts[:, i], scores["composite"])[0, 1]
        if family != "composite":
            strangers = [n for other, w in families.items() if other not in (family, "composite") for n in w.index]
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
    marts: duckdb.DuckDBPyConnection, scores: pd.DataFrame, families: dict[str, pd.Series]
) -> None:
    pairs = marts.execute("from framework_audit_pair").df()
    assert len(pairs) == NODES * (NODES - 1) // 2
    r = scores.corr()
    expected = np.array([r.loc[a, b] for a, b in zip(pairs["node_id"], pairs["other_node_id"], strict=True)])
    assert np.abs(pairs["correlation"] - expected).max() < 1e-9
    family_of = {name: family for family, weights in families.items() for name in weights.index}
    for row in pairs.itertuples():
        a, b = row.node_id, row.other_node_id
        if family_of.get(a) == family_of.get(b):
            relation = "within"
        elif "composite" in (a, b) or family_of[a] == b or family_of[b] == a:
            relation = "part_and_whole"
        else:
            relation = "across"
        assert row.relation == relation, (a, b)
    redundant = pairs[(pairs["relation"] != "part_and_whole") & (pairs["correlation"].abs() > 0.92)]
    assert set(redundant.index) == set(pairs[pairs["is_redundant"]].index)
    assert 0 < len(redundant) < 10


def test_bounds_are_kept_except_for_dated_exceptions(audit: pd.DataFrame) -> None:
    bounded = audit[audit["lower_bound"].notna()].reset_index()
    assert set(bounded["statistic"]) == {"cronbach_alpha", "loading", "correlation_with_rest"}
    of_alpha = bounded["statistic"] == "cronbach_alpha"
    assert set(bounded[of_alpha]["lower_bound"]) == {0.7}
    assert bounded[~of_alpha]["lower_bound"].to_numpy() == pytest.approx(-1.96 / np.sqrt(296), abs=1e-12)
    below = bounded["value"] < bounded["lower_bound"]
    assert set(bounded[below]["status"]) == {"exception"}
    assert set(bounded[~below]["status"]) == {"within_bound"}
    stated = pd.read_csv(ROOT / "seeds/framework/second/audit_exception.csv")
    shown = bounded[below]
    assert set(zip(shown["node_id"], shown["statistic"], strict=True)) == set(
        zip(stated["node_id"], stated["statistic"], strict=True)
    )
    assert (shown["value"] >= shown["exception_lower_bound"]).all()
    assert (shown["exception_reason"].str.len() > 40).all() and shown["exception_noted_date"].notna().all()


def blocking_test(warehouse: Path) -> set[tuple[str, str]]:
    """What assert_framework_holds_together finds in a warehouse, as dbt would run it."""
    sql = (ROOT / "dbt_project/tests/assert_framework_holds_together.sql").read_text(encoding="utf-8")
    schemas = {"int": "intermediate", "stg": "staging"}

    def relation(match: re.Match[str]) -> str:
        return f"{schemas.get(match[1].split('_')[0], 'marts')}.{match[1]}"

    sql = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", relation, re.sub(r"\{\{ config.*?\}\}\n", "", sql))
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {(node, statistic) for node, statistic, _ in connection.execute(sql).fetchall()}


@pytest.mark.slow
def test_faults_and_needless_exceptions_stop_the_run(database: Path, home: Path, tmp_path: Path) -> None:
    """A reversed indicator, a missing exception, a needless one, and one for a node that does not exist."""
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy2(home / "build/warehouse.duckdb", warehouse)
    assert blocking_test(warehouse) == set()
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            """
            update intermediate.int_node_scores set score = -score where node_id = 'robbery';
            delete from raw.audit_exception where node_id = 'apprenticeship_starts' and statistic = 'loading';
            insert into raw.audit_exception (node_id, statistic, lower_bound, noted_date, reason) values
                ('smoking', 'loading', -1, date '2026-11-25', 'needless'),
                ('gone', 'loading', -1, date '2026-11-25', 'no such node'),
                ('smoking', 'alpha_without', -1, date '2026-11-25', 'no such bound');
            """
        )
    result = subprocess.run(
        [
            str(Path(sys.executable).parent / "dbt"),
            *("run", "--profiles-dir", ".", "--select", "int_audit_correlations+"),
            *("--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs")),
        ],
        cwd=home / "dbt_project",
        env={**os.environ, "MISSIONS_WAREHOUSE": str(warehouse)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert result.returncode == 0, result.stdout
    assert blocking_test(warehouse) == {
        ("robbery", "loading"),
        ("robbery", "correlation_with_rest"),
        ("apprenticeship_starts", "loading"),
        ("smoking", "loading"),
        ("gone", "loading"),
        ("smoking", "alpha_without"),
    }
