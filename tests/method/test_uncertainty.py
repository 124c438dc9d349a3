"""Uncertainty of ranks against plain NumPy: draws, random numbers, the sensitivity estimator, failing draws, seeds."""

import json
import shutil
from pathlib import Path
from statistics import NormalDist

import duckdb
import numpy as np
import pytest

from tests.support.dbt_runs import dbt_on
from tests.support.numpy_draws import (
    FACTORS,
    PRIME,
    SEED,
    Index,
    Values,
    normal,
    random_key,
    read_index,
    rows,
    scrambled,
    uniform,
)

# The models from the draws and their weights to ranks, in order.
RANKS = ("int_theme_draws", "int_branch_draws", "int_draw_scores", "int_draw_ranks")


def dbt(home: Path, warehouse: Path, *arguments: str) -> str:
    """Run one dbt command on a warehouse and return what it printed."""
    result = dbt_on(warehouse, home, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def compile_models(home: Path, folder: Path, models: tuple[str, ...], **settings: int) -> dict[str, str]:
    """The SQL of models under some vars."""
    file = folder / "warehouse.duckdb"
    dbt(home, file, "compile", "--quiet", "--select", *models, "--vars", json.dumps(settings))
    files = {path.stem: path for path in (folder / "target/compiled").rglob("*.sql")}
    return {name: files[name].read_text(encoding="utf-8") for name in models}


@pytest.fixture(scope="module")
def compiled(home: Path, database: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    models = (*RANKS, "rank_uncertainty", "rank_sensitivity")
    return compile_models(home, tmp_path_factory.mktemp("compiled"), models)


@pytest.fixture(scope="module")
def index(warehouse: duckdb.DuckDBPyConnection) -> Index:
    return read_index(warehouse)


def stored_ranks(connection: duckdb.DuckDBPyConnection, table: str, run: int) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for number, need_rank in connection.execute(
        f"select index_number, need_rank from intermediate.{table} where run_number = ? order by unit_number", [run]
    ).fetchall():
        found.setdefault(number, []).append(need_rank)
    return found


def test_ranks_of_draws_are_those_of_numpy(warehouse: duckdb.DuckDBPyConnection, index: Index) -> None:
    """All councils, the composite and all missions: draws that cover every option, and those of the other samples."""
    # One draw for each pair of options that occurs, and two of each other sample.
    runs = rows(
        warehouse,
        """
        select * from intermediate.int_draws
        where sample = 'official' or sample = 'method choice'
        union all
        select * from (
            select * from intermediate.int_draws where sample = 'all sources'
            qualify row_number() over (partition by normalisation, treatment order by run_number) = 1
                or row_number() over (partition by aggregation, indicators order by run_number) = 1
        )
        union all
        select * from (
            select * from intermediate.int_draws where sample in ('sampling error', 'sensitivity')
            qualify row_number() over (partition by sample, exchanged order by run_number desc) = 1
        )
        """,
    )
    assert len(runs) > 20
    tables = {"sampling error": "int_sampling_ranks", "sensitivity": "int_sensitivity_ranks"}
    for run in runs:
        found = stored_ranks(warehouse, tables.get(run["sample"], "int_draw_ranks"), run["run_number"])
        expected = index.ranks(run)
        assert set(found) == ({0} if run["sample"] == "sampling error" else set(range(len(index.branches) + 1)))
        for number, ranks in found.items():
            name = "composite" if number == 0 else index.branches[number - 1]
            assert ranks == expected[name].tolist(), (run, name)


def test_run_without_draws_is_the_index(warehouse: duckdb.DuckDBPyConnection, index: Index) -> None:
    official = index.ranks(rows(warehouse, "select * from intermediate.int_draws where sample = 'official'")[0])
    published = warehouse.execute("select need_rank from marts.composite_index order by authority_code").fetchall()
    assert official["composite"].tolist() == [r for (r,) in published]


def test_leaving_one_out_is_recalculated(warehouse: duckdb.DuckDBPyConnection, index: Index) -> None:
    official = rows(warehouse, "select * from intermediate.int_draws where sample = 'official'")[0]
    for leaf in ("robbery", "life_expectancy_male", index.leaves[-1]):
        kept = index.weights[leaf]
        index.weights[leaf] = 0
        expected = index.ranks(official)
        index.weights[leaf] = kept
        branch = index.branches[index.branch_of[index.theme_of[index.leaves.index(leaf)]]]
        found = warehouse.execute(
            "select composite_rank_without, mission_rank_without from marts.leave_one_out where indicator_id = ? "
            "order by authority_code",
            [leaf],
        ).fetchall()
        assert [a for a, _ in found] == expected["composite"].tolist()
        assert [b for _, b in found] == expected[branch].tolist()
    assert warehouse.execute("select count(*), count(distinct indicator_id) from marts.leave_one_out").fetchall() == [
        (len(index.units) * len(index.leaves), len(index.leaves))
    ]


def test_draws_take_options_weights_and_keys_as_stated(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Options occur as often as their probabilities say; the keys are those of the integer hash."""
    draws = rows(warehouse, "select * from intermediate.int_draws where sample = 'all sources' order by run_number")
    assert len(draws) >= 1000
    for factor, option, probability in warehouse.execute(
        "select factor, option, probability from staging.stg_method_choices"
    ).fetchall():
        share = np.mean([draw[factor] == option for draw in draws])
        assert abs(share - probability) < 4 * (probability * (1 - probability) / len(draws)) ** 0.5, (factor, option)
    for column, factor in (
        ("weights_key", "weights"),
        ("cells_key", "unpublished_cells"),
        ("sampling_key", "sampling_error"),
    ):
        keys = random_key(FACTORS.index(factor) + 1, np.arange(1, len(draws) + 1))
        assert [draw[column] for draw in draws] == keys.tolist()
    sampling = rows(warehouse, "select * from intermediate.int_draws where sample = 'sampling error' order by 1")
    assert [draw["sampling_key"] for draw in sampling] == [draw["sampling_key"] for draw in draws]
    assert {(draw["weights_key"], draw["cells_key"], draw["treatment"]) for draw in sampling} == {
        (None, None, "framework")
    }
    spread = warehouse.execute(
        """
        select min(ratio), max(ratio) from (
            select branch_weight / 0.2 as ratio from intermediate.int_draw_weights
            where run_number in (select run_number from intermediate.int_draws where sample = 'all sources')
        )
        """
    ).fetchall()[0]
    assert 0.75 < spread[0] < 0.76 and 1.24 < spread[1] < 1.25


def test_random_numbers_are_uniform_and_uncorrelated() -> None:
    """Between draws, between figures, and in their squares; sums of many are normal."""
    draws, figures = random_key(7, np.arange(1, 1001)), random_key(1, np.arange(1, 2001))
    numbers = uniform(scrambled((draws[None, :] + figures[:, None]) % PRIME))
    assert numbers.min() > 0 and numbers.max() < 1
    counts = np.histogram(numbers, bins=100, range=(0, 1))[0]
    expected = numbers.size / 100
    assert ((counts - expected) ** 2 / expected).sum() < 99 + 5 * (2 * 99) ** 0.5
    normals = np.interp(numbers, np.linspace(5e-5, 1 - 5e-5, 10000), normal(np.linspace(5e-5, 1 - 5e-5, 10000)))
    for values in (normals, normals.T, normals[:1000] ** 2):
        n = values.shape[1]
        correlations = np.corrcoef(values)[np.triu_indices(values.shape[0], 1)]
        assert abs(correlations.std() * n**0.5 - 1) < 0.01
        assert abs(correlations).max() < 6.5 / n**0.5 * (1 if values is not normals[:1000] ** 2 else 2)
        assert abs(correlations.mean()) < 5 / (n * len(correlations)) ** 0.5
    # Neighbouring numbers fill the plane.
    for a, b in ((numbers[:-1], numbers[1:]), (numbers[:, :-1], numbers[:, 1:])):
        counts = np.histogram2d(a.ravel(), b.ravel(), bins=40, range=((0, 1), (0, 1)))[0]
        expected = counts.sum() / 1600
        assert ((counts - expected) ** 2 / expected).sum() < 1599 + 5 * (2 * 1599) ** 0.5


def test_macros_give_the_same_random_numbers(home: Path, database: Path, tmp_path: Path) -> None:
    """Keys, uniforms and normal quantiles of the compiled macros, tails included."""
    source = "(select range as i, range * 7 + 1 as j from range(3000)) as source"
    keyed = f"{{{{ with_random_key('{source}', 'i, j', ['i', 'j'], 'k') }}}}"
    keys = f"select i, k, {{{{ uniform('k') }}}} as u from ({keyed}) as keyed"
    quantiles = "select u, {{ standard_normal('u') }} as z from uniforms"
    compiled = dbt(home, tmp_path / "w.duckdb", "compile", "--quiet", "--inline", f"{keys} -- next\n{quantiles}")
    with duckdb.connect() as connection:
        connection.execute(
            "create table uniforms as "
            "select unnest([1e-9, 1e-5, 0.01, 0.0242, 0.0243, 0.3, 0.5, 0.9757, 0.9999999]::double[]) as u"
        )
        keys, quantiles = compiled.split(" -- next\n")
        found = {i: (k, u) for i, k, u in connection.execute(keys).fetchall()}
        numbers = random_key(np.arange(3000), np.arange(3000) * 7 + 1)
        assert [found[i][0] for i in range(3000)] == numbers.tolist()
        assert np.allclose([found[i][1] for i in range(3000)], uniform(numbers), rtol=1e-15)
        for u, z in connection.execute(quantiles).fetchall():
            assert z == pytest.approx(NormalDist().inv_cdf(u), rel=2e-9, abs=1e-12)


def test_widths(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Every basis except published has an error of sensible size, measured on enough pairs."""
    widths = rows(warehouse, "select * from intermediate.int_basis_errors")
    used = warehouse.execute("select distinct value_basis from intermediate.int_cells").fetchall()
    assert {w["value_basis"] for w in widths} >= {basis for (basis,) in used} - {"published"}
    by_basis = {w["value_basis"]: w["error_sd"] for w in widths}
    assert all(w["pairs"] >= 100 and 0.01 < w["error_sd"] < 1.5 for w in widths)
    # A sum of parts is nearly right; an estimate from others errs nearly as much as a region's councils differ.
    assert by_basis["aggregated"] < by_basis["predecessor"] < by_basis["inherited"] < by_basis["estimated"]
    assert warehouse.execute(
        "select count(*) from intermediate.int_cell_errors where (value_basis = 'published') != (basis_sd = 0)"
    ).fetchall() == [(0,)]


def test_sampling_errors_of_limits_and_counts(warehouse: duckdb.DuckDBPyConnection) -> None:
    errors = {
        (e["indicator_id"], e["authority_code"]): e
        for e in rows(
            warehouse,
            "select e.*, c.lower_95, c.upper_95 from intermediate.int_cell_errors e "
            "join intermediate.int_cells c using (authority_code, indicator_id)",
        )
    }
    for e in errors.values():
        if e["lower_95"] is not None:
            assert e["sampling_error"] == "published limits"
            assert e["value"] - 1.96 * e["sampling_sd_below"] == pytest.approx(e["lower_95"])
            assert e["value"] + 1.96 * e["sampling_sd_above"] == pytest.approx(e["upper_95"])
        elif e["sampling_error"] == "count":
            # Byar's limits, and so near the square root for a count that is large.
            n = e["events"]
            assert n == round(n)
            low = 0 if n == 0 else n * (1 - 1 / (9 * n) - 1.96 / (3 * n**0.5)) ** 3
            high = (n + 1) * (1 - 1 / (9 * (n + 1)) + 1.96 / (3 * (n + 1) ** 0.5)) ** 3
            if n > 0:
                assert e["sampling_sd_below"] / e["value"] == pytest.approx((n - low) / 1.96 / n, rel=1e-9)
                assert e["sampling_sd_above"] / e["value"] == pytest.approx((high - n) / 1.96 / n, rel=1e-9)
            else:
                assert e["sampling_sd_below"] == 0 < e["sampling_sd_above"]
        else:
            assert e["sampling_sd_below"] == e["sampling_sd_above"] == 0
    # Robberies of Blackpool are a count of the source; Cornwall and Scilly share one figure, and its number.
    robberies = warehouse.execute(
        "select value from raw.ons_recorded_crime where authority_code = 'E06000009' and measure = 'Robbery' "
        "and period_end_date = (select max(period_end_date) from raw.ons_recorded_crime)"
    ).fetchall()
    assert errors["robbery", "E06000009"]["events"] == sum(r[0] for r in robberies)
    energy = {e["sampling_error"] for (indicator, _), e in errors.items() if indicator == "solar_generation"}
    assert energy == {"not stated"}


def test_councils_that_share_a_figure_share_its_draw(warehouse: duckdb.DuckDBPyConnection, index: Index) -> None:
    """A county and all districts that inherit from it share the number that a figure's random numbers depend on."""
    found = warehouse.execute(
        """
        select count(*), count(distinct e.figure_number), min(e.figure_number = county.figure_number)
        from intermediate.int_cell_errors e
        join intermediate.int_cells c using (authority_code, indicator_id)
        join intermediate.int_authorities a using (authority_code)
        join intermediate.int_cell_errors county
            on county.authority_code = a.county_code and county.indicator_id = e.indicator_id
        where e.value_basis = 'inherited' and e.indicator_id = 'healthy_life_expectancy_male'
        """
    ).fetchall()
    assert found == [(164, 21, True)]
    joint = warehouse.execute(
        """
        select source_area_code is null, max(figures), max(figures - councils) from (
            select source_area_code, indicator_id, count(distinct figure_number) as figures, count(*) as councils
            from intermediate.int_cell_errors join intermediate.int_cells using (authority_code, indicator_id)
            where intermediate.int_cells.value_basis = 'combined_area' group by all having count(*) > 1
        ) group by all order by all
        """
    ).fetchall()
    # A council in several care boards has a mean of theirs, which it shares with nobody.
    assert joint == [(False, 1, -1), (True, 19, 0)]


def test_intervals_are_plausible(database: Path) -> None:
    with duckdb.connect(str(database), read_only=True) as connection:
        found = rows(
            connection,
            "select u.*, authority_name from marts.rank_uncertainty u join marts.dim_authority using (authority_code)",
        )
        pairs = connection.execute(
            """
            select count(*), min(p), max(p), max(abs(p + q - 1)), max(abs(s + t - 1)) from (
                select a.probability_needier_all_sources as p, b.probability_needier_all_sources as q,
                    a.probability_needier_sampling_error as s, b.probability_needier_sampling_error as t
                from marts.rank_comparison a join marts.rank_comparison b
                    on a.authority_code = b.other_authority_code and a.other_authority_code = b.authority_code
                    and a.index_id = b.index_id
            )
            """
        ).fetchall()[0]
        neighbours = connection.execute(
            """
            select count(*) from (select distinct authority_code, peer_code from marts.authority_peer) p
            anti join (select * from marts.rank_comparison where is_neighbour) c
                on p.authority_code = c.authority_code and p.peer_code = c.other_authority_code
            """
        ).fetchall()
    composite = {row["authority_name"]: row for row in found if row["index_id"] == "composite"}
    assert len(composite) == 317
    assert composite["Blackpool"]["rank_percentile_95"] <= 5
    assert composite["Blackpool"]["probability_in_most_needy_tenth"] == 1
    widths = [row["rank_percentile_95"] - row["rank_percentile_5"] for row in composite.values()]
    assert 20 < np.median(widths) < 80
    inside = [row["rank_percentile_5"] <= row["need_rank"] <= row["rank_percentile_95"] for row in composite.values()]
    assert np.mean(inside) > 0.9
    # Shared places are rare, so one council in five is in the fifth with the highest need in each draw.
    fifth = sum(row["probability_in_most_needy_fifth"] for row in composite.values())
    tenth = sum(row["probability_in_most_needy_tenth"] for row in composite.values())
    assert fifth == pytest.approx(63, abs=0.01) and tenth == pytest.approx(31, abs=0.01)
    assert {(row["seed"], row["draws"] + row["failed_draws"]) for row in found} == {(SEED, 1000)}
    assert pairs[0] > 33000 and pairs[1] >= 0 and pairs[2] <= 1 and pairs[3] < 1e-12 and pairs[4] < 1e-12
    assert neighbours == [(0,)]


@pytest.fixture
def copy(home: Path, database: Path, tmp_path: Path) -> Path:
    """A warehouse of the test's own, to draw in again."""
    return Path(shutil.copy2(home / "build/warehouse.duckdb", tmp_path / "warehouse.duckdb"))


@pytest.mark.slow
def test_a_seed_gives_the_same_draws_and_another_gives_others_like_them(home: Path, copy: Path, tmp_path: Path) -> None:
    models = ("int_draws", "int_draw_weights", *RANKS, "rank_uncertainty")
    settings = {"uncertainty_seed": 7, "uncertainty_draws": 200, "sensitivity_base_draws": 2}
    sql = compile_models(home, tmp_path / "seed", models, **settings)
    composite = (
        "select median_rank, rank_percentile_95 - rank_percentile_5 from marts.rank_uncertainty "
        "where index_id = 'composite' order by authority_code"
    )
    with duckdb.connect(str(copy), config={"threads": 1}) as connection:
        before = np.array(connection.execute(composite).fetchall())
        drawn = []
        for _ in range(2):
            for name in models:
                schema = "intermediate" if name.startswith("int_") else "marts"
                connection.execute(f"create or replace table {schema}.{name} as {sql[name]}")
            drawn.append(connection.execute("select * from marts.rank_uncertainty order by all").fetchall())
        after = np.array(connection.execute(composite).fetchall())
    assert drawn[0] == drawn[1]
    assert {row[-1] for row in drawn[0]} == {7}
    # A median of 200 ranks has a standard error of about 0.09 deviations: 3 % of the width from the 5th to the 95th.
    assert (after[:, 0] != before[:, 0]).sum() > 100
    assert (abs(after[:, 0] - before[:, 0]) <= 2 + 0.2 * after[:, 1]).all()


@pytest.mark.slow
def test_a_failing_draw_is_counted_and_affects_no_other(compiled: dict[str, str], copy: Path) -> None:
    """A run without weights in a mission and one with an invalid weight are left out and counted; no other moves."""
    with duckdb.connect(str(copy)) as connection:
        runs = [
            r
            for (r,) in connection.execute(
                "select run_number from intermediate.int_draws where sample = 'all sources' order by 1 limit 3"
            ).fetchall()
        ]
        connection.execute(
            "update intermediate.int_draw_weights set leaf_weight = null where run_number = ? and branch_number = 2",
            [runs[0]],
        )
        connection.execute(
            "update intermediate.int_draw_weights set leaf_weight = 'nan' where run_number = ? and leaf_number = 9",
            [runs[1]],
        )
        before = connection.execute(
            "select * from intermediate.int_draw_ranks where run_number not in (?, ?) order by all", runs[:2]
        ).fetchall()
        for name in RANKS:
            connection.execute(f"create or replace table intermediate.{name} as {compiled[name]}")
        connection.execute(f"create or replace table marts.rank_uncertainty as {compiled['rank_uncertainty']}")
        assert connection.execute("select * from intermediate.int_draw_ranks order by all").fetchall() == before
        counts = connection.execute("select distinct draws, failed_draws from marts.rank_uncertainty").fetchall()
        holes = connection.execute(
            "select count(*) from marts.rank_uncertainty where median_rank is null or isnan(median_rank)"
        ).fetchall()
    assert counts == [(998, 2)] and holes == [(0,)]


def test_sensitivity_of_a_known_function(compiled: dict[str, str]) -> None:
    """The mart's own SQL on the Ishigami function, whose indices are known, and with a base draw that failed."""
    n = 4000
    a, b = (
        2 * np.pi * uniform(random_key(np.arange(3)[:, None] + 10, np.arange(n)[None, :] + start)) - np.pi
        for start in (0, n)
    )

    def ishigami(x: Values) -> Values:
        return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])

    outcomes = {"A": ishigami(a), "B": ishigami(b)}
    for j, factor in enumerate(("x1", "x2", "x3")):
        mixed = a.copy()
        mixed[j] = b[j]
        outcomes[factor] = ishigami(mixed)
    with duckdb.connect() as connection:
        connection.execute("create schema intermediate")
        connection.execute(
            "create table intermediate.int_draws "
            "(run_number bigint, sample varchar, base_draw bigint, exchanged varchar)"
        )
        connection.execute(
            "create table intermediate.int_sensitivity_ranks "
            "(run_number bigint, index_number bigint, unit_number bigint, need_rank double)"
        )
        connection.execute("create table intermediate.int_yardsticks (branch_id varchar, branch_number bigint)")
        connection.execute("create table intermediate.int_authority_nodes (node_id varchar, depth bigint)")
        connection.execute("insert into intermediate.int_authority_nodes values ('root', 0)")
        runs = [(name, j) for name in outcomes for j in range(n)]
        connection.execute(
            "insert into intermediate.int_draws select unnest(?), 'sensitivity', unnest(?), unnest(?)",
            [list(range(len(runs))), [j for _, j in runs], [name for name, _ in runs]],
        )
        connection.execute(
            "insert into intermediate.int_sensitivity_ranks select unnest(?), 0, 1, unnest(?)",
            [list(range(len(runs))), np.concatenate(list(outcomes.values())).tolist()],
        )
        connection.execute("delete from intermediate.int_sensitivity_ranks where run_number = 5")
        cursor = connection.execute(compiled["rank_sensitivity"].replace('"warehouse".', ""))
        names = [column[0] for column in cursor.description or []]
        found = {row[names.index("factor")]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
    known = {"x1": (0.3139, 0.5576), "x2": (0.4424, 0.4424), "x3": (0.0, 0.2437)}
    assert set(found) == set(known)
    for factor, (first, total) in known.items():
        row = found[factor]
        assert (row["base_draws"], row["failed_base_draws"]) == (n - 1, 1)
        assert 0 < row["first_order_standard_error"] < 0.05 and 0 < row["total_order_standard_error"] < 0.05
        assert abs(row["first_order_share"] - first) < 4 * row["first_order_standard_error"]
        assert abs(row["total_order_share"] - total) < 4 * row["total_order_standard_error"]
