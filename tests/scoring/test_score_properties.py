"""What must be true of any index: changes without effect, what a rank is, and that more need never lowers a rank.

An example and its variants are scored in one run of the chain, as several trees.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions.scoring import run_chain

Scores = dict[tuple[str, str], float | None]
# A positive affine change of the unit does not change these.
SCALES = ["z_score", "min_max", "rank", "percentile_rank", "exponential"]
# These treat a value and its negative in the same way.
SYMMETRIC = ["none", "winsorise_then_signed_log"]
TREATMENTS = [*SYMMETRIC, "winsorise_then_log", "log"]
examples = settings(max_examples=12, deadline=None, derandomize=True)


@dataclass(frozen=True)
class Case:
    """A small index: whether each unit is in the reference set, values by unit and leaf, and nodes by id."""

    units: dict[str, bool]
    values: dict[tuple[str, str], float]
    nodes: dict[str, dict[str, Any]]

    @property
    def leaves(self) -> list[str]:
        return [node_id for node_id, row in self.nodes.items() if not row["aggregation"]]


def node(parent_id: str | None, **more: Any) -> dict[str, Any]:
    methods = ("treatment", "normalisation", "normalisation_parameters", "aggregation", "least_share")
    return {
        "parent_id": parent_id,
        "weight": 1.0,
        "direction": 1,
        **dict.fromkeys(methods),
        "treatment": "none",
        **more,
    }


@st.composite
def cases(draw: st.DrawFn, scales: list[str], treatments: list[str], inner_scales: list[str | None]) -> Case:
    """A root over a branch of two leaves and two more leaves; gaps, ties, outliers, units outside the reference set."""
    scale = st.sampled_from(scales)
    weight = st.sampled_from([0.5, 1.0, 3.0])
    nodes = {
        "root": node(None, aggregation="arithmetic", normalisation=draw(st.sampled_from(inner_scales))),
        "branch": node(
            "root",
            aggregation="arithmetic",
            normalisation=draw(st.sampled_from(inner_scales)),
            weight=draw(weight),
        ),
    }
    for leaf, parent in {"a": "branch", "b": "branch", "c": "root", "d": "root"}.items():
        nodes[leaf] = node(
            parent,
            weight=draw(weight),
            direction=draw(st.sampled_from([1, -1])),
            normalisation=draw(scale),
            treatment=draw(st.sampled_from(treatments)),
        )
        if nodes[leaf]["normalisation"] == "goalposts":
            nodes[leaf]["normalisation_parameters"] = '{"lower": -4, "upper": 6, "scale": 3}'
    size = draw(st.integers(4, 9))
    outside = draw(st.integers(0, 2))
    units = {f"u{number}": number >= outside for number in range(size)}
    value = st.one_of(st.integers(-8, 8), st.sampled_from([200, -300])).map(lambda number: number / 4)
    values = {
        (unit, leaf): draw(value) for unit in units for leaf in "abcd" if unit == "u0" or draw(st.integers(0, 9)) < 9
    }
    return Case(units, values, nodes)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as opened:
        opened.execute(
            """
            create table int_index_units (
                unit_id varchar, group_id varchar, weight double, is_in_reference_set boolean
            );
            create table int_index_values (unit_id varchar, node_id varchar, value double);
            create table stg_framework_nodes (
                node_id varchar, label varchar, parent_id varchar, weight double, direction bigint, treatment varchar,
                normalisation varchar, normalisation_parameters varchar, aggregation varchar, least_share double
            )
            """
        )
        yield opened


def scored(connection: duckdb.DuckDBPyConnection, **variants: Case) -> dict[str, Scores]:
    """The scores of each variant by unit and node; within the run, ids begin with the name of the variant."""
    tables: dict[str, list[list[Any]]] = {"int_index_units": [], "int_index_values": [], "stg_framework_nodes": []}
    for name, case in variants.items():
        tables["int_index_units"] += [[f"{name} {unit}", None, 1.0, inside] for unit, inside in case.units.items()]
        tables["int_index_values"] += [
            [f"{name} {unit}", f"{name} {leaf}", value] for (unit, leaf), value in case.values.items()
        ]
        for node_id, row in case.nodes.items():
            parent_id, *cells = row.values()
            tables["stg_framework_nodes"].append(
                [f"{name} {node_id}", node_id, parent_id and f"{name} {parent_id}", *cells]
            )
    for table, rows in tables.items():
        columns = list(map(list, zip(*rows, strict=True)))  # row by row would take longer than the scoring
        connection.execute(f"delete from {table}")
        connection.execute(f"insert into {table} select {', '.join(['unnest(?)'] * len(columns))}", columns)
    run_chain(connection)
    found: dict[str, Scores] = {name: {} for name in variants}
    for unit, node_id, score in connection.execute("select unit_id, node_id, score from int_node_scores").fetchall():
        name, _, unit = unit.partition(" ")
        found[name][unit, node_id.partition(" ")[2]] = score
    return found


def backwards(case: Case) -> Case:
    """All rows in the opposite order."""
    return Case(*(dict(reversed(rows.items())) for rows in (case.units, case.values, case.nodes)))


def in_other_units(case: Case) -> Case:
    """Each indicator in another unit, such as Fahrenheit instead of Celsius."""
    changes = {"a": (1.8, 32), "b": (1e-3, 0), "c": (250, -1e4), "d": (1, 7)}
    return replace(
        case, values={(u, leaf): changes[leaf][0] * x + changes[leaf][1] for (u, leaf), x in case.values.items()}
    )


def with_other_weights(case: Case) -> Case:
    """All weights under one parent multiplied by the same number."""
    factors = {None: 5.0, "root": 0.003, "branch": 40.0}
    return replace(
        case,
        nodes={name: row | {"weight": row["weight"] * factors[row["parent_id"]]} for name, row in case.nodes.items()},
    )


def reversed_twice(case: Case) -> Case:
    """Opposite values and opposite directions, for leaves with a symmetric treatment."""
    turned = {leaf for leaf in case.leaves if case.nodes[leaf]["treatment"] in SYMMETRIC}
    return replace(
        case,
        values={(unit, leaf): -x if leaf in turned else x for (unit, leaf), x in case.values.items()},
        nodes={n: row | {"direction": -row["direction"]} if n in turned else row for n, row in case.nodes.items()},
    )


NAMES = {"root": "a", "branch": "z", "a": "d d", "b": "c", "c": "Ä", "d": "root", None: None}


def renamed(case: Case) -> Case:
    """Other names for units and nodes, in a different sort order."""
    return Case(
        {f"9{9 - int(unit[1:])}": inside for unit, inside in case.units.items()},
        {(f"9{9 - int(unit[1:])}", NAMES[leaf]): x for (unit, leaf), x in case.values.items()},
        {NAMES[n]: row | {"parent_id": NAMES[row["parent_id"]]} for n, row in case.nodes.items()},
    )


@examples
@given(case=cases(SCALES, TREATMENTS, [None, "z_score", "min_max", "rank", "percentile_rank"]))
def test_changes_without_effect(connection: duckdb.DuckDBPyConnection, case: Case) -> None:
    changes = (backwards, in_other_units, with_other_weights, reversed_twice, renamed)
    found = scored(connection, base=case, **{change.__name__: change(case) for change in changes})
    base = found.pop("base")
    found["renamed"] = {
        (f"u{9 - int(unit[1:])}", next(old for old, new in NAMES.items() if new == node_id)): score
        for (unit, node_id), score in found["renamed"].items()
    }
    for name, scores in found.items():
        assert scores.keys() == base.keys(), name
        for cell, score in scores.items():
            expected = base[cell]
            same = score == expected if expected is None else score == pytest.approx(expected, rel=1e-9, abs=1e-9)
            assert same, (name, cell)


@examples
@given(case=cases(["rank"], ["none"], ["rank"]))
def test_ranks_are_a_competition_ranking(connection: duckdb.DuckDBPyConnection, case: Case) -> None:
    """In the reference set, ranks start at 1, ties share the lowest rank, and the next rank skips the tied places."""
    found = scored(connection, base=case)["base"]
    for node_id in case.nodes:
        ranks = sorted(
            score for (unit, of), score in found.items() if of == node_id and score is not None and case.units[unit]
        )
        ties = Counter(ranks)
        assert all(rank == 1 + sum(n for other, n in ties.items() if other < rank) for rank in ties), node_id


def rank_from_the_top(scores: Scores, node_id: str, unit: str) -> int:
    own = round(scores[unit, node_id] or 0, 9)
    return 1 + sum(of == node_id and score is not None and round(score, 9) > own for (_, of), score in scores.items())


@st.composite
def needier(draw: st.DrawFn, scales: list[str], inner_scales: list[str | None]) -> tuple[Case, Case, str, str]:
    """A case, the same case with more need in one cell, and the cell."""
    case = draw(cases(scales, ["none"], inner_scales))
    unit, leaf = draw(st.sampled_from(sorted(case.values)))
    more = draw(st.sampled_from([0.25, 1, 5, 80])) * case.nodes[leaf]["direction"]
    return case, replace(case, values=case.values | {(unit, leaf): case.values[unit, leaf] + more}), unit, leaf


def check_that_more_need_counts(
    connection: duckdb.DuckDBPyConnection, examples: tuple[Case, Case, str, str], nodes: list[str]
) -> None:
    before, after, unit, leaf = examples
    found = scored(connection, before=before, after=after)
    for node_id in [leaf, *nodes]:
        scores = [found[name].get((unit, node_id)) for name in ("before", "after")]
        if None not in scores:
            old, new = (rank_from_the_top(found[name], node_id, unit) for name in ("before", "after"))
            assert new <= old, node_id


@examples
@given(examples=needier(["rank", "percentile_rank", "exponential", "min_max", "goalposts"], [None]))
def test_more_need_never_lowers_a_rank(
    connection: duckdb.DuckDBPyConnection, examples: tuple[Case, Case, str, str]
) -> None:
    """The unit does not rank lower, on its indicator, its branch or the root."""
    check_that_more_need_counts(connection, examples, ["branch", "root"])


@examples
@given(examples=needier(["z_score"], ["z_score"]))
def test_more_need_never_lowers_a_rank_under_z_scores(
    connection: duckdb.DuckDBPyConnection, examples: tuple[Case, Case, str, str]
) -> None:
    """At every node for units outside the reference set, which do not move means and deviations; else at the indicator.

    A value in the reference set moves the deviation: if an extreme value rises further, the scores of all others move
    closer together, so its lead on one indicator may shrink compared with leads on others.
    """
    before, _, unit, _ = examples
    check_that_more_need_counts(connection, examples, [] if before.units[unit] else ["branch", "root"])
