"""The chain of causes: old inputs are replaced by new ones, one cause at a time, and scored after each step.

Belongs here: councils, nodes and values of both sides next to each other, the cause of each changed value, and the
scores after each step, which missions.scoring computes by the method's own SQL. difference.py turns them into amounts.
"""

import duckdb

from missions.publication.comparable import METHOD
from missions.scoring.chain import run_chain
from missions.scoring.framework import create_nodes

# In the order in which inputs are replaced. The first is the earlier publication's own inputs, scored today.
CAUSES = ("method_change", "framework_change", "boundary_change", "new_period", "data_revision")

# One row per council of either publication, under its newer code if the two differ.
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
    -- One to one only: two councils with one new code are a merger.
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


def _method_of(alias: str) -> str:
    """A node's parent and method as one struct."""
    return "{" + ", ".join(f"'{column}': {alias}.{column}" for column in ("parent_id", *METHOD)) + "}"


# One row per node of either framework.
_NODES = f"""
CREATE TABLE node AS
SELECT
    coalesce(now.node_id, was.node_id) AS node_id,
    coalesce(now.label, was.label) AS label,
    was.node_id IS NOT NULL AS is_in_before,
    now.node_id IS NOT NULL AS is_in_after,
    was_indicator.unit AS previous_unit,
    now_indicator.unit AS new_unit,
    was.node_id IS NULL OR now.node_id IS NULL OR was_indicator.unit IS DISTINCT FROM now_indicator.unit AS is_other,
    {_method_of("was")} AS previous,
    {_method_of("now")} AS new,
    coalesce(now.depth, was.depth) AS depth,
    coalesce(now.is_leaf, was.is_leaf) AS is_leaf
FROM before.marts.dim_framework_node AS was
FULL JOIN after.marts.dim_framework_node AS now USING (node_id)
LEFT JOIN before.marts.dim_indicator AS was_indicator ON was.node_id = was_indicator.indicator_id
LEFT JOIN after.marts.dim_indicator AS now_indicator ON now.node_id = now_indicator.indicator_id
ORDER BY node_id
"""

# The values of one side, each with the area it describes; an estimate describes none.
_VALUES = """
    SELECT
        council.authority_code,
        score.*,
        CASE value_basis WHEN 'stale' THEN 'published' WHEN 'estimated' THEN NULL ELSE value_basis END AS area_kind,
        coalesce(area.authority_code, score.source_area_code) AS area
    FROM (SELECT * RENAME (authority_code AS own_code) FROM {side}.marts.indicator_score) AS score
    JOIN council ON score.own_code = council.{side}_code
    LEFT JOIN council AS area ON score.source_area_code = area.{side}_code
"""

# One row per council and indicator of either publication. A cell changes once, under the first cause that applies.
_CELLS = f"""
CREATE TABLE cell AS
WITH was AS ({_VALUES.format(side="before")}), now AS ({_VALUES.format(side="after")})
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
        -- A council's own figure may be under any of its codes.
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

# What the method reads. All steps form one forest: node ids start with the step's number, and one run scores them all.
_INPUTS = """
CREATE TABLE int_index_units AS
SELECT 'before ' || authority_code AS unit_id, NULL::VARCHAR AS group_id, 1e0 AS weight,
    was_in_reference_set AS is_in_reference_set
FROM council WHERE before_code IS NOT NULL
UNION ALL
SELECT 'after ' || authority_code, NULL, 1e0, is_in_reference_set FROM council WHERE after_code IS NOT NULL;
CREATE TABLE int_index_values (unit_id varchar, node_id varchar, value double);
"""

_STEP_SCORES = """
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


def set_side_by_side(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables council, node and cell from the databases attached as `before` and `after`."""
    for statement in (_COUNCILS, _NODES, _CELLS):
        connection.execute(statement)


def score_steps(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """Score the inputs at each step, from all old to all new, into the table step_score.

    Returns the step reached after each of CAUSES. A cause that changes nothing shares the step before it.
    """
    create_nodes(connection)
    connection.execute(_INPUTS)
    changed = _changed(connection)
    steps = []
    step = 0
    for position, cause in enumerate(CAUSES):
        if position == 0 or cause in changed:
            step += 1
            _add_step(connection, step, position)
        steps.append(step)
    run_chain(connection)
    connection.execute(_STEP_SCORES)
    return steps


def _changed(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The causes under which something changed that affects scores."""
    changed = {cause for (cause,) in connection.execute("SELECT DISTINCT cause FROM cell").fetchall()}
    [(has_other_nodes, has_other_councils)] = connection.execute(
        """
        SELECT
            (SELECT bool_or(previous IS DISTINCT FROM new OR is_other) FROM node),
            (SELECT bool_or(was_in_reference_set IS DISTINCT FROM is_in_reference_set) FROM council)
        """
    ).fetchall()
    if has_other_nodes:
        changed.add("framework_change")
    if has_other_councils:
        changed.add("boundary_change")
    return changed


def _add_step(connection: duckdb.DuckDBPyConnection, step: int, position: int) -> None:
    """Add a step's inputs: new for the causes up to this position of CAUSES, old for the others."""
    nodes = "before" if position < CAUSES.index("framework_change") else "after"
    councils = "before" if position < CAUSES.index("boundary_change") else "after"
    connection.execute(
        f"""
        INSERT INTO stg_framework_nodes BY NAME
        SELECT '{step} ' || node_id AS node_id, '{step} ' || parent_id AS parent_id, label, {", ".join(METHOD)}
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
