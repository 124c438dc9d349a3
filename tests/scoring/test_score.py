"""`missions score` against dbt's results, results published by others, and formulas by hand and in NumPy."""

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from missions.scoring import CHAIN, run_chain, run_model
from missions.scoring.model_names import FURTHER, INPUTS
from missions.scoring.models import model_sql, project_variables
from tests.conftest import SHARED
from tests.support.index_files import Frame, Index, node

COINR = SHARED / "reference/coinr-asem"
IMD = SHARED / "sources/mhclg-iod-2025/imd2025_england_lsoa21.csv.gz"
LEVELS = project_variables()["framework_levels"]
needs_coinr = pytest.mark.skipif(not COINR.is_dir(), reason="needs COINr's results in ../shared")
needs_imd = pytest.mark.skipif(not IMD.is_file(), reason="needs the Indices of Deprivation in ../shared")


@pytest.fixture
def index(tmp_path: Path) -> Callable[..., Index]:
    """Make an index for the test and score it."""
    numbers = itertools.count()

    def make(values: Frame, nodes: list[dict[str, Any]], outside: tuple[str, ...] = ()) -> Index:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return Index(folder, values, nodes, outside).run()

    return make


def farthest(found: Frame, expected: Frame) -> float:
    """The largest difference; a value missing in one must be missing in the other."""
    expected = expected.loc[found.index, found.columns]
    assert (found.isna() == expected.isna()).all(axis=None)
    return float((found - expected).abs().max(axis=None))


# --- The rendered SQL is dbt's --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [*CHAIN, *FURTHER])
def test_the_rendered_sql_is_what_dbt_compiles(database: Path, home: Path, model: str) -> None:
    target = home / "dbt_project/target"
    manifest = json.loads((target / "manifest.json").read_text())
    [node] = (n for n in manifest["nodes"].values() if (n["resource_type"], n["name"]) == ("model", model))
    compiled = (target / "compiled" / manifest["metadata"]["project_name"] / node["original_file_path"]).read_text()
    for parent in node["depends_on"]["nodes"]:
        relation = manifest["nodes"][parent]
        compiled = compiled.replace(relation["relation_name"], relation["name"])
    assert model_sql(model) == compiled


