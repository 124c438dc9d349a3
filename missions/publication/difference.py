"""What changed between two publications, and why: each change put down to a cause, the amounts adding up to the whole.

Belongs here: comparing two databases of marts. Scores come from the method's own SQL (chain.py), run on inputs that go
from missions.errors import DifferenceError
from the old to the new in the order of CAUSES. What is printed of it is in cli/; when the build does it, in assets.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from missions.errors import DifferenceError
from missions.scoring.chain import run_chain
from missions.sql import quoted_text

# In the order in which the inputs are replaced. What the earlier publication's own inputs give today comes first.
CAUSES = ("method_change", "framework_change", "boundary_change", "new_period", "data_revision")
# Below this an amount is what computers make of sums in another order, in points of score.
NOTHING = 1e-10

# What must be there to compare. A publication of an older schema that lacks some of it is named with what it lacks.
_NEEDED: dict[str, tuple[str, ...]] = {
    "dim_authority": ("authority_code", "current_code", "authority_name", "is_in_reference_set"),
    "dim_area_code": ("area_code", "authority_code", "relation"),
    "dim_framework_node": (
        *("node_id", "parent_id", "label", "weight", "direction", "treatment", "normalisation"),
        *("normalisation_parameters", "aggregation", "least_share", "depth", "is_leaf"),
    ),
    "dim_indicator": ("indicator_id", "unit"),
    "indicator_score": (
        *("authority_code", "indicator_id", "value", "value_basis", "source_area_code", "need_rank"),
        *("period_start_date", "period_end_date"),
    ),
    "mission_index": ("authority_code", "mission_id", "need_score", "need_rank"),
    "composite_index": ("authority_code", "need_score", "need_rank"),
}
COMPARED = tuple(_NEEDED)
# The columns of a node, beside its own and its parent's id, that are the framework; the others follow from them.
_METHOD = "label, weight, direction, treatment, normalisation, normalisation_parameters, aggregation, least_share"

# One row a council of either publication, under its newer code where it has one in both.
_COUNCILS = """
CREATE TABLE council AS
WITH recoded AS (
    SELECT area_code AS before_code, authority_code AS after_code
    FROM after.marts.dim_area_code
    WHERE relation NOT IN ('merged', 'split') AND area_code <> authority_code
    UNION
    SELECT authority_code, current_code FROM before.marts.dim_authority WHERE authority_code <> current_code
), gone AS (
    SELECT authority_code FROM before.marts.dim_authority
    EXCEPT SELECT authority_code FROM after.marts.dim_authority
), come AS (
    SELECT authority_code FROM after.marts.dim_authority
    EXCEPT SELECT authority_code FROM before.marts.dim_authority
), link AS (
    SELECT authority_code AS before_code, authority_code AS after_code
    FROM before.marts.dim_authority JOIN after.marts.dim_authority USING (authority_code)
    UNION ALL
    -- Only one to one: two councils on one code are a merger.
    SELECT before_code, after_code
    FROM recoded
    WHERE before_code IN (FROM gone) AND after_code IN (FROM come)
    QUALIFY count(*) OVER (PARTITION BY before_code) = 1 AND count(*) OVER (PARTITION BY after_code) = 1
), successor AS (
    SELECT area_code, string_agg(authority_name, ', ' ORDER BY authority_name) AS names, any_value(relation) AS relation
    FROM after.marts.dim_area_code JOIN after.marts.dim_authority USING (authority_code)
    WHERE relation IN ('merged', 'split')
    GROUP BY area_code
)
SELECT
    coalesce(now.authority_code, was.authority_code) AS authority_code,
    was.authority_code AS before_code,
    now.authority_code AS after_code,
    coalesce(now.authority_name, was.authority_name) AS authority_name,
    was.is_in_reference_set AS was_in_reference_set,
    now.is_in_reference_set AS is_in_reference_set,
    CASE
        WHEN now.authority_code IS NULL THEN 'only in the earlier publication'
            || coalesce(if(successor.relation = 'split', ': split into ', ': now part of ') || successor.names, '')
        WHEN was.authority_code IS NULL THEN 'only in the later publication'
        WHEN was.authority_code <> now.authority_code
            THEN was.authority_code || ' became ' || now.authority_code
        WHEN was.is_in_reference_set <> now.is_in_reference_set THEN 'in the reference set in only one of the two'
    END AS explanation
