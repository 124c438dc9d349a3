"""1,000 draws over weights and normalisation for all councils and indicators: the models' SQL and plain NumPy.

Belongs here: both engines on the same draws in one run, and the proof that they give the same ranks.
`bench/run.py` calls it; alone it measures the build of this checkout.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
RUNS = 5
PRIME = 2**31 - 1
SPREAD = 0.25
# The models from the draws to composite ranks, in the order in which they are made.
CHAIN = ("int_draw_weights", "int_theme_draws", "int_branch_draws", "int_draw_scores", "int_sampling_ranks")

Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass
class Comparison:
    """Seconds of each run of the SQL and of NumPy; how many draws of how many councils and indicators."""

    sql: list[float]
    numpy: list[float]
    draws: int
    councils: int
    indicators: int

    @property
    def name(self) -> str:
        return f"{self.draws:,} draws over weights and normalisation, {self.councils} x {self.indicators}, by the SQL"

    @property
    def ratio(self) -> float:
        return statistics.median(self.sql) / statistics.median(self.numpy)


def compiled_sql(home: Path, draws: int | None = None) -> dict[str, str]:
    """The SQL that dbt runs for the draws' weights and their composite ranks; with a number, also that of the draws."""
    models = list(CHAIN)
    variables = []
    if draws:
        models.append("int_draws")
        variables = ["--vars", json.dumps({"uncertainty_draws": draws})]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                str(Path(sys.executable).parent / "dbt"),
                *("compile", "--quiet", "--profiles-dir", ".", "--select", *models),
                *("--target-path", folder, "--log-path", folder, *variables),
            ],
            cwd=home / "dbt_project",
            env={**os.environ, "DO_NOT_TRACK": "1", "MISSIONS_WAREHOUSE": str(home / "build/warehouse.duckdb")},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        files = {path.stem: path for path in (Path(folder) / "compiled").rglob("*.sql")}
        return {name: files[name].read_text(encoding="utf-8") for name in models}


def prepare(connection: duckdb.DuckDBPyConnection, home: Path) -> None:
    """The models' tables in the connection's own database, as the build file has them."""
    connection.execute(f"attach '{home / 'build/warehouse.duckdb'}' as built (read_only)")
    for schema in ("intermediate", "staging"):
        connection.execute(f"create schema {schema}")
    tables = (
        *("int_leaf_places", "int_yardsticks", "int_place_distributions", "int_uncertain_cells"),
        *("int_authority_nodes", "int_cells", "int_authorities"),
    )
    for table in tables:
        connection.execute(f"create table intermediate.{table} as from built.intermediate.{table}")
    connection.execute("create table intermediate.all_draws as from built.intermediate.int_draws")
    connection.execute("create table staging.stg_method_choices as from built.staging.stg_method_choices")
    connection.execute("detach built")


def take_draws(connection: duckdb.DuckDBPyConnection, count: int | None = None, all_sources: bool = False) -> None:
    """int_draws: the first draws over all sources; or, of each, the weights and the normalisation and nothing else."""
    kept = "* replace ('sampling error' as sample)"
    if not all_sources:
        kept = """
            run_number, 'sampling error' as sample, left_out_leaf, normalisation, 'framework' as treatment,
            'arithmetic' as aggregation, 'all' as indicators, weights_key,
            null::bigint as cells_key, null::bigint as sampling_key
        """
    connection.execute(
        f"""
        create or replace table intermediate.int_draws as
        select {kept}
        from intermediate.all_draws
        where sample = 'all sources'
        order by run_number
        {f"limit {count}" if count else ""}
        """
    )


def by_sql(connection: duckdb.DuckDBPyConnection, sql: dict[str, str]) -> None:
    for name, query in sql.items():
        connection.execute(f"create or replace table intermediate.{name} as {query}")


@dataclass
class Input:
    """The inputs of NumPy: the same published scores, weights and random keys, as plain arrays."""

    scores: dict[str, Values]
    in_reference_set: NDArray[np.bool_]
    branch_of_leaf: Numbers
    leaf_weights: Values
    branch_weights: Values
    leaf_keys: Numbers
    branch_keys: Numbers
    normalisation: list[str]
    weights_key: Numbers