def test_dbt_and_the_rendered_sql_agree(database: Path, home: Path) -> None:
    """On the data of the index: every number in every model."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"attach '{home / 'build/warehouse.duckdb'}' as warehouse (read_only)")
        for table in INPUTS:
            layer = "staging" if table.startswith("stg") else "intermediate"
            # Not a copy: DuckDB orders joins, and with them sums, by the statistics of the file.
            connection.execute(f"create view {table} as from warehouse.{layer}.{table}")
        run_chain(connection)
        for model in FURTHER:
            run_model(connection, model)
        for model in (*CHAIN, *FURTHER):
            layer = "intermediate" if model.startswith("int") else "marts"
            ours, theirs = (
                connection.execute(f"from {name} order by all").df() for name in (model, f"warehouse.{layer}.{model}")
            )
            assert len(ours) > 0
            pd.testing.assert_frame_equal(ours, theirs, rtol=0, atol=1e-12, check_dtype=False, obj=model)


def test_the_command_gives_the_published_index(
    database: Path, home: Path, tmp_path: Path, missions: Callable[..., Any]
) -> None:
    """From three files, with the framework from seeds."""
    with duckdb.connect(str(database), read_only=True) as marts:
        marts.execute("set schema = 'marts'")
        for name, query in {
            "units": "select authority_code as unit_id, authority_name as unit_name, authority_type as 'group', "
            "is_in_reference_set as in_reference_set from dim_authority order by authority_name",
            "observations": "select authority_code as unit_id, indicator_id as node_id, value from indicator_score",
        }.items():
            marts.execute(f"copy ({query}) to '{tmp_path / name}.csv'")
        expected = marts.execute(
            "select authority_code as unit_id, 'composite' as node_id, need_z as score, need_rank as rank "
            "from composite_index union all select authority_code, mission_id, need_z, need_rank from mission_index "
            "union all select authority_code, theme_id, need_z, need_rank from theme_index"
        ).df()
        z = marts.execute("select authority_code as unit_id, indicator_id as node_id, need_z from indicator_score").df()
        treatments = marts.execute("from indicator_treatment order by indicator_id").df()
    arguments = [f"--{name}={tmp_path / name}.csv" for name in ("units", "observations")]
    done = missions(
        "score", *arguments, f"--framework={home}/seeds/framework/second/framework.csv", f"--out={tmp_path}/out"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "317 units scored on 65 leaves and 27 aggregates" in done.stdout
    keys = ["unit_id", "node_id"]
    found = pd.read_csv(tmp_path / "out/scores.csv").merge(expected, on=keys, how="outer")
    assert len(found) == 317 * 27
    assert (found["score_x"] - found["score_y"]).abs().max() < 1e-12
    assert (found["rank_x"] == found["rank_y"]).all()
    leaves = pd.read_csv(tmp_path / "out/normalised.csv").merge(z, on=keys, how="outer")
    assert (leaves["value"] - leaves["need_z"]).abs().max() < 1e-12
    treatment = pd.read_csv(tmp_path / "out/treatment.csv")
    assert list(treatment["winsorised_steps"]) == list(treatments["winsorised_values"])
    assert list(treatment["is_logged"]) == list(treatments["outcome"] == "logged")


# --- Results published by others ------------------------------------------------------------------------------------


def coinr(name: str) -> Frame:
    return pd.read_csv(COINR / name).set_index("uCode").rename_axis("unit_id")


def asem(normalisation: str, aggregation: str = "arithmetic", **parameters: float) -> list[dict[str, Any]]:
    """The framework of COINr's example, with one method for all leaves and one for all aggregates."""
    meta = pd.read_csv(COINR / "ASEM_iMeta.csv")
    meta = meta[meta["Type"].isin(["Indicator", "Aggregate"])].fillna({"Parent": "", "Direction": 1})
    leaf = {"treatment": "winsorise_then_log", "normalisation": normalisation, "parameters": parameters}
    return [
        node(
            row["iCode"],
            row["Parent"],
            weight=row["Weight"],
            direction=int(row["Direction"]),
            **(leaf if row["Type"] == "Indicator" else {"aggregation": aggregation}),
        )
        for row in meta.to_dict("records")
    ]


@needs_coinr
def test_coinr_default_index(index: Callable[..., Index]) -> None:
    """49 indicators of 51 countries, four levels: treated, normalised, aggregated and ranked as COINr does."""
    done = index(coinr("default_Imputed.csv"), asem("min_max", lower=0, upper=100))
    assert farthest(done.result("treated"), coinr("default_Treated.csv")) < 1e-9
    assert farthest(done.result("normalised"), coinr("default_Normalised.csv")) < 1e-9
    assert farthest(done.result("scores", "score"), coinr("default_Aggregated.csv")) < 1e-9
    assert farthest(done.result("scores", "rank"), coinr("default_results_ranks.csv")) == 0
    assert done.result("treated").shape == (51, 49)
    assert done.result("scores", "rank").shape == (51, 11)


@needs_coinr
def test_coinr_z_scores(index: Callable[..., Index]) -> None:
    done = index(coinr("default_Imputed.csv"), asem("z_score"))
    expected, ranks = coinr("variant_zscore_amean.csv"), coinr("variant_zscore_amean_ranks.csv")
    assert farthest(done.result("normalised"), expected) < 1e-9
    assert farthest(done.result("scores", "score"), expected) < 1e-9
    assert farthest(done.result("scores", "rank"), ranks) == 0
    assert farthest(done.result("normalised").rank(ascending=False, method="min"), ranks) == 0


