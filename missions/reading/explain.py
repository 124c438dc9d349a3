"""Why a council has its rank: what each mission, theme and indicator adds, and how it differs from others.

Belongs here: the question behind `missions explain` and `Index.explain`. The dbt models of rank_explanation calculate
contributions and how far a figure would have to move.
"""

from dataclasses import dataclass
from typing import Any

import duckdb

from missions.reading.labels import Labels
from missions.reading.lookup import council, find_authority
from missions.reading.queries import SCORES, SOURCES, THEME_SCORES, Answer, Rows, Table, ask
from missions.reading.wording import PEER_MODEL

# Every row of the mart for one council or a few, with the figures behind its indicators.
EXPLAINED = f"""
    SELECT
        explained.authority_code, authority_name, level, node_id, node_name, explained.mission_id, explained.theme_id,
        unit, decimals, coalesce(higher_means, 'more_need') AS higher_means, score.value_basis, value_basis_reason,
        coalesce(source.publisher, indicator.publisher) AS publisher, caveat, england_comparison,
        explained.* EXCLUDE (
            authority_code, level, node_id, node_name, mission_id, theme_id, england_comparison, contribution
        ),
        explained.contribution, score.value, value_lower_95, value_upper_95, need_z, need_rank,
        england.value AS latest_england_value, england.value_basis AS latest_england_value_basis,
        england.period_end_date AS latest_england_period_end_date, period_start_date, score.period_end_date
    FROM rank_explanation AS explained
    JOIN dim_authority USING (authority_code)
    LEFT JOIN indicator_score AS score
        ON explained.authority_code = score.authority_code AND level = 'indicator' AND node_id = score.indicator_id
    LEFT JOIN dim_indicator AS indicator ON score.indicator_id = indicator.indicator_id
    LEFT JOIN ({SOURCES}) AS source ON score.source_id = source.source_id
    LEFT JOIN indicator_benchmark AS england
        ON score.indicator_id = england.indicator_id AND england.area_name = 'England'
    WHERE list_contains($codes, explained.authority_code)
    ORDER BY list_position($codes, explained.authority_code),
        list_position(['composite', 'mission', 'theme', 'indicator'], level), explained.contribution DESC, node_id
"""
# Of SCORES or THEME_SCORES.
_OF_COUNCILS = """
    SELECT authority_code, authority_name, authority_type, region_name, index_id, index_name, {more}need_band, need_z,
        need_score, need_rank, need_rank_in_type, need_decile, published_share, is_mostly_published,
        is_too_uncertain_to_place, rank_note, rank_percentile_5, rank_percentile_95,
        count(*) OVER (PARTITION BY index_id) AS authorities,
        count(*) OVER (PARTITION BY index_id, authority_type) AS authorities_of_type
    FROM ({scores}) JOIN dim_authority USING (authority_code)
    QUALIFY list_contains($codes, authority_code)
    ORDER BY list_position($codes, authority_code), index_id <> 'composite', {more}index_name
"""
SCORES_OF = _OF_COUNCILS.format(scores=SCORES, more="")
THEMES_OF = _OF_COUNCILS.format(scores=THEME_SCORES, more="mission_name, ")
# How many councils are on the other side of each comparison, as in the mart.
_GROUPS = """
    SELECT
        (SELECT count(*) FROM dim_authority WHERE is_in_reference_set) AS of_england,
        (SELECT count(*) FROM dim_authority AS other WHERE other.is_in_reference_set
            AND other.region_code = one.region_code AND other.authority_code <> one.authority_code) AS of_region,
        (SELECT count(*) FROM dim_authority AS other
            WHERE other.authority_type = one.authority_type AND other.authority_code <> one.authority_code) AS of_type,
        (SELECT count(*) FROM authority_peer AS peer
            WHERE peer.authority_code = one.authority_code AND peer_model = $model) AS of_neighbours
    FROM dim_authority AS one WHERE authority_code = $code
"""


@dataclass(frozen=True, kw_only=True)
class Explanation(Answer[Table]):
    """One council, its scores and themes, sizes of comparison groups, and one row per mission, theme and indicator."""

    authority: dict[str, Any]
    scores: Table
    themes: Table
    groups: dict[str, int]
    explanation: Table


def explanation_of(connection: duckdb.DuckDBPyConnection, name: str) -> Explanation[Rows]:
    """Explain a council's rank, given its name or code. Raises UsageError if there is none."""
    found, labels = find_authority(connection, name), Labels.of(connection)
    (groups,) = ask(connection, _GROUPS, code=found.code, model=PEER_MODEL).records
    return Explanation(
        notes=found.notes,
        authority=council(connection, found.code),
        scores=labels.completed(ask(connection, SCORES_OF, codes=[found.code])),
        themes=labels.completed(ask(connection, THEMES_OF, codes=[found.code])),
        groups=groups,
        explanation=labels.completed(ask(connection, EXPLAINED, codes=[found.code])),
    )