def read(connection: duckdb.DuckDBPyConnection, seed: int) -> Input:
    def column(query: str) -> list:
        return [row[0] for row in connection.execute(query).fetchall()]

    leaves = column("select node_id from intermediate.int_yardsticks group by node_id order by min(leaf_number)")
    branch_of = column(
        "select min(branch_number) - 1 from intermediate.int_yardsticks group by node_id order by min(leaf_number)"
    )
    branches = column(
        "select branch_id from intermediate.int_yardsticks group by branch_id order by min(branch_number)"
    )
    nodes = column("select node_id from intermediate.int_authority_nodes order by node_id")
    weights = dict(
        connection.execute("select node_id, weight_in_parent from intermediate.int_authority_nodes").fetchall()
    )
    # As the macro with_random_key does it for the numbers 0 and that of the node.
    state = scrambled(scrambled(np.array((seed * 16807 + 1013904223) % PRIME)))
    numbers = scrambled(scrambled((state + np.arange(1, len(nodes) + 1)) % PRIME))
    keys = dict(zip(nodes, numbers.tolist(), strict=True))
    order = "order by unit_number, leaf_number"
    places = f"from intermediate.int_leaf_places where treatment_option = 'framework' {order}"

    def matrix(name: str) -> Values:
        return np.array(column(f"select {name} {places}")).reshape(-1, len(leaves))

    return Input(
        scores={"z_score": matrix("z"), "min_max": matrix("min_max"), "percentile_rank": matrix("percentile_rank")},
        in_reference_set=np.array(column(f"select is_in_reference_set {places}")).reshape(-1, len(leaves))[:, 0],
        branch_of_leaf=np.array(branch_of),
        leaf_weights=np.array([weights[leaf] for leaf in leaves]),
        branch_weights=np.array([weights[branch] for branch in branches]),
        leaf_keys=np.array([keys[leaf] for leaf in leaves], dtype=np.int64),
        branch_keys=np.array([keys[branch] for branch in branches], dtype=np.int64),
        normalisation=column("select normalisation from intermediate.int_draws order by run_number"),
        weights_key=np.array(
            column("select weights_key from intermediate.int_draws order by run_number"), dtype=np.int64
        ),
    )


def scrambled(x: Numbers) -> Numbers:
    square = x * x % PRIME
    return square * square % PRIME * x % PRIME


def drawn(weights: Values, key: np.int64, keys: Numbers) -> Values:
    return weights * (1 + SPREAD * (2 * (scrambled((key + keys) % PRIME) + 0.5) / PRIME - 1))


def by_numpy(data: Input) -> Numbers:
    """Ranks of the composite, one row per draw: a plain loop over the draws."""
    own = data.in_reference_set
    in_branch = data.branch_of_leaf[:, None] == np.arange(len(data.branch_weights))
    ranks = np.empty((len(data.normalisation), len(own)), dtype=np.int64)
    for i, scale in enumerate(data.normalisation):
        leaf_weights = drawn(data.leaf_weights, data.weights_key[i], data.leaf_keys)
        branch_weights = drawn(data.branch_weights, data.weights_key[i], data.branch_keys)
        weights = in_branch * leaf_weights[:, None]
        missions = data.scores[scale] @ (weights / weights.sum(axis=0))
        missions = (missions - missions[own].mean(axis=0)) / missions[own].std(axis=0, ddof=1)
        composite = missions @ (branch_weights / branch_weights.sum())
        composite = np.round((composite - composite[own].mean()) / composite[own].std(ddof=1), 9)
        ranks[i] = len(composite) + 1 - np.searchsorted(np.sort(composite), composite, side="right")
    return ranks


def compare(home: Path, runs: int = RUNS) -> Comparison:
    """Run both in turn on one core; stop if their ranks differ."""
    sql = compiled_sql(home)
    with duckdb.connect(config={"threads": 1}) as connection:
        prepare(connection, home)
        take_draws(connection)
        # The compiled SQL names the build file's database.
        sql = {model: query.replace('"warehouse".', "") for model, query in sql.items()}
        with duckdb.connect(str(home / "build/warehouse.duckdb"), read_only=True) as built:
            seed = built.execute("select any_value(seed) from marts.rank_uncertainty").fetchall()[0][0]
        data = read(connection, seed)
        seconds: dict[str, list[float]] = {"sql": [], "numpy": []}
        for _ in range(runs):
            start = time.perf_counter()
            by_sql(connection, sql)
            seconds["sql"].append(time.perf_counter() - start)
            start = time.perf_counter()
            ranks = by_numpy(data)
            seconds["numpy"].append(time.perf_counter() - start)
        found = connection.execute(
            "select need_rank from intermediate.int_sampling_ranks order by run_number, unit_number"
        ).fetchnumpy()["need_rank"]
    if not np.array_equal(found, ranks.ravel()):
        raise SystemExit("the SQL and NumPy do not give the same ranks; nothing was measured")
    return Comparison(seconds["sql"], seconds["numpy"], *ranks.shape, len(data.leaf_weights))


def main() -> None:
    found = compare(ROOT)
    print(
        f"{found.draws} draws over weights and normalisation, {found.councils} councils x {found.indicators} indicators"
    )
    for name, seconds in (("SQL", found.sql), ("NumPy", found.numpy)):
        spread = f"{min(seconds):.2f} to {max(seconds):.2f}, {len(seconds)} runs"
        print(f"{name}: median {statistics.median(seconds):.2f} s ({spread})")
    print(f"The SQL takes {found.ratio:.1f} times as long; the ranks are the same.")


if __name__ == "__main__":
    main()