@needs_coinr
@pytest.mark.parametrize("aggregation", ["geometric", "harmonic"])
def test_coinr_other_means(index: Callable[..., Index], aggregation: str) -> None:
    """COINr's normalised data put through its formulas for the other means, level by level."""
    nodes = asem("min_max", aggregation, lower=1, upper=100)
    done = index(coinr("default_Imputed.csv"), nodes)
    leaves = 1 + coinr("default_Normalised.csv") * 0.99
    assert farthest(done.result("normalised"), leaves) < 1e-9
    scores = dict(leaves.items())
    for parent in [row["node_id"] for row in nodes if row["aggregation"]]:  # children before parents, as in iMeta
        children = [row for row in nodes if row["parent_id"] == parent]
        x = pd.DataFrame({row["node_id"]: scores[row["node_id"]] for row in children})
        weights = np.array([float(row["weight"]) for row in children])
        if aggregation == "geometric":
            scores[parent] = np.exp((np.log(x) * weights).sum(axis=1) / weights.sum())
        else:
            scores[parent] = weights.sum() / (weights / x).sum(axis=1)
    found = done.result("scores", "score")
    assert farthest(found, pd.DataFrame({name: scores[name] for name in found})) < 1e-9


@needs_imd
def test_index_of_multiple_deprivation_2025(index: Callable[..., Index]) -> None:
    """All 33,755 small areas from their seven domain ranks, where 1 is the most deprived.

    The published weights sum to 0.999 and the published score is a weighted sum, not a mean: the goalposts of the root
    make up for the thousandth.
    """
    weights = {
        **{"Income": 0.225, "Employment": 0.225, "Education": 0.135, "Health": 0.135},
        **{"Crime": 0.093, "Housing_and_Services": 0.093, "Environment": 0.093},
    }
    published = pd.read_csv(IMD).set_index("lsoa21_code")
    done = index(
        pd.DataFrame({name: published[f"{name}_rank"] for name in weights}),
        [
            node(
                "imd", "", "arithmetic", normalisation="goalposts", parameters={"lower": 0, "upper": 100, "scale": 99.9}
            ),
            *(node(n, "imd", weight=w, direction=-1, normalisation="exponential") for n, w in weights.items()),
        ],
    )
    found = published.join(pd.read_csv(done.out / "scores.csv").set_index("unit_id"))
    assert len(found) == 33_755
    assert (found["score"] - found["IMD_score"]).abs().max() < 0.001
    assert (found["rank"] == found["IMD_rank"]).mean() >= 0.9999


# --- Formulas by hand -----------------------------------------------------------------------------------------------


def test_a_human_development_index(index: Callable[..., Index]) -> None:
    """Goalposts, two levels, geometric mean: the method of the Human Development Report, for invented countries."""
    values = pd.DataFrame(
        {
            "life": [82.4, 52.5, 90.0],
            "expected": [18.2, 5.6, 23.0],
            "mean": [13.0, 2.3, 14.9],
            "ln_gni": [11.1, 6.4, 12.0],
        },
        index=["north", "south", "beyond"],
    )
    done = index(
        values,
        [
            node("hdi", "", "geometric"),
            node("life", "hdi", normalisation="goalposts", parameters={"lower": 20, "upper": 85}),
            node("education", "hdi", "arithmetic"),
            node("expected", "education", normalisation="goalposts", parameters={"lower": 0, "upper": 18}),
            node("mean", "education", normalisation="goalposts", parameters={"lower": 0, "upper": 15}),
            node(
                "ln_gni",
                "hdi",
                normalisation="goalposts",
                parameters={"lower": math.log(100), "upper": math.log(75_000)},
            ),
        ],
    )
    income = (math.log(75_000) - math.log(100), math.log(100))
    south = (32.5 / 65 * (5.6 / 18 + 2.3 / 15) / 2 * (6.4 - income[1]) / income[0]) ** (1 / 3)
    north = (62.4 / 65 * (1 + 13 / 15) / 2 * (11.1 - income[1]) / income[0]) ** (1 / 3)
    beyond = ((1 + 14.9 / 15) / 2) ** (1 / 3)  # life and income are cut to 1, as are the expected years
    found = done.result("scores", "score")["hdi"]
    assert dict(found) == pytest.approx({"north": north, "south": south, "beyond": beyond}, abs=1e-12)
    assert dict(done.result("scores", "rank")["hdi"]) == {"beyond": 1, "north": 2, "south": 3}