FROM before.marts.dim_authority AS was
LEFT JOIN link ON was.authority_code = link.before_code
FULL JOIN after.marts.dim_authority AS now ON now.authority_code = link.after_code
LEFT JOIN successor ON successor.area_code = was.authority_code AND now.authority_code IS NULL
ORDER BY authority_code
"""

# One row a node of either framework that is not the same in both.
_NODES = """
CREATE TABLE node AS
SELECT
    coalesce(now.node_id, was.node_id) AS node_id,
    coalesce(now.label, was.label) AS label,
    was.node_id IS NOT NULL AS is_in_before,
    now.node_id IS NOT NULL AS is_in_after,
    was_indicator.unit AS previous_unit,
    now_indicator.unit AS new_unit,
    was.node_id IS NULL OR now.node_id IS NULL OR was_indicator.unit IS DISTINCT FROM now_indicator.unit AS is_other,
    {'parent_id': was.parent_id, 'weight': was.weight, 'direction': was.direction, 'treatment': was.treatment,
        'normalisation': was.normalisation, 'normalisation_parameters': was.normalisation_parameters,
        'aggregation': was.aggregation, 'least_share': was.least_share} AS previous,
    {'parent_id': now.parent_id, 'weight': now.weight, 'direction': now.direction, 'treatment': now.treatment,
        'normalisation': now.normalisation, 'normalisation_parameters': now.normalisation_parameters,
        'aggregation': now.aggregation, 'least_share': now.least_share} AS new,
    coalesce(now.depth, was.depth) AS depth,
    coalesce(now.is_leaf, was.is_leaf) AS is_leaf
FROM before.marts.dim_framework_node AS was
FULL JOIN after.marts.dim_framework_node AS now USING (node_id)
LEFT JOIN before.marts.dim_indicator AS was_indicator ON was.node_id = was_indicator.indicator_id
LEFT JOIN after.marts.dim_indicator AS now_indicator ON now.node_id = now_indicator.indicator_id
ORDER BY node_id
"""

# One row a council and indicator of either publication. A cell changes once, under the first cause that applies.
_CELLS = """
CREATE TABLE cell AS
WITH was AS (
    SELECT
        council.authority_code,
        score.*,
        -- The area that the figure stands for; an estimate stands for none.
        CASE value_basis WHEN 'stale' THEN 'published' WHEN 'estimated' THEN NULL ELSE value_basis END AS area_kind,
        coalesce(area.authority_code, score.source_area_code) AS area
    FROM (SELECT * RENAME (authority_code AS own_code) FROM before.marts.indicator_score) AS score
    JOIN council ON score.own_code = council.before_code
    LEFT JOIN council AS area ON score.source_area_code = area.before_code
), now AS (
    SELECT
        council.authority_code,
        score.*,
        CASE value_basis WHEN 'stale' THEN 'published' WHEN 'estimated' THEN NULL ELSE value_basis END AS area_kind,
        coalesce(area.authority_code, score.source_area_code) AS area
    FROM (SELECT * RENAME (authority_code AS own_code) FROM after.marts.indicator_score) AS score
    JOIN council ON score.own_code = council.after_code
    LEFT JOIN council AS area ON score.source_area_code = area.before_code
)
SELECT
    authority_code,
    indicator_id,
    was.value_basis AS previous_value_basis,
    now.value_basis AS new_value_basis,
    was.value AS previous_value,
    now.value AS new_value,
    was.period_end_date AS previous_period_end_date,
    now.period_end_date AS new_period_end_date,
    CASE
        WHEN was.value = now.value THEN NULL
        WHEN node.is_other THEN 'framework_change'
        WHEN was.own_code IS NULL OR now.own_code IS NULL THEN 'boundary_change'
        WHEN was.area_kind <> now.area_kind THEN 'boundary_change'
        -- A council's own figure may stand under any of its codes.
        WHEN was.area_kind <> 'published' AND was.area_kind = now.area_kind AND was.area IS DISTINCT FROM now.area
            THEN 'boundary_change'
        WHEN (was.period_start_date, was.period_end_date) IS DISTINCT FROM (now.period_start_date, now.period_end_date)
            THEN 'new_period'
        ELSE 'data_revision'
    END AS cause
