"""What changed between two publications, and why: every change is split by cause, and the parts add up to the whole.

Belongs here: the table publication_change, made from the scores of each step (causes.py) and the published results.
missions.cli prints it; change.py writes it into the build.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from missions.errors import DifferenceError
from missions.publication.causes import CAUSES, score_steps, set_side_by_side
from missions.publication.comparable import Side, attached

# In points of score. Smaller amounts are rounding: sums taken in another order.
NOTHING = 1e-10

# The published results: the first and the last position of every path.
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
    -- A step without a score (values that are all equal, say) changes nothing.
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
        -- Without an amount: known on one side only, under another code, or unchanged.
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

# If there is nothing to compare with: every council's scores, under a cause that says so.
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
    cast($explanation AS varchar) AS explanation,
    need_score AS new_score,
    need_rank AS new_rank
FROM ends JOIN after.marts.dim_authority USING (authority_code)
ORDER BY authority_code, index_id
"""


@contextmanager
def difference(before: Side, after: Side) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the tables of a comparison; both sides are attached as `before` and `after`.

    The tables: publication_change (one row per council, index and cause, like the mart of that name), council and node
    (councils and framework nodes of both, next to each other) and cell (the values of each council and indicator).

    Raises DifferenceError if one of the two cannot be read, lacks a table, or cannot be scored by today's method.
    """
    with attached(before=before, after=after) as connection:
        try:
            set_side_by_side(connection)
            steps = score_steps(connection)
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
                    # Today's method may give a result for the later inputs that differs from the published one, too.
                    "causes": [*CAUSES, CAUSES[0]],
                    "nothing": NOTHING,
                    "previous_publication_id": before.name,
                },
            )
        except duckdb.Error as error:
            raise DifferenceError(
                f"{before.name} and {after.name} cannot be compared: today's method cannot score one of them"
            ) from error
        yield connection


@contextmanager
def no_difference(after: Side, cause: str, before: str | None, explanation: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """The table publication_change, without previous values or amounts, for a side with nothing to compare it with."""
    with attached(after=after) as connection:
        connection.execute(_ALONE, {"cause": cause, "previous_publication_id": before, "explanation": explanation})
        yield connection
