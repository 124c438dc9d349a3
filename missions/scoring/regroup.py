"""Regroup: the whole index for areas that someone draws from councils, in the columns of the marts.

Belongs here: the order of the steps and the result files. The file of areas is read in areas.py, figures are worked out
in area_figures.py, ranks in area_ranks.py; the method is that of the warehouse's models.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from missions.scoring.area_figures import create_area_figures
from missions.scoring.area_ranks import create_ranges, create_units, place
from missions.scoring.areas import Area, example_areas, read_areas
from missions.scoring.chain import run_chain, run_model
from missions.scoring.model_names import AREA_SCORES
from missions.scoring.models import rendered
from missions.scoring.results import check_folder, write_results
from missions.sql import quoted_text

_SCORED = """
CREATE TABLE area_unit AS SELECT 'area:' || area_number AS unit_id, * FROM area;

CREATE TABLE stg_framework_nodes AS
SELECT * EXCLUDE (depth, branch_id, weight_in_parent, effective_weight, is_leaf)
FROM published.marts.dim_framework_node ORDER BY depth, node_id;

-- Areas are outside the reference set, like counties: they change no yardstick.
CREATE TABLE int_index_units AS
SELECT authority_code AS unit_id, NULL::VARCHAR AS group_id, 1e0 AS weight, is_in_reference_set
FROM published.marts.dim_authority
UNION ALL SELECT unit_id, NULL, 1e0, false FROM area_unit
ORDER BY unit_id;

CREATE TABLE int_cells AS
SELECT authority_code, indicator_id, value_basis, value_basis_reason, source_id, source_area_code, value,
    value_lower_95 AS lower_95, value_upper_95 AS upper_95, period_start_date, period_end_date
FROM published.marts.indicator_score
UNION ALL
SELECT unit_id, indicator_id, value_basis, value_basis_reason, source_id, whole_council, value, NULL, NULL,
    period_start_date, period_end_date
FROM area_cell JOIN area_unit USING (area_number)
ORDER BY authority_code, indicator_id;

CREATE TABLE int_index_values AS
SELECT authority_code AS unit_id, indicator_id AS node_id, value FROM int_cells ORDER BY unit_id, node_id;
"""

_TYPES = """
CREATE OR REPLACE TABLE int_authorities AS
SELECT authority_code, authority_type FROM published.marts.dim_authority
UNION ALL SELECT unit_id, 'area' FROM area_unit;
CREATE VIEW int_authority_nodes AS FROM int_framework_nodes;
"""

_INDEX = """
SELECT area_unit.area_id, area_unit.area_name, {keys},
    {{{{ var('need_bands') }}}}[({{{{ rank_group('placed.need_rank', 'placed.units', 5) }}}})::INTEGER] AS need_band,
    need.need_z, need.need_score, placed.need_rank, placed.units AS ranked_among,
    ({{{{ rank_group('placed.need_rank', 'placed.units', 10) }}}})::BIGINT AS need_decile,
    {{{{ percentile('placed.need_rank', 'placed.units') }}}} AS percentile,
    need.published_share, range.rank_percentile_5, range.rank_percentile_95, need.is_mostly_published,
    coalesce(range.rank_percentile_95 - range.rank_percentile_5
        > floor({{{{ var('widest_rank_interval') }}}} * placed.units), false)
    OR need.stand_in_share > {{{{ var('most_stand_in_share') }}}} AS is_too_uncertain_to_place