FROM was
FULL JOIN now USING (authority_code, indicator_id)
JOIN node ON indicator_id = node.node_id
ORDER BY authority_code, indicator_id
"""

# What the two publications themselves say: position 0 and the last of every path.
_PUBLISHED = """
SELECT {position} AS position, council.authority_code, index_id, need_score AS score, need_rank AS rank
FROM (
    SELECT authority_code, (SELECT node_id FROM {side}.marts.dim_framework_node WHERE parent_id IS NULL) AS index_id,
        need_score, need_rank
    FROM {side}.marts.composite_index
    UNION ALL
    SELECT authority_code, mission_id, need_score, need_rank FROM {side}.marts.mission_index
    UNION ALL
    SELECT authority_code, indicator_id, NULL, need_rank FROM {side}.marts.indicator_score
) AS published
JOIN council ON published.authority_code = council.{side}_code
"""

_RESULT = """
CREATE TABLE publication_change AS
WITH index AS (
    SELECT node_id AS index_id, CASE depth WHEN 0 THEN 'composite' ELSE 'mission' END AS index_kind,
        is_in_before, is_in_after
    FROM node WHERE NOT is_leaf AND depth <= 1
    UNION ALL
    SELECT node_id, 'indicator', is_in_before, is_in_after FROM node WHERE is_leaf
), ends AS (
    SELECT council.authority_code, index.*, council.authority_name, council.explanation,
        was.score AS previous_score, now.score AS new_score, was.rank AS previous_rank, now.rank AS new_rank,
        was.rank IS NOT NULL AND now.rank IS NOT NULL AS is_in_both
    FROM council
    CROSS JOIN index
    LEFT JOIN path AS was
        ON council.authority_code = was.authority_code AND index.index_id = was.index_id AND was.position = 0
    LEFT JOIN path AS now
        ON council.authority_code = now.authority_code AND index.index_id = now.index_id AND now.position = $last
    WHERE was.rank IS NOT NULL OR now.rank IS NOT NULL
), grid AS (
    SELECT authority_code, index_id, position
    FROM ends CROSS JOIN range($last + 1) AS positions (position)
    WHERE is_in_both
), filled AS (
    -- A step that gives no score (no spread, say) changes nothing.
    SELECT authority_code, index_id, position,
        last_value(score IGNORE NULLS) OVER so_far AS score, last_value(rank IGNORE NULLS) OVER so_far AS rank
    FROM grid LEFT JOIN path USING (authority_code, index_id, position)
    WINDOW so_far AS (PARTITION BY authority_code, index_id ORDER BY position)
), moved AS (
    SELECT *, score - lag(score) OVER steps AS score_change, rank - lag(rank) OVER steps AS rank_change
    FROM filled
    WINDOW steps AS (PARTITION BY authority_code, index_id ORDER BY position)
), by_cause AS (
    SELECT authority_code, index_id, $causes[position] AS cause,
        sum(score_change) AS score_change, cast(sum(rank_change) AS bigint) AS rank_change
    FROM moved
    WHERE position > 0
    GROUP BY ALL
), amounts AS (
    SELECT by_cause.*,
        CASE WHEN cell.cause = by_cause.cause THEN cell.new_value - cell.previous_value
            WHEN cell.indicator_id IS NOT NULL THEN 0 END AS value_change
    FROM by_cause
    LEFT JOIN cell ON by_cause.authority_code = cell.authority_code AND by_cause.index_id = cell.indicator_id
    WHERE abs(score_change) >= $nothing OR rank_change <> 0 OR cell.cause = by_cause.cause
), stated AS (
    SELECT ends.*, value_change,
        CASE WHEN amounts.cause IS NOT NULL THEN score_change WHEN is_in_both AND index_kind <> 'indicator' THEN 0 END
            AS score_change,
        CASE WHEN amounts.cause IS NOT NULL THEN rank_change WHEN is_in_both THEN 0 END AS rank_change,
        -- Without an amount: what is known on one side only, and then what has another code or did not change.
        CASE
            WHEN amounts.cause IS NOT NULL THEN amounts.cause
            WHEN NOT (is_in_before AND is_in_after) THEN 'framework_change'
            WHEN NOT is_in_both THEN 'boundary_change'
            WHEN index_kind = 'indicator' THEN NULL
            WHEN explanation IS NOT NULL THEN 'boundary_change'
            ELSE 'no_change'
        END AS cause
    FROM ends LEFT JOIN amounts USING (authority_code, index_id)
)
SELECT
    stated.authority_code,
    stated.index_id,
    stated.cause,
    stated.authority_name,
    stated.index_kind,
    cast($previous_publication_id AS varchar) AS previous_publication_id,
    cell.previous_value_basis,
    cell.new_value_basis,
    stated.explanation,
    cell.previous_value,
    cell.new_value,
    stated.value_change,
    stated.previous_score,
    stated.new_score,
    stated.score_change,
    stated.previous_rank,
    stated.new_rank,
    stated.rank_change,
    cell.previous_period_end_date,
    cell.new_period_end_date