def test_ranks_with_ties_and_units_outside_the_reference_set(index: Callable[..., Index]) -> None:
    """1 2 2 4 in the reference set; outside are 2 (one below it: rank 2), 3 (rank 4) and 9 (rank 5 of five)."""
    values = pd.DataFrame({"x": [1.0, 2, 2, 4, 2, 3, 9]}, index=list("abcdefg"))
    expected = {
        ("rank", 1): [1, 2, 2, 4, 2, 4, 5],
        ("rank", -1): [4, 2, 2, 1, 2, 2, 1],
        ("percentile_rank", 1): [0, 1 / 3, 1 / 3, 1, 1 / 4, 3 / 4, 1],
        ("percentile_rank", -1): [1, 1 / 3, 1 / 3, 0, 1 / 4, 1 / 4, 0],
    }
    for (normalisation, direction), scores in expected.items():
        nodes = [node("root", "", "arithmetic"), node("x", "root", direction=direction, normalisation=normalisation)]
        found = index(values, nodes, outside=("e", "f", "g")).result("normalised")["x"]
        assert list(found) == pytest.approx(scores, abs=1e-15), (normalisation, direction)


def test_missing_children_and_the_least_share(index: Callable[..., Index]) -> None:
    """Weights 1, 1, 2 are rescaled over the children present; `half` needs half of the weight, `whole` all of it."""
    values = pd.DataFrame(
        {"a": [8.0, 8, np.nan, np.nan], "b": [4.0, np.nan, 4, np.nan], "c": [2.0, np.nan, 2, np.nan]},
        index=list("wxyz"),
    )
    leaves = [("a", 1), ("b", 1), ("c", 2)]
    nodes = [node("root", "", "arithmetic")]
    wide = {}
    for name, share in {"any": "", "half": 0.5, "whole": 1}.items():
        nodes.append(node(name, "root", "arithmetic", least_share=share))
        nodes += [node(f"{name}_{leaf}", name, weight=weight) for leaf, weight in leaves]
        wide |= {f"{name}_{leaf}": values[leaf] for leaf, _ in leaves}
    done = index(pd.DataFrame(wide), nodes)
    found = done.result("scores", "score")
    assert list(found["any"]) == pytest.approx([4, 8, 8 / 3, math.nan], nan_ok=True)
    assert list(found["half"]) == pytest.approx([4, math.nan, 8 / 3, math.nan], nan_ok=True)
    assert list(found["whole"]) == pytest.approx([4, math.nan, math.nan, math.nan], nan_ok=True)
    assert list(found["root"]) == pytest.approx([4, 8, 8 / 3, math.nan], nan_ok=True)
    assert list(done.result("scores", "rank")["half"]) == pytest.approx([1, math.nan, 2, math.nan], nan_ok=True)


def test_each_aggregate_may_be_normalised_again(index: Callable[..., Index]) -> None:
    values = pd.DataFrame({"a": [1.0, 2, 4, 9], "b": [1.0, 5, 3, 7]}, index=list("wxyz"))
    mean = (values["a"] + values["b"]) / 2
    place = pd.Series([0, 1 / 3, 1 / 3, 1], index=values.index)  # the middle two are both 3.5
    for normalisation, parameters, expected in [
        ("", {}, mean),
        ("z_score", {}, (mean - mean.mean()) / mean.std()),
        ("min_max", {"lower": 10, "upper": 20}, 10 + 10 * (mean - 1) / 7),
        ("rank", {}, 1 + 3 * place),
        ("percentile_rank", {}, place),
        ("goalposts", {"lower": 2, "upper": 6, "scale": 4}, mean.clip(2, 6) - 2),
    ]:
        root = node("root", "", "arithmetic", normalisation=normalisation, parameters=parameters)
        found = index(values, [root, node("a", "root"), node("b", "root")]).result("scores", "score")["root"]
        assert list(found) == pytest.approx(list(expected), abs=1e-12), normalisation


