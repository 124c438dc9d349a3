"""How cost grows: the simulation against the real small areas, the fits, tiny runs, and what the page quotes."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import scale
from numpy.typing import NDArray
from performance_page import PAGE, write_part
from small_areas import SmallAreas, published, write_index

from tests.conftest import ROOT

UNITS = 60_000
RESULTS = json.loads(scale.RESULTS.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def areas() -> SmallAreas:
    return published()


@pytest.fixture(scope="module")
def simulated(areas: SmallAreas) -> pd.DataFrame:
    """The first set of indicators and one further."""
    return pd.DataFrame(dict(areas.indicators(UNITS, 2 * len(areas.names))))


def published_tree() -> dict[str, int]:
    folder = ROOT / "published"
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")} if folder.exists() else {}


def test_the_simulation_keeps_every_marginal(areas: SmallAreas, simulated: pd.DataFrame) -> None:
    width = len(areas.names)
    for number in range(2 * width):
        real = areas.values[:, number % width]
        real = np.sort(real[~np.isnan(real)])
        drawn = np.sort(simulated.iloc[:, number].to_numpy())
        # The largest distance between the two distribution functions, and no value that England does not have.
        shares = [np.searchsorted(values, real, "right") / len(values) for values in (real, drawn)]
        distance = np.max(np.abs(shares[0] - shares[1]))
        assert distance < 0.012, simulated.columns[number]
        assert real[0] <= drawn[0] and drawn[-1] <= real[-1]


def test_the_simulation_keeps_the_rank_correlations(areas: SmallAreas, simulated: pd.DataFrame) -> None:
    width = len(areas.names)
    real = pd.DataFrame(areas.values).rank().corr().to_numpy()
    assert np.ptp(real) > 1  # there is something to keep
    found = simulated.rank().corr().to_numpy()
    for first in (0, width):
        part = found[first : first + width, first : first + width]
        assert np.max(np.abs(part - real)) < 0.03
    between = np.diag(found[:width, width:])
    assert np.all((between > 0.6) & (between < 0.75))


def test_the_simulation_follows_from_its_seed(areas: SmallAreas) -> None:
    def drawn(seed: int) -> NDArray[np.float64]:
        return np.array([values for _, values in areas.indicators(40_000, 21, seed)])

    assert np.array_equal(drawn(1), drawn(1))
    assert not np.any(np.all(drawn(1) == drawn(2), axis=1))


def test_up_to_their_number_the_units_are_the_real_areas(areas: SmallAreas) -> None:
    width = len(areas.names)
    columns = dict(areas.indicators(len(areas.codes), width + 1))
    assert np.array_equal(np.array(list(columns.values())[:width]), areas.values.T, equal_nan=True)
    assert [name.startswith("simulated_") for name in columns] == [False] * width + [True]
    few = dict(areas.indicators(317, 1))[areas.names[0]]
    assert len(few) == 317 and set(few[~np.isnan(few)]) <= set(areas.values[:, 0])
    assert all(name.startswith("simulated_") for name, _ in areas.indicators(len(areas.codes) + 1, 3))


def test_nothing_simulated_is_written_under_published(areas: SmallAreas, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="never written under published/"):
        write_index(tmp_path / "published", areas, 40, 3)
    assert not (tmp_path / "published").exists()


def test_an_index_for_timing_has_a_tree_for_each_edition(areas: SmallAreas, tmp_path: Path) -> None:
    folder = write_index(tmp_path, areas, 50, 12, editions=3)
    with duckdb.connect() as connection:
        nodes = connection.read_parquet(str(folder / "stg_framework_nodes.parquet"))
        assert nodes.filter("parent_id IS NULL").shape[0] == 3
        assert nodes.filter("aggregation IS NULL").shape[0] == 36
        values = connection.read_parquet(str(folder / "int_index_values.parquet"))
        assert 36 * 50 - 5 <= values.shape[0] <= 36 * 50
    assert write_index(tmp_path, areas, 50, 12, editions=3) == folder


def test_fits_find_the_exponent_and_where_it_holds() -> None:
    sizes = [10.0, 100.0, 1e4, 1e5, 1e6]
    exact = scale.fit(sizes, [3e-6 * size**1.2 for size in sizes])
    assert (exact.low, exact.high) == (10, 1e6)
    assert exact.exponent == pytest.approx(1.2) and exact.furthest == pytest.approx(0, abs=1e-9)
    assert exact.where(exact.at(5e7)) == pytest.approx(5e7)
    # What every run costs, however small, bends the line at its lower end: those sizes are left out.
    bent = scale.fit(sizes, [0.02 + 3e-6 * size**1.2 for size in sizes])
    assert bent.low == 1e4 and bent.exponent == pytest.approx(1.2, abs=0.05)
    assert scale.n_log_n(1e4, 1e6) == pytest.approx(np.log(1.5 * 100) / np.log(100))


@pytest.mark.usefixtures("database")
def test_the_bench_runs_at_tiny_sizes(areas: SmallAreas, home: Path, tmp_path: Path) -> None:
    before = published_tree()
    chains = [scale.Chain(50, indicators=6, runs=2), scale.Chain(200, indicators=6, memory_gb=1, threads=2, runs=1)]
    draws = [scale.Draws(20, "weights and normalisation", runs=1), scale.Draws(20, "all", runs=1)]
    results = scale.measure(scale.Plan(chains, draws), tmp_path, home, areas)
    measured = scale.read(json.loads(json.dumps(results)))
    assert [len(item.seconds) for item in measured.chains] == [2, 1]
    assert [len(item.seconds) for item in measured.draws] == [1, 1]
    for item in (*measured.chains, *measured.draws):
        assert min(item.seconds) > 0 and min(item.cpu) > 0 and 20 < item.memory_mb < 4096
    assert all(item.file_mb > 0 and sum(item.models.values()) <= item.seconds[-1] for item in measured.chains)
    # The index's Parquet files and the draws' SQL; databases and spilled blocks are gone.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["draws_sql", "index_200_6_1", "index_50_6_1"]
    assert published_tree() == before


def test_the_plan_covers_the_sizes_that_were_asked_for() -> None:
    plan = scale.plan()
    assert {item.units for item in plan.chains} == {317, 3_170, 33_755, 100_000, 317_000, 1_000_000}
    assert {item.indicators for item in plan.chains} == {10, 20, 40, 100, 200}
    assert {1, 20} <= {item.editions for item in plan.chains} <= set(range(1, 21))
    assert {item.memory_gb for item in plan.chains if item.units == 1_000_000} == {2, 8, 20}
    assert {100, 10_000} <= {item.draws for item in plan.draws} <= set(range(100, 10_001))


def test_results_are_those_of_the_plan() -> None:
    plan, measured = scale.plan(), scale.read(RESULTS)
    for planned, found in ((plan.chains, measured.chains), (plan.draws, measured.draws)):
        assert [key(item) for item in planned] == [key(item) for item in found]
        assert all(len(item.seconds) == item.runs for item in found)


def key(item: scale.Chain | scale.Draws) -> tuple:
    size = (item.draws, item.sources) if isinstance(item, scale.Draws) else (item.units, item.indicators, item.editions)
    return (*size, item.memory_gb, item.threads)


def test_the_page_and_the_plot_are_those_of_the_results() -> None:
    lines = "".join(f"{line}\n" for line in scale.page(RESULTS))
    assert f"<!-- part: scale -->\n{lines}<!-- end -->" in PAGE.read_text(encoding="utf-8")
    plot = scale.PLOT.read_text(encoding="utf-8")
    points = sum(len(sweep.items) for sweep in scale.sweeps(scale.read(RESULTS)))
    assert plot.count('aria-roledescription="circle"') == points


def test_a_size_that_spark_does_not_manage_is_reported() -> None:
    measured = scale.read(RESULTS)
    measured.spark = [scale.Chain(317_000, seconds=[120.0], memory_mb=3000), scale.Chain(1_000_000)]
    rows = [line for line in scale.on_spark(measured) if line.startswith("| 3") or line.startswith("| 1")]
    assert "| 120.0 |" in rows[0] and "failed or took more than 600 s" in rows[1]
    measured.spark = []
    assert scale.on_spark(measured) == ["Not measured: Spark and Java were not available."]


def test_each_script_writes_its_own_part_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "PERFORMANCE.md"
    write_part("scale", ["## Growth", "1"], page)
    write_part("timings", ["## Timings"], page)
    write_part("scale", ["## Growth", "2"], page)
    assert page.read_text(encoding="utf-8") == (
        "# Performance\n\n<!-- part: timings -->\n## Timings\n<!-- end -->\n\n"
        "<!-- part: scale -->\n## Growth\n2\n<!-- end -->\n"
    )
