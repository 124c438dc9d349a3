"""The draws of the index in NumPy: random numbers by integer arithmetic, and one run from figures to ranks."""

from dataclasses import dataclass
from statistics import NormalDist

import duckdb
import numpy as np
from numpy.typing import NDArray

from tests.support.numpy_method import ranks

PRIME = 2**31 - 1
SEED = 20261125
FACTORS = ["normalisation", "treatment", "aggregation", "indicators", "weights", "unpublished_cells", "sampling_error"]
Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


def scrambled(x: Numbers) -> Numbers:
    square = x * x % PRIME
    return square * square % PRIME * x % PRIME


def random_key(*numbers: Numbers | int) -> Numbers:
    """What the macro with_random_key gives."""
    state: Numbers = np.asarray((SEED * 16807 + 1013904223) % PRIME, dtype=np.int64)
    for number in numbers:
        state = (scrambled(state) + number) % PRIME
    return scrambled(scrambled(state))


def uniform(x: Numbers) -> Values:
    return (x + 0.5) / PRIME


def normal(u: Values) -> Values:
    return np.vectorize(NormalDist().inv_cdf, otypes=[float])(u)


@dataclass
class Index:
    """What the draws start from, taken from no uncertainty model except for the errors by basis."""

    units: list[str]
    leaves: list[str]
    branches: list[str]
    themes: list[str]
    theme_of: Numbers
    branch_of: Numbers  # of each theme
    reference: NDArray[np.bool_]
    values: Values
    treatments: dict[str, dict]
    direction: Values
    weights: dict[str, float]
    node_number: dict[str, int]
    upper_tier_only: NDArray[np.bool_]
    left_out_branch: str
    below: Values
    above: Values
    basis_sd: Values
    figure_number: Numbers
    cell_number: Numbers

    def places(self, values: Values, option: str) -> Values:
        """Treated and directed values, not yet scaled."""
        placed = np.empty_like(values)
        for j, leaf in enumerate(self.leaves):
            t = self.treatments[leaf]
            x, outcome, sign = values[:, j], t["outcome"], t["log_sign"]
            low, high = t["lower_bound"], t["upper_bound"]
            if option == "log" and outcome == "winsorised":
                outcome, sign = "logged", -1 if t["skewness_before"] < 0 else 1
                low, high = t["minimum"], t["maximum"]
            if option != "none":
                x = np.clip(x, low, high)
                if outcome == "logged":
                    shift = 0.01 * (t["maximum"] - t["minimum"])
                    x = np.log(x - t["minimum"] + shift) if sign == 1 else -np.log(t["maximum"] - x + shift)
            placed[:, j] = x * self.direction[j]
        return placed

    def ranks(self, run: dict) -> dict[str, Numbers]:
        """Ranks of the composite and of each branch in one run of int_draws."""
        published = self.places(self.values, run["treatment"])
        reference = published[self.reference]
        mean, deviation = reference.mean(axis=0), reference.std(axis=0, ddof=1)
        drawn = self.values.copy()
        if run["sampling_key"] is not None:
            e = normal(uniform(scrambled((run["sampling_key"] + random_key(1, self.figure_number)) % PRIME)))
            drawn = self.values + np.where(e < 0, self.below, self.above) * e
        z = (self.places(drawn, run["treatment"]) - mean) / deviation
        z0 = (published - mean) / deviation
        if run["cells_key"] is not None:
            e = normal(uniform(scrambled((run["cells_key"] + random_key(2, self.cell_number)) % PRIME)))
            z = z + self.basis_sd * e
        low, high = z0[self.reference].min(axis=0), z0[self.reference].max(axis=0)
        if run["normalisation"] == "min_max":
            z = (z - low) / (high - low)
        elif run["normalisation"] == "percentile_rank":
            z = self.percentiles(z0, z)
        leaf_weights, theme_weights, branch_weights = self.drawn_weights(run)
        theme_scores = np.zeros((len(self.units), len(self.themes)))
        for t in range(len(self.themes)):
            w = np.where(self.theme_of == t, leaf_weights, 0)
            if w.sum() == 0:  # a theme without indicators has no say
                theme_weights[t] = 0
                continue
            theme = z @ (w / w.sum())
            own = theme[self.reference]
            theme_scores[:, t] = (theme - own.mean()) / own.std(ddof=1)
        shares = np.array([np.where(self.branch_of == b, theme_weights, 0) for b in range(len(self.branches))]).T
        branches = theme_scores @ (shares / shares.sum(axis=0))
        own = branches[self.reference]
        standard = (branches - own.mean(axis=0)) / own.std(axis=0, ddof=1)
        if run["aggregation"] == "geometric":
            positive = 1 + 99 * np.clip((branches - own.min(axis=0)) / (own.max(axis=0) - own.min(axis=0)), 0, 1)
            composite = np.exp(np.log(positive) @ branch_weights / branch_weights.sum())
        else:
            composite = standard @ branch_weights / branch_weights.sum()
        own = composite[self.reference]
        composite = (composite - own.mean()) / own.std(ddof=1)
        result = {"composite": ranks(composite)}
        return result | {name: ranks(standard[:, b]) for b, name in enumerate(self.branches)}

    def percentiles(self, published: Values, drawn: Values) -> Values:
        """Exact published ranks, moved along the published distribution in steps of 1/64."""
        edges = np.arange(-16, 16 + 1 / 128, 1 / 64)
        result = np.empty_like(drawn)
        for j in range(len(self.leaves)):
            ordered = np.sort(published[self.reference, j])
            share = np.searchsorted(ordered, edges, side="left") / (len(ordered) - 1)
            others = len(ordered) - self.reference  # a council outside is ranked as if it were added
            # What differs by a rounding error is a tie.
            exact = np.searchsorted(np.round(ordered, 9), np.round(published[:, j], 9), side="left") / others
            moved = np.interp(drawn[:, j], edges, share) - np.interp(published[:, j], edges, share)
            result[:, j] = np.where(drawn[:, j] == published[:, j], exact, exact + moved)
        return result

    def drawn_weights(self, run: dict) -> tuple[Values, Values, Values]:
        def drawn(nodes: list[str]) -> Values:
            weights = np.array([self.weights[node] for node in nodes])
            if run["weights_key"] is None:
                return weights
            keys = random_key(0, np.array([self.node_number[node] for node in nodes], dtype=np.int64))
            return weights * (1 + 0.25 * (2 * uniform(scrambled((run["weights_key"] + keys) % PRIME)) - 1))

        leaves = drawn(self.leaves)
        if run["indicators"] == "without_upper_tier_only":
            there = self.branch_of[self.theme_of] == self.branches.index(self.left_out_branch)
            leaves = np.where(self.upper_tier_only & there, 0, leaves)
        return leaves, drawn(self.themes), drawn(self.branches)


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def read_index(warehouse: duckdb.DuckDBPyConnection) -> Index:
    """What the draws start from, read from a build file."""
    nodes = rows(warehouse, "select * from intermediate.int_authority_nodes order by node_id")
    leaves = [n["node_id"] for n in nodes if n["is_leaf"]]
    branches = sorted({n["branch_id"] for n in nodes if n["is_leaf"]})
    themes = sorted({n["parent_id"] for n in nodes if n["is_leaf"]})
    branch_of = {n["node_id"]: n["branch_id"] for n in nodes}
    units = rows(warehouse, "select * from intermediate.int_authorities order by authority_code")
    codes = [u["authority_code"] for u in units]
    cells = {
        (c["authority_code"], c["indicator_id"]): c for c in rows(warehouse, "select * from intermediate.int_cells")
    }
    errors = {
        (c["authority_code"], c["indicator_id"]): c
        for c in rows(warehouse, "select * from intermediate.int_cell_errors")
    }
    by_basis = dict(warehouse.execute("select value_basis, error_sd from intermediate.int_basis_errors").fetchall())

    def grid(get) -> Values:
        return np.array([[get((code, leaf)) for leaf in leaves] for code in codes])

    def width(cell: dict, side: str) -> float:
        """From the cell itself where limits are published; those of counts have a test of their own."""
        if cell["lower_95"] is None:
            return errors[cell["authority_code"], cell["indicator_id"]][f"sampling_sd_{side}"]
        if side == "below":
            return (cell["value"] - cell["lower_95"]) / 1.96
        return (cell["upper_95"] - cell["value"]) / 1.96

    # Councils that take a figure of one area and period share it.
    figures = {
        key: f"{c['indicator_id']}|{c['source_area_code'] or c['authority_code']}|{c['period_end_date']}"
        for key, c in cells.items()
    }
    number = {figure: i for i, figure in enumerate(sorted(set(figures.values())), 1)}
    order = {key: i for i, key in enumerate(sorted(cells, key=lambda k: (k[1], k[0])), 1)}
    lower = [u["authority_code"] for u in units if u["tier"] == "lower"]
    return Index(
        units=codes,
        leaves=leaves,
        branches=branches,
        themes=themes,
        theme_of=np.array([themes.index(n["parent_id"]) for n in nodes if n["is_leaf"]]),
        branch_of=np.array([branches.index(branch_of[theme]) for theme in themes]),
        reference=np.array([u["tier"] != "upper" for u in units]),
        values=grid(lambda key: cells[key]["value"]),
        treatments={t["node_id"]: t for t in rows(warehouse, "select * from intermediate.int_treatments")},
        direction=np.array([n["direction"] for n in nodes if n["is_leaf"]], dtype=float),
        weights={n["node_id"]: n["weight_in_parent"] for n in nodes},
        node_number={n["node_id"]: i for i, n in enumerate(nodes, 1)},
        upper_tier_only=np.array(
            [all(cells[code, leaf]["value_basis"] == "inherited" for code in lower) for leaf in leaves]
        ),
        left_out_branch=warehouse.execute(
            "select node_id from staging.stg_method_choices where option = 'without_upper_tier_only'"
        ).fetchall()[0][0],
        below=grid(lambda key: width(cells[key], "below")),
        above=grid(lambda key: width(cells[key], "above")),
        basis_sd=grid(
            lambda key: 0 if cells[key]["value_basis"] == "published" else by_basis[cells[key]["value_basis"]]
        ),
        figure_number=np.array([[number[figures[code, leaf]] for leaf in leaves] for code in codes]),
        cell_number=np.array([[order[code, leaf] for leaf in leaves] for code in codes]),
    )