def test_log_without_a_test(index: Callable[..., Index]) -> None:
    """The plain shifted log, of values that need no treatment; those outside the reference set are cut to its range."""
    values = pd.DataFrame({"x": [1.0, 2, 5, 11, 100, -3]}, index=list("abcdef"))
    done = index(values, [node("root", "", "arithmetic"), node("x", "root", treatment="log")], outside=("e", "f"))
    expected = [math.log(x - 1 + 0.1) for x in (1, 2, 5, 11, 11, 1)]
    assert list(done.result("treated")["x"]) == pytest.approx(expected, abs=1e-15)
    treatment = pd.read_csv(done.out / "treatment.csv").iloc[0]
    assert (treatment["winsorised_steps"], treatment["is_logged"]) == (0, True)


@pytest.mark.parametrize("scale, shift", [(1, 0), (1e-6, 1e3), (1e9, -1e12), (-1e-3, 5)])
def test_skewness_and_kurtosis_hold_on_any_scale(index: Callable[..., Index], scale: float, shift: float) -> None:
    """Against the textbook formula in exact fractions: a small spread around a large mean must not lose digits."""
    from fractions import Fraction

    x = np.round(np.random.default_rng(5).lognormal(0, 1.5, 200), 3) * scale + shift
    done = index(
        pd.DataFrame({"x": x}, index=[f"u{i}" for i in range(len(x))]),
        [node("root", "", "arithmetic"), node("x", "root", treatment="winsorise_then_log")],
    )
    exact = [Fraction(float(value)) for value in x]
    n, mean = len(exact), sum(exact) / len(exact)
    s2, s3, s4 = (float(sum((value - mean) ** k for value in exact) / Fraction(abs(scale)) ** k) for k in (2, 3, 4))
    skewness = math.sqrt(n) * s3 / s2**1.5 * math.sqrt(n * (n - 1)) / (n - 2)
    kurtosis = ((n + 1) * (n * s4 / s2**2 - 3) + 6) * (n - 1) / ((n - 2) * (n - 3))
    treatment = pd.read_csv(done.out / "treatment.csv").iloc[0]
    assert treatment["skewness_before"] == pytest.approx(skewness, rel=1e-10)
    assert treatment["kurtosis_before"] == pytest.approx(kurtosis, rel=1e-10)
    after = pd.Series(done.result("treated")["x"].to_numpy())
    assert treatment["skewness_after"] == pytest.approx(after.skew(), rel=1e-6)
    assert treatment["kurtosis_after"] == pytest.approx(after.kurt(), rel=1e-6)


# --- Any framework, against NumPy -----------------------------------------------------------------------------------


def plain_treatment(x: np.ndarray, method: str, reference: np.ndarray) -> np.ndarray:
    """The treated values of a leaf, written out plainly."""

    def fails(values: np.ndarray) -> tuple[bool, float]:
        series = pd.Series(values)
        skewness, kurtosis = float(series.skew()), float(series.kurt())
        return abs(skewness) > 2 and kurtosis > 3.5, skewness

    inside = reference & ~np.isnan(x)
    if method == "none":
        return x
    x = np.clip(x, x[inside].min(), x[inside].max())
    steps = 0
    failed, skewness = fails(x[inside])
    first_skewness = skewness
    treated = x.copy()
    while method != "log" and failed and steps < 5:
        values = treated[inside]
        if skewness >= 0:
            treated = np.minimum(treated, values[values < values.max()].max())
        else:
            treated = np.maximum(treated, values[values > values.min()].min())
        steps += 1
        failed, skewness = fails(treated[inside])
    if method != "log" and not failed:
        return treated
    low, high = x[inside].min(), x[inside].max()
    if method == "winsorise_then_signed_log" and first_skewness < 0:
        return -np.log(high - x + 0.01 * (high - low))
    return np.log(x - low + 0.01 * (high - low))


