"""One council: its scores and ranks, and the indicators behind them.

Belongs here: the question behind `missions profile` and `Index.profile`.
"""

from dataclasses import dataclass
from typing import Any

import duckdb

from missions.reading.labels import Labels
from missions.reading.lookup import council, find_authority
from missions.reading.queries import SCORES, SOURCES, THEME_SCORES, Answer, Rows, Table, ask

# Of SCORES or THEME_SCORES.
_OF_COUNCIL = """
    WITH of_type AS (SELECT authority_type, count(*) AS authorities_of_type FROM dim_authority GROUP BY ALL)
    SELECT authority_code, authority_name, index_id, index_name, {more}need_band, need_z, need_score, need_rank,
        need_rank_in_type, authorities_of_type, need_decile, percentile, published_share, is_mostly_published,
        is_too_uncertain_to_place, rank_note, rank_percentile_5, rank_percentile_95
    FROM ({scores})
    JOIN dim_authority USING (authority_code)
    JOIN of_type USING (authority_type)
    WHERE authority_code = $code
    ORDER BY index_id <> 'composite', {more}index_name
"""
_SCORES = _OF_COUNCIL.format(scores=SCORES, more="")
_THEMES = _OF_COUNCIL.format(scores=THEME_SCORES, more="mission_name, ")
_INDICATORS = f"""
    SELECT score.authority_code, authority_name, score.indicator_id, indicator_title, mission_name, theme_name,
        definition, unit, decimals, higher_means, score.value_basis, value_basis_reason,
        coalesce(source.publisher, indicator.publisher) AS publisher,
        coalesce(source.dataset, indicator.dataset) AS dataset,
        indicator.caveat, score.value, england.value AS england_value, need_z, need_rank, contribution,
        england.value_basis AS england_value_basis, period_start_date, score.period_end_date,
        england.period_end_date AS england_period_end_date
    FROM indicator_score AS score
    JOIN dim_indicator AS indicator USING (indicator_id)
    JOIN dim_authority AS authority ON score.authority_code = authority.authority_code
    LEFT JOIN ({SOURCES}) AS source ON score.source_id = source.source_id
    JOIN indicator_benchmark AS england
        ON score.indicator_id = england.indicator_id AND england.area_name = 'England'
    WHERE score.authority_code = $code
    ORDER BY contribution DESC, indicator_id
"""


@dataclass(frozen=True, kw_only=True)
class Profile(Answer[Table]):
    """One council, its scores and themes (one row per index) and its indicators, those that raise need most first."""

    authority: dict[str, Any]
    scores: Table
    themes: Table
    indicators: Table


def profile_of(connection: duckdb.DuckDBPyConnection, name: str) -> Profile[Rows]:
    """Profile a council, given by name or code. Raises UsageError if there is none."""
    found, labels = find_authority(connection, name), Labels.of(connection)
    return Profile(
        notes=found.notes,
        authority=council(connection, found.code),
        scores=labels.completed(ask(connection, _SCORES, code=found.code)),
        themes=labels.completed(ask(connection, _THEMES, code=found.code)),
        indicators=labels.completed(ask(connection, _INDICATORS, code=found.code)),
    )