FROM stated
LEFT JOIN cell ON stated.authority_code = cell.authority_code AND stated.index_id = cell.indicator_id
WHERE stated.cause IS NOT NULL
ORDER BY authority_code, index_id, cause
"""

# Where there is nothing to compare with: every council's scores as they are, under a cause that says so.
_ALONE = """
CREATE TABLE publication_change AS
WITH ends AS (
    SELECT authority_code, node_id AS index_id, 'composite' AS index_kind, need_score, need_rank
    FROM after.marts.composite_index CROSS JOIN after.marts.dim_framework_node
    WHERE parent_id IS NULL
    UNION ALL
    SELECT authority_code, mission_id, 'mission', need_score, need_rank FROM after.marts.mission_index
)
SELECT
    authority_code,
    index_id,
    cast($cause AS varchar) AS cause,
    authority_name,
    index_kind,
    cast($previous_publication_id AS varchar) AS previous_publication_id,
    cast(NULL AS varchar) AS previous_value_basis,
    cast(NULL AS varchar) AS new_value_basis,
    cast($explanation AS varchar) AS explanation,
    cast(NULL AS double) AS previous_value,
    cast(NULL AS double) AS new_value,
    cast(NULL AS double) AS value_change,
    cast(NULL AS double) AS previous_score,
    need_score AS new_score,
    cast(NULL AS double) AS score_change,
    cast(NULL AS bigint) AS previous_rank,
    need_rank AS new_rank,
    cast(NULL AS bigint) AS rank_change,
    cast(NULL AS date) AS previous_period_end_date,
    cast(NULL AS date) AS new_period_end_date
FROM ends JOIN after.marts.dim_authority USING (authority_code)
ORDER BY authority_code, index_id
"""


@dataclass(frozen=True)
class Edition:
    """A publication, or a build that is to be one: what people call it, and its database."""

    name: str
    database: Path


@contextmanager
def difference(before: Edition, after: Edition) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that holds what changed from one edition to the other, both of them attached under these names.

    Its tables: publication_change (one row a council, index and cause, as the mart of that name), council and node (the
    councils and the framework's nodes of either, side by side) and cell (the value of each council and indicator).

    Raises DifferenceError where one of the two cannot be read, lacks a table, or does not fit the method of today.
    """
    with _attached(before=before, after=after) as connection:
        try:
            for statement in (_COUNCILS, _NODES, _CELLS):
                connection.execute(statement)
            steps = _score_steps(connection)
            last = len(CAUSES) + 1
            published = (_PUBLISHED.format(position=at, side=side) for at, side in ((0, "before"), (last, "after")))
            connection.execute(f"CREATE TABLE path AS {' UNION ALL '.join(published)}")
            for position, step in enumerate(steps, 1):
                connection.execute(
                    "INSERT INTO path SELECT ?, authority_code, index_id, score, rank FROM step_score WHERE step = ?",
                    [position, step],
                )
            connection.execute(
                _RESULT,
                {
                    "last": last,
                    # What today's method makes of the later inputs may differ too from what was published.
                    "causes": [*CAUSES, CAUSES[0]],
                    "nothing": NOTHING,
                    "previous_publication_id": before.name,
                },
            )
        except duckdb.Error as error:
            raise DifferenceError(f"{before.name} and {after.name} cannot be compared: {error}") from error
        yield connection