def plain_scale(x: np.ndarray, row: dict[str, Any], reference: np.ndarray, is_leaf: bool) -> np.ndarray:
    """Normalised values, unit by unit for ranks."""
    given = json.loads(row["normalisation_parameters"] or "{}")
    direction, method = row["direction"], row["normalisation"]
    if method == "goalposts":
        share = np.clip((x - given["lower"]) / (given["upper"] - given["lower"]), 0, 1)
        return (share if direction == 1 else 1 - share) * given.get("scale", 1)
    x = x * direction
    known = x[reference & ~np.isnan(x)]
    if method == "":
        return x
    if method == "z_score":
        return (x - known.mean()) / known.std(ddof=1)
    if method == "min_max":
        lower, upper = given.get("lower", 0), given.get("upper", 1)
        return lower + (upper - lower) * (x - known.min()) / (known.max() - known.min())
    scores = np.full(len(x), np.nan)
    for i in np.flatnonzero(~np.isnan(x)):
        others = x[[j for j in np.flatnonzero(reference & ~np.isnan(x)) if j != i]]
        ranked, own = (others, x[i]) if is_leaf else (others.round(9), round(x[i], 9))
        n = len(others) + 1
        if method == "exponential":
            r = 1 + (ranked > own).sum()
            steepness = given.get("steepness", 23)
            scores[i] = -steepness * math.log(1 - (n + 1 - r) / n * (1 - math.exp(-100 / steepness)))
        else:
            rank = 1 + (ranked < own).sum()
            scores[i] = rank if method == "rank" else (rank - 1) / (n - 1)
    return scores


