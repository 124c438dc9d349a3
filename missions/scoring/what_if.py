"""What if: rank the published values under a different framework.

Belongs here: applying the changes to the published framework, and setting the resulting ranks beside the official ones.
Names are looked up and results printed in cli/; the scores come from the method's own SQL (chain.py).
"""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from missions.errors import WhatIfError
from missions.scoring import framework
from missions.scoring.chain import run_chain
from missions.scoring.framework import OF_POSITIVE, create_nodes
from missions.scoring.parameters import needs_parameters
from missions.sql import quoted_text

# One treatment for all indicators: those that any number can take.
TREATMENTS = ("none", "winsorise_then_log", "winsorise_then_signed_log", "log")
# One scale for all indicators: not those that need parameters for each indicator.
NORMALISATIONS = tuple(name for name in framework.NORMALISATIONS if not needs_parameters(name))
AGGREGATIONS = framework.AGGREGATIONS

# The scales that give positive numbers only.
_POSITIVE = ("min_max", "rank", "exponential")
_ZERO_TO_100 = json.dumps({"lower": 0, "upper": 100})
_ONE_TO_100 = json.dumps({"lower": 1, "upper": 100})

_RESULT = """
CREATE TABLE what_if AS
WITH official AS (
    SELECT authority_code, (SELECT node_id FROM published.marts.dim_framework_node WHERE parent_id IS NULL) AS index_id,
        need_score, need_rank, is_too_uncertain_to_place, rank_note
    FROM published.marts.composite_index
    UNION ALL
    SELECT authority_code, mission_id, need_score, need_rank, is_too_uncertain_to_place, rank_note
    FROM published.marts.mission_index
), scored AS (
    SELECT unit_id AS authority_code, 100 + 10 * score AS need_score,
        rank() OVER (ORDER BY round(score, 9) DESC) AS need_rank
    FROM int_node_scores
    WHERE node_id = $index_id AND score IS NOT NULL
)
SELECT
    official.authority_code,
    authority.authority_name,
    authority.authority_type,
    authority.region_name,
    official.index_id,
    (SELECT count(*) FROM scored) AS ranked_councils,
    official.rank_note,
    official.need_score AS official_score,
    scored.need_score AS new_score,
    official.need_rank AS official_rank,
    scored.need_rank AS new_rank,
    scored.need_rank - official.need_rank AS rank_change,
    uncertainty.rank_percentile_5,
    uncertainty.rank_percentile_95,
    official.is_too_uncertain_to_place
FROM official
JOIN published.marts.dim_authority AS authority USING (authority_code)
LEFT JOIN published.marts.rank_uncertainty AS uncertainty USING (authority_code, index_id)
LEFT JOIN scored USING (authority_code)
WHERE official.index_id = $index_id
ORDER BY scored.need_rank, authority.authority_name
"""


# Nodes and values of the framework in force, and of another one.
_NODES = (
    "FROM published.marts.dim_framework_node WHERE $framework = '' ORDER BY depth, node_id",
    "SELECT * EXCLUDE (framework_id) FROM published.marts.other_framework_node WHERE framework_id = $framework "
    "ORDER BY depth, node_id",
)
_VALUES = (
    "published.marts.indicator_score",
    "(FROM published.marts.other_framework_value WHERE framework_id = $framework)",
)


@dataclass(frozen=True)
class Choices:
    """The changes to the published framework, or to another one that is published beside it (`framework`, by name).

    Nodes are given by id; `index_id` is the composite or a mission.
    """

    index_id: str
    weights: Mapping[str, float] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    treatment: str | None = None
    normalisation: str | None = None
    aggregation: str | None = None
    framework: str | None = None


