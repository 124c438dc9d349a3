"""Indexes of any size for timing: the real small areas of England first, then a simulation like them.

Belongs here: drawing indicators by a Gaussian copula, and writing them as the tables that the method's models read.
What is simulated is named so and written where the caller says, never under published/.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
SEED = 317
BRANCHES = 5
# The share of the variance that a further indicator has in common with the real one it is modelled on.
COMMON_SHARE = 0.5

Values = NDArray[np.float64]


@dataclass
class SmallAreas:
    """The indicators of every small area as published, with what the copula needs of them."""

    codes: list[str]
    names: list[str]
    values: Values  # areas x indicators; a missing value is NaN
    normal_scores: Values = field(init=False)  # of each area's rank; a missing value counts as the median
    correlation: Values = field(init=False)  # of the normals whose ranks correlate as those of the areas do
    root: Values = field(init=False)  # Cholesky factor of the correlation
    quantiles: list[tuple[Values, Values]] = field(init=False)  # of each indicator: normals, and the values at them

    def __post_init__(self) -> None:
        places = pd.DataFrame(self.values).rank().to_numpy()
        known = np.sum(~np.isnan(self.values), axis=0)
        shares = np.where(np.isnan(places), 0.5, (places - 0.5) / known)
        self.normal_scores = normal_quantiles(shares)
        self.quantiles = []
        for column in self.values.T:
            ordered = np.sort(column[~np.isnan(column)])
            self.quantiles.append((normal_quantiles((np.arange(len(ordered)) + 0.5) / len(ordered)), ordered))
        # Pearson's correlation of the normals that gives this rank correlation.
        ranks = np.corrcoef(shares, rowvar=False)
        self.correlation = 2 * np.sin(np.pi / 6 * ranks)
        values, vectors = np.linalg.eigh(self.correlation)
        positive = vectors * np.maximum(values, 1e-9) @ vectors.T
        scale = np.sqrt(np.diag(positive))
        self.correlation = positive / np.outer(scale, scale)
        self.root = np.linalg.cholesky(self.correlation)

    def drawn(self, number: int, normals: Values) -> Values:
        """Values of one indicator at these normals: the published quantiles, with straight lines between them."""
        return np.interp(normals, *self.quantiles[number])

    def indicators(self, units: int, count: int, seed: int = SEED) -> Iterator[tuple[str, Values]]:
        """Names and values of `count` indicators of `units` units.

        Up to the number of small areas, the units are areas drawn without replacement and the first indicators are
        theirs; beyond it all is simulated. Each further set of indicators is simulated: half of its variance is that of
        the first set, and within itself it correlates as the real ones do.
        """
        rng = np.random.default_rng(seed)
        width = len(self.names)
        if units <= len(self.values):
            chosen = np.sort(rng.permutation(len(self.values))[:units])
            base, first = self.normal_scores[chosen], self.values[chosen]
        else:
            base, first = rng.standard_normal((units, width)) @ self.root.T, None
        for start in range(0, count, width):
            normals = base
            if start:
                own = rng.standard_normal((units, width)) @ self.root.T
                normals = np.sqrt(COMMON_SHARE) * base + np.sqrt(1 - COMMON_SHARE) * own
            for number in range(min(width, count - start)):
                is_real = start == 0 and first is not None
                values = first[:, number] if is_real else self.drawn(number, normals[:, number])
                name = self.names[number] if is_real else f"simulated_{self.names[number]}_{start // width + 1}"
                yield name, values


def normal_quantiles(shares: Values) -> Values:
    """The standard normal quantile of each share."""
    found, places = np.unique(shares, return_inverse=True)
    inverse = NormalDist().inv_cdf
    return np.array([inverse(share) for share in found])[places].reshape(shares.shape)


def published() -> SmallAreas:
    """All small areas of England and their indicators, from the seeds."""
    listed = pd.read_csv(ROOT / "seeds/framework/small_area_indicator.csv")
    listed = listed[listed["source_id"] == "mhclg_indices_of_deprivation"]
    file = ROOT / "seeds/small_areas/mhclg_indices_of_deprivation.csv.gz"
    wide = pd.read_csv(file).pivot(index="small_area_code", columns="measure", values="value").sort_index()
    return SmallAreas(list(wide.index), list(listed["indicator_id"]), wide[list(listed["measure"])].to_numpy())


def write_index(
    folder: Path, areas: SmallAreas, units: int, indicators: int, editions: int = 1, seed: int = SEED
) -> Path:
    """The tables that the chain reads, as Parquet files in a folder of their own; each edition is a tree of its own."""
    out = folder / f"index_{units}_{indicators}_{editions}"
    if "published" in out.resolve().parts:
        raise ValueError(f"{out}: a simulation is never written under published/")
    if out.exists():
        return out
    new = out.with_suffix(".new")
    new.mkdir(parents=True)
    nodes: list[tuple] = []
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("CREATE TABLE int_index_values (unit_id INTEGER, node_id VARCHAR, value DOUBLE)")
        unit_ids = np.arange(1, units + 1, dtype=np.int32)
        for position, (name, values) in enumerate(areas.indicators(units, indicators * editions, seed)):
            edition, number = divmod(position, indicators)
            root, branch = f"index_{edition + 1}", f"branch_{edition + 1}_{number % BRANCHES + 1}"
            if number == 0:
                nodes.append((root, None, "arithmetic", None))
            if number < BRANCHES:
                nodes.append((branch, root, "arithmetic", None))
            nodes.append((name, branch, None, "winsorise_then_signed_log"))
            rows = pd.DataFrame({"unit_id": unit_ids, "value": values})  # noqa: F841 (DuckDB reads it by its name)
            connection.execute(
                "INSERT INTO int_index_values SELECT unit_id, $name, value FROM rows WHERE NOT isnan(value)",
                {"name": name},
            )
        connection.execute(
            "CREATE TABLE int_index_units AS "
            f"SELECT CAST(range + 1 AS INTEGER) AS unit_id, NULL::VARCHAR AS group_id, 1e0 AS weight, "
            f"TRUE AS is_in_reference_set FROM range({units})"
        )
        connection.execute(
            "CREATE TABLE stg_framework_nodes (node_id VARCHAR, parent_id VARCHAR, aggregation VARCHAR, "
            "treatment VARCHAR, label VARCHAR, weight DOUBLE DEFAULT 1, direction INTEGER DEFAULT 1, "
            "normalisation VARCHAR DEFAULT 'z_score', normalisation_parameters VARCHAR, least_share DOUBLE)"
        )
        connection.executemany(
            "INSERT INTO stg_framework_nodes (node_id, parent_id, aggregation, treatment) VALUES (?, ?, ?, ?)",
            nodes,
        )
        for table in ("int_index_values", "int_index_units", "stg_framework_nodes"):
            connection.execute(f"COPY {table} TO '{new / table}.parquet' (FORMAT parquet)")
    new.rename(out)
    return out