def plain_scores(values: Frame, nodes: list[dict[str, Any]], outside: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The score at every node, by recursion over arrays."""
    reference = np.array([unit not in outside for unit in values.index])
    scores: dict[str, np.ndarray] = {}

    def visit(row: dict[str, Any]) -> np.ndarray:
        children = [child for child in nodes if child["parent_id"] == row["node_id"]]
        if not children:
            x = plain_treatment(values[row["node_id"]].to_numpy(), row["treatment"], reference)
        else:
            x = plain_mean(
                row, np.array([visit(child) for child in children]), np.array([c["weight"] for c in children])
            )
        scores[row["node_id"]] = plain_scale(x, row, reference, is_leaf=not children)
        return scores[row["node_id"]]

    def plain_mean(row: dict[str, Any], x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        w = np.where(np.isnan(x), 0, weights[:, None])
        total = w.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            if row["aggregation"] == "geometric":
                mean = np.exp(np.nansum(w * np.log(x), axis=0) / total)
            elif row["aggregation"] == "harmonic":
                mean = total / np.nansum(w / x, axis=0)
            else:
                mean = np.nansum(w * x, axis=0) / total
        least = row["least_share"] or 0
        return np.where((total > 0) & (total / weights.sum() >= least - 1e-12), mean, np.nan)

    visit(next(row for row in nodes if not row["parent_id"]))
    return scores


# Above zero for any unit; under min_max, a unit outside the reference set may fall below the lower end.
POSITIVE: list[tuple[str, dict[str, float]]] = [
    ("rank", {}),
    ("exponential", {"steepness": 15}),
    ("goalposts", {"lower": -400, "upper": 400, "scale": 10}),
]
ANY_SCALE = [
    *POSITIVE,
    *[("z_score", {}), ("percentile_rank", {}), ("min_max", {"lower": 1, "upper": 100}), ("min_max", {}), ("", {})],
]


def random_framework(rng: np.random.Generator) -> list[dict[str, Any]]:
    """A tree of up to six levels, each node with its own method that its parent can use."""
    nodes: list[dict[str, Any]] = []

    def grow(node_id: str, parent_id: str, parent_mean: str, depth: int, must_go_on: bool) -> None:
        is_leaf = depth > 0 and not must_go_on and (depth == LEVELS or rng.random() < 0.45)
        scales = POSITIVE if parent_mean in ("geometric", "harmonic") else ANY_SCALE
        method, parameters = scales[rng.integers(len(scales))]
        row = node(node_id, parent_id, normalisation=method, parameters=parameters)
        row |= {"weight": float(rng.choice([0.25, 1, 1, 2.5])), "direction": int(rng.choice([1, 1, -1]))}
        nodes.append(row)
        if is_leaf:
            treatments = ["none", "log", "winsorise_then_log", "winsorise_then_signed_log"]
            row["treatment"] = str(rng.choice(treatments))
            return
        row["aggregation"] = str(rng.choice(["arithmetic", "geometric", "harmonic"]))
        row["least_share"] = rng.choice(["", "", 0.4])
        row["least_share"] = float(row["least_share"]) if row["least_share"] else ""
        for number in range(rng.integers(2, 4)):
            grow(
                f"{node_id}.{number}", node_id, row["aggregation"], depth + 1, number == 0 and must_go_on and depth < 5
            )

    grow("root", "", "", 0, True)
    return nodes


@pytest.mark.parametrize("seed", range(12))
def test_any_framework_is_scored_as_by_numpy(index: Callable[..., Index], seed: int) -> None:
    """Random trees to depth six, with gaps, ties, long tails and units outside the reference set."""
    rng = np.random.default_rng(seed)
    nodes = random_framework(rng)
    names = [row["node_id"] for row in nodes if not row["aggregation"]]
    units = [f"u{number:02d}" for number in range(40)]
    shapes = [
        lambda: rng.normal(10, 3, 40),
        lambda: rng.lognormal(0, 1.3, 40),
        lambda: 50 - rng.lognormal(1, 1.5, 40),
        lambda: rng.integers(0, 6, 40).astype(float),
        lambda: np.where(np.arange(40) == 7, 300.0, rng.normal(0, 1, 40)),
    ]
    wide = {name: np.where(rng.random(40) < 0.1, np.nan, shapes[rng.integers(5)]().round(4)) for name in names}
    values = pd.DataFrame(wide, index=units)
    outside = tuple(rng.choice(units, 6, replace=False))
    expected = plain_scores(values, nodes, outside)
    done = index(values, nodes, outside)
    assert max(row["node_id"].count(".") for row in nodes) == LEVELS
    found = done.result("scores", "score").join(done.result("normalised"))
    assert set(found) == set(expected)
    for name, scores in expected.items():
        np.testing.assert_allclose(found[name].reindex(units), scores, rtol=1e-9, atol=1e-9, err_msg=name)
    ranks = done.result("scores", "score").round(9).rank(ascending=False, method="min")
    assert farthest(done.result("scores", "rank"), ranks) == 0


# --- Several frameworks at once -------------------------------------------------------------------------------------


def scored_trees(*trees: str) -> Frame:
    """The scores of the same values under several trees; the name of each node begins with that of its tree."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("create table tree as select unnest($trees) as tree", {"trees": list(trees)})
        connection.execute(
            """
            create table int_index_units as
            select 'u' || i as unit_id, null::varchar as group_id, 1e0 as weight, i < 5 as is_in_reference_set
            from range(6) as n (i);
            create table int_index_values as
            select unit_id, tree || ' ' || leaf as node_id, cast((ascii(unit_id[2]) * step) % 7 as double) as value
            from int_index_units cross join tree cross join (values ('a', 3), ('b', 2)) as leaves (leaf, step);
            create table stg_framework_nodes as
            select
                tree || ' ' || node_id as node_id, tree || ' ' || parent_id as parent_id, node_id as label,
                case when tree = 'second' and node_id = 'b' then 3.0 else 1.0 end as weight,
                1 as direction,
                'none' as treatment,
                case when tree = 'third' then 'percentile_rank' else 'z_score' end as normalisation,
                cast(null as varchar) as normalisation_parameters, aggregation, cast(null as double) as least_share
            from tree cross join (
                values ('root', null, 'arithmetic'), ('a', 'root', null), ('b', 'root', null)
            ) as nodes (node_id, parent_id, aggregation)
            """
        )
        run_chain(connection)
        return connection.execute("from int_node_scores order by node_id, unit_id").df()


def test_several_frameworks_are_scored_at_once() -> None:
    """As what-if and diff do: each tree has the scores that it has on its own."""
    trees = ("first", "second", "third")
    together = scored_trees(*trees)
    assert len(together) == 3 * 6 * 3
    assert together["score"].nunique() > 20
    pd.testing.assert_frame_equal(together, pd.concat(map(scored_trees, trees), ignore_index=True), rtol=0, atol=1e-12)