FROM int_node_need AS need
JOIN area_unit ON need.authority_code = area_unit.unit_id
JOIN area_place AS placed ON need.authority_code = placed.unit_id AND need.index_id = placed.list_id
JOIN int_framework_nodes AS node ON need.index_id = node.node_id
LEFT JOIN area_range AS range ON need.authority_code = range.unit_id AND need.index_id = range.index_id
WHERE need.depth = {depth}
ORDER BY area_number, need.index_id
"""

# The result files, in the columns of the marts of the same names; an area has the place of a council.
_RESULTS = {
    "dim_area": """
        SELECT area.area_id, area.area_name, area.status, count(*) AS parts,
            string_agg(council.authority_name || CASE
                WHEN member.share < 1 - 1e-9 THEN ' (' || round(100 * member.share, 1) || '%)' ELSE '' END, '; '
                ORDER BY council.authority_name) AS part_names,
            round(sum(member.share * council.population))::BIGINT AS population
        FROM area JOIN area_member AS member USING (area_number)
        JOIN published.marts.dim_authority AS council USING (authority_code)
        GROUP BY area_number, area.area_id, area.area_name, area.status ORDER BY area_number
    """,
    "area_part": """
        SELECT area_id, authority_code, authority_name, share
        FROM area JOIN area_member USING (area_number) JOIN published.marts.dim_authority USING (authority_code)
        ORDER BY area_number, authority_code
    """,
    "composite_index": _INDEX.format(keys="need.index_id", depth=0),
    "mission_index": _INDEX.format(keys="need.index_id AS mission_id", depth=1),
    "theme_index": _INDEX.format(keys="need.index_id AS theme_id, node.branch_id AS mission_id", depth=2),
    "indicator_score": """
        SELECT area_unit.area_id, area_unit.area_name, score.indicator_id, score.mission_id, score.value_basis,
            score.value_basis_reason, score.source_id, score.value, score.value_treated, score.need_z, placed.need_rank,
            {{ percentile('placed.need_rank', 'placed.units') }} AS percentile, score.contribution, cell.part_share,
            score.period_start_date, score.period_end_date
        FROM indicator_score AS score
        JOIN area_unit ON score.authority_code = area_unit.unit_id
        JOIN area_cell AS cell USING (area_number, indicator_id)
        JOIN area_indicator_place AS placed
            ON score.authority_code = placed.unit_id AND score.indicator_id = placed.list_id
        ORDER BY area_number, score.indicator_id
    """,
    "rank_uncertainty": """
        SELECT area_id, area_name, range.index_id, placed.need_rank, range.* EXCLUDE (unit_id, index_id)
        FROM area_range AS range JOIN area_unit USING (unit_id)
        JOIN area_place AS placed ON range.unit_id = placed.unit_id AND range.index_id = placed.list_id
        ORDER BY area_number, range.index_id
    """,
}


@dataclass(frozen=True)
class Regrouped:
    """How many areas were worked out, a line for each, and notes on areas that have no figures."""

    areas: int
    lines: tuple[str, ...]
    notes: tuple[str, ...]


def regroup_file(
    database: Path, areas: Path | None, example: str | None, out: Path, *, replace_parts: bool
) -> Regrouped:
    """Work out the index for the areas of a file or an example, and write it to the folder `out`.

    Raises ScoreError for the first fault of the file or if the results cannot be written, UsageError for an unknown
    example; then nothing is written.
    """
    check_folder(out)
    with publication(database) as connection:
        notes: list[str] = []
        if areas is not None:
            drawn = read_areas(connection, areas)
        else:
            drawn, notes = example_areas(connection, example or "")
        regroup(connection, drawn, replace_parts=replace_parts)
        results = {name: rendered(query) for name, query in _RESULTS.items()}
        write_results(connection, out, results)
        lines = connection.execute(
            "SELECT area_name, need_rank, ranked_among, rank_percentile_5, rank_percentile_95, status "
            f"FROM ({results['composite_index']}) JOIN area USING (area_id, area_name) ORDER BY area_number"
        ).fetchall()
    return Regrouped(len(drawn), tuple(map(_line, lines)), tuple(notes))


def regroup(
    connection: duckdb.DuckDBPyConnection,
    areas: Sequence[Area],
    *,
    replace_parts: bool = False,
    with_ranges: bool = True,
) -> None:
    """Create the tables that the results read, on a connection from `publication`."""
    create_area_figures(connection, areas)
    connection.execute(_SCORED)
    run_chain(connection)
    run_model(connection, "int_contribution_factors")
    connection.execute(_TYPES)
    for model in AREA_SCORES:
        run_model(connection, model)
    create_units(connection, replace_parts=replace_parts)
    place(
        connection,
        "area_place",
        "SELECT authority_code AS unit_id, index_id AS list_id, need_z AS score FROM int_node_need",
    )
    place(
        connection,
        "area_indicator_place",
        "SELECT authority_code AS unit_id, indicator_id AS list_id, need_z AS score FROM indicator_score",
    )
    if with_ranges:
        create_ranges(connection)


@contextmanager
def publication(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a publication attached as `published`."""
    # Sums depend on the order of their terms: one thread, as in the build.
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"ATTACH {quoted_text(database)} AS published (READ_ONLY)")
        yield connection


def _line(row: tuple[str, int, int, float, float, str | None]) -> str:
    name, rank, among, low, high, status = row
    return (
        f"{name}{f' ({status})' if status else ''}: rank {rank} among {among}, {low:.0f} to {high:.0f} in 90% of draws"
    )