@contextmanager
def no_difference(
    after: Edition, cause: str, before: str | None, explanation: str
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same table for an edition that has no other to be compared with, or none that can be."""
    with _attached(after=after) as connection:
        connection.execute(_ALONE, {"cause": cause, "previous_publication_id": before, "explanation": explanation})
        yield connection


@contextmanager
def _attached(**editions: Edition) -> Iterator[duckdb.DuckDBPyConnection]:
    # Sums depend on the order of their terms: one thread, so that the same inputs give the same result.
    with duckdb.connect(config={"threads": 1}) as connection:
        for side, edition in editions.items():
            if not edition.database.is_file():
                raise DifferenceError(f"{edition.name} has no database {edition.database.name}")
            try:
                connection.execute(f"ATTACH {quoted_text(edition.database)} AS {side} (READ_ONLY)")
                found = connection.execute(
                    "SELECT table_name, list(column_name) FROM duckdb_columns() "
                    "WHERE database_name = ? AND schema_name = 'marts' GROUP BY ALL",
                    [side],
                ).fetchall()
            except duckdb.Error as error:
                # The mart says this too, and a folder of this machine is nobody's business.
                reason = str(error).replace(str(edition.database), edition.database.name)
                raise DifferenceError(f"{edition.name} cannot be read: {reason}") from error
            columns = dict(found)
            missing = [
                table if table not in columns else f"{table}.{column}"
                for table, needed in _NEEDED.items()
                for column in (needed if table in columns else needed[:1])
                if column not in columns.get(table, ())
            ]
            if missing:
                raise DifferenceError(
                    f"{edition.name} is of an older schema and cannot be compared: it lacks {', '.join(missing)}"
                )
        yield connection


def _score_steps(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """Score the inputs at each step, from all old to all new; returns the number of the step that each cause leads to.

    All steps are one forest: the nodes of a step bear its number, so that one run of the method does them all. A step
    that changes nothing is not scored again. Result: the table step_score.
    """
    (has_other_nodes, has_other_councils) = connection.execute(
        """
        SELECT
            (SELECT bool_or(previous IS DISTINCT FROM new OR is_other) FROM node),
            (SELECT bool_or(was_in_reference_set IS DISTINCT FROM is_in_reference_set) FROM council)
        """
    ).fetchall()[0]
    changed = {cause for (cause,) in connection.execute("SELECT DISTINCT cause FROM cell").fetchall()}
    if has_other_nodes:
        changed.add("framework_change")
    if has_other_councils:
        changed.add("boundary_change")

    connection.execute(
        """
        CREATE TABLE stg_framework_nodes (
            node_id varchar, parent_id varchar, label varchar, weight double, direction bigint, treatment varchar,
            normalisation varchar, normalisation_parameters varchar, aggregation varchar, least_share double
        );
        CREATE TABLE int_index_units AS
        SELECT 'before ' || authority_code AS unit_id, was_in_reference_set AS is_in_reference_set
        FROM council WHERE before_code IS NOT NULL
        UNION ALL
        SELECT 'after ' || authority_code, is_in_reference_set FROM council WHERE after_code IS NOT NULL;
        CREATE TABLE int_index_values (unit_id varchar, node_id varchar, value double);
        """
    )
    steps = []
    step = 0
    for position, cause in enumerate(CAUSES):
        if position == 0 or cause in changed:
            step += 1
            nodes = "before" if position < CAUSES.index("framework_change") else "after"
            councils = "before" if position < CAUSES.index("boundary_change") else "after"
            connection.execute(
                f"""
                INSERT INTO stg_framework_nodes
                SELECT '{step} ' || node_id, '{step} ' || parent_id, {_METHOD}
                FROM {nodes}.marts.dim_framework_node ORDER BY node_id
                """
            )
            connection.execute(
                f"""
                INSERT INTO int_index_values
                SELECT '{councils} ' || authority_code, '{step} ' || indicator_id,
                    CASE WHEN list_contains(?, cause) THEN new_value ELSE previous_value END
                FROM cell
                JOIN council USING (authority_code)
                JOIN node ON indicator_id = node_id
                WHERE {councils}_code IS NOT NULL AND is_in_{nodes}
                ORDER BY authority_code, indicator_id
                """,
                [list(CAUSES[1 : position + 1])],
            )
        steps.append(step)
    run_chain(connection)
    connection.execute(
        """
        CREATE TABLE step_score AS
        SELECT
            cast(split_part(scores.node_id, ' ', 1) AS bigint) AS step,
            split_part(scores.unit_id, ' ', 2) AS authority_code,
            substr(scores.node_id, instr(scores.node_id, ' ') + 1) AS index_id,
            CASE WHEN NOT scores.is_leaf THEN 100 + 10 * scores.score END AS score,
            rank() OVER (PARTITION BY scores.node_id ORDER BY round(scores.score, 9) DESC) AS rank
        FROM int_node_scores AS scores
        WHERE scores.score IS NOT NULL
        """
    )
    return steps