@contextmanager
def what_if(database: Path, choices: Choices) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the table what_if: one row per council, with its official rank and its rank under the choices.

    rank_percentile_5 and _95, rank_note and is_too_uncertain_to_place are those of the official rank.

    Raises WhatIfError if the choices do not make an index.
    """
    # Sums depend on the order of their terms: one thread, as in the build, so that no changes give the official ranks.
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"ATTACH {quoted_text(database)} AS published (READ_ONLY)")
        published = connection.execute(_NODES[bool(choices.framework)], {"framework": choices.framework or ""})
        columns = [column[0] for column in published.description]
        nodes = {row[columns.index("node_id")]: dict(zip(columns, row, strict=True)) for row in published.fetchall()}
        changed = changed_framework(nodes, choices)
        create_nodes(connection, changed.values())
        connection.execute(
            """
            CREATE TABLE int_index_units AS
            SELECT authority_code AS unit_id, NULL::VARCHAR AS group_id, 1e0 AS weight, is_in_reference_set
            FROM published.marts.dim_authority
            ORDER BY authority_code
            """
        )
        connection.execute(
            """
            CREATE TABLE int_index_values AS
            SELECT authority_code AS unit_id, indicator_id AS node_id, value
            FROM """
            + _VALUES[bool(choices.framework)]
            + """
            WHERE indicator_id IN (SELECT node_id FROM stg_framework_nodes)
            ORDER BY authority_code, indicator_id
            """,
            {"framework": choices.framework} if choices.framework else {},
        )
        run_chain(connection)
        connection.execute(_RESULT, {"index_id": choices.index_id})
        without = connection.execute(
            "SELECT authority_name FROM what_if WHERE new_rank IS NULL ORDER BY ALL"
        ).fetchall()
        if without:
            names = ", ".join(name for (name,) in without[:5]) + (" and others" if len(without) > 5 else "")
            raise WhatIfError(f"{len(without)} councils have no score under these choices: {names}")
        yield connection


def changed_framework(nodes: Mapping[str, dict[str, Any]], choices: Choices) -> dict[str, dict[str, Any]]:
    """The changed tree below the index, parents before children.

    `nodes` is the published framework by node, parents before children.
    """
    _check(nodes, choices)
    scale, parameters = _scale(choices)
    changed: dict[str, dict[str, Any]] = {}
    for node_id, node in nodes.items():
        is_root = node_id == choices.index_id
        if node_id in choices.dropped or not (is_root or node["parent_id"] in changed):
            continue
        node = node | {"weight": choices.weights.get(node_id, node["weight"])}
        if is_root:
            node["parent_id"] = None
        if node["is_leaf"]:
            node["treatment"] = choices.treatment or node["treatment"]
            if scale:
                node |= {"normalisation": scale, "normalisation_parameters": parameters}
        elif choices.aggregation:
            node["aggregation"] = choices.aggregation
            if choices.aggregation in OF_POSITIVE and not is_root:
                node |= {"normalisation": "min_max", "normalisation_parameters": _ONE_TO_100}
        changed[node_id] = node
    for node_id, node in changed.items():
        children = [child for child in changed.values() if child["parent_id"] == node_id]
        if not node["is_leaf"] and not sum(child["weight"] for child in children) > 0:
            left = "no weight is left" if children else "nothing is left"
            drop = "" if node_id == choices.index_id else f"; to leave it out, use --drop {node_id}"
            raise WhatIfError(f"{left} under {node['label']}{drop}")
    return changed


def _check(nodes: Mapping[str, dict[str, Any]], choices: Choices) -> None:
    index = nodes[choices.index_id]
    for node_id, weight in choices.weights.items():
        if not (math.isfinite(weight) and weight >= 0):
            raise WhatIfError(f"the weight of {node_id} must be 0 or more, not {weight:g}")
        if node_id in choices.dropped:
            raise WhatIfError(f"{node_id} cannot be dropped and given a weight")
    for node_id in (*choices.weights, *choices.dropped):
        if node_id == choices.index_id:
            raise WhatIfError(f"{node_id} is the index being ranked: it cannot be dropped or given a weight")
        above = node_id
        while (above := nodes[above]["parent_id"]) is not None:
            if above == choices.index_id:
                break
        else:
            raise WhatIfError(f"{node_id} is not part of {index['label']}, so it would change nothing")


def _scale(choices: Choices) -> tuple[str | None, str | None]:
    """The normalisation of the indicators and its parameters, or None to keep their own."""
    if choices.aggregation not in OF_POSITIVE:
        return choices.normalisation, _ZERO_TO_100 if choices.normalisation == "min_max" else None
    scale = choices.normalisation or "min_max"
    if scale not in _POSITIVE:
        raise WhatIfError(
            f"a {choices.aggregation} mean needs numbers above zero, and {scale} gives others too; leave out "
            f"--normalisation to use min_max from 1 to 100, or choose one of {', '.join(_POSITIVE)}"
        )
    return scale, _ONE_TO_100 if scale == "min_max" else None


def notes(choices: Choices) -> list[str]:
    """Sentences on what else the choices change."""
    sentences = []
    if choices.aggregation in OF_POSITIVE:
        put = "Missions" if choices.normalisation and choices.normalisation != "min_max" else "Indicators and missions"
        sentences.append(
            f"{put} are rescaled to 1 to 100 with min_max: a {choices.aggregation} mean needs numbers above zero."
        )
    elif choices.normalisation:
        sentences.append("The normalisation applies to indicators; mission scores remain z-scores.")
    return sentences
