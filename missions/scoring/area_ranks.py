"""The ranks of areas among the councils, and how far they move in the draws of the index.

Belongs here: placing an area as if it were added, or in place of its parts, and running the models of the draws. The
connection has the tables of regroup.py.
"""

import duckdb

from missions.scoring.chain import run_model
from missions.scoring.model_names import AREA_DRAWS
from missions.scoring.models import rendered

# `placed` has the columns unit_id, list_id and score: areas are placed within each list.
# An area that is added has the councils before it; with `is_counted`, areas are among the units they are placed with.
_PLACED = """
CREATE OR REPLACE TABLE {name} AS
WITH counted AS (
    SELECT placed.unit_id, list_id, round(score, 9) AS score, unit.is_area, unit.is_counted
    FROM ({relation}) AS placed JOIN unit USING (unit_id)
), ranked AS (
    SELECT *, sum(is_counted::INTEGER) OVER (PARTITION BY list_id) AS units,
        1 + sum(is_counted::INTEGER) OVER (PARTITION BY list_id ORDER BY score DESC)
        - sum(is_counted::INTEGER) OVER (PARTITION BY list_id, score) AS place
    FROM counted
)
SELECT unit_id, list_id, least(place, units)::BIGINT AS need_rank, units::BIGINT AS units FROM ranked WHERE is_area
"""

_DRAW_INPUTS = """
CREATE OR REPLACE TABLE int_authorities AS
SELECT authority_code, tier, is_in_reference_set FROM published.marts.dim_authority
UNION ALL SELECT unit_id, 'area', false FROM area_unit WHERE whole_council IS NULL
ORDER BY authority_code;

CREATE TABLE stg_method_choices AS FROM published.marts.method_choice;

CREATE TABLE int_cell_errors AS
SELECT error.authority_code, error.indicator_id, cell.value, error.sampling_sd_below, error.sampling_sd_above,
    error.basis_sd, error.figure_number, error.cell_number
FROM published.marts.indicator_error AS error
JOIN published.marts.indicator_score AS cell USING (authority_code, indicator_id)
UNION ALL
-- Areas draw random numbers that no council draws.
SELECT area_unit.unit_id, error.indicator_id, cell.value, error.sampling_sd_below, error.sampling_sd_above,
    error.basis_sd,
    1000000 + row_number() OVER (ORDER BY area_number, indicator_id),
    1000000 + row_number() OVER (ORDER BY area_number, indicator_id)
FROM area_error AS error
JOIN area_cell AS cell USING (area_number, indicator_id)
JOIN area_unit USING (area_number)
ORDER BY authority_code, indicator_id;
"""

# The score of each unit in each draw; an area that is one council has that council's.
_DRAWN = """
SELECT unit.unit_id, score.run_number * 1000 + score.index_number AS list_id, score.score
FROM int_draw_scores AS score
JOIN (SELECT DISTINCT unit_id, unit_number FROM int_leaf_places) AS number USING (unit_number)
JOIN unit ON number.unit_id = coalesce(unit.whole_council, unit.unit_id)
"""

_RANGES = """
CREATE TABLE area_range AS
WITH index_number AS (
    SELECT 0 AS index_number, node_id AS index_id FROM int_framework_nodes WHERE parent_id IS NULL
    UNION ALL
    SELECT DISTINCT branch_number, branch_id FROM int_yardsticks
)
SELECT unit_id, index_id, {{ quantile('need_rank', 0.5) }} AS median_rank,
    {{ quantile('need_rank', 0.05) }} AS rank_percentile_5, {{ quantile('need_rank', 0.95) }} AS rank_percentile_95,
    avg((5 * need_rank <= units)::INTEGER) AS probability_in_most_needy_fifth,
    avg((10 * need_rank <= units)::INTEGER) AS probability_in_most_needy_tenth,
    count(*) AS draws
FROM area_draw JOIN index_number ON area_draw.list_id % 1000 = index_number.index_number
GROUP BY unit_id, index_id
"""


def create_units(connection: duckdb.DuckDBPyConnection, *, replace_parts: bool) -> None:
    """Create the table `unit`: councils and areas, and whether others are placed with them.

    With `replace_parts`, areas count and councils that lie in them whole do not; otherwise councils alone count.
    """
    connection.execute(
        """
        CREATE TABLE unit AS
        WITH replaced AS (
            SELECT authority_code FROM area_member GROUP BY ALL HAVING sum(share) > 1 - 1e-9
        )
        SELECT authority_code AS unit_id, NULL::VARCHAR AS whole_council, false AS is_area,
            NOT ($replace_parts AND (
                authority_code IN (FROM replaced)
                OR (tier = 'upper' AND authority_code NOT IN (
                    SELECT county_code FROM published.marts.dim_authority
                    WHERE county_code IS NOT NULL AND authority_code NOT IN (FROM replaced)
                ))
            )) AS is_counted
        FROM published.marts.dim_authority
        UNION ALL
        SELECT unit_id, whole_council, true, $replace_parts FROM area_unit
        """,
        {"replace_parts": replace_parts},
    )


def place(connection: duckdb.DuckDBPyConnection, name: str, relation: str) -> None:
    """Create a table with the rank of each area in each list of `relation`, and how many units it is placed with."""
    connection.execute(_PLACED.format(name=name, relation=relation))


def create_ranges(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table area_range: the ranks of each area in 90% of the draws, for the composite and each mission."""
    connection.execute(_DRAW_INPUTS)
    for model in AREA_DRAWS:
        run_model(connection, model)
        if model == "int_draws":
            connection.execute("DELETE FROM int_draws WHERE sample != 'all sources'")
    place(connection, "area_draw", _DRAWN)
    connection.execute(rendered(_RANGES))
