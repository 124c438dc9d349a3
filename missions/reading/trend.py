"""One council over time: need by year, indicators that changed, and national milestones.

Belongs here: the question behind `missions trend` and `Index.trend`. The dbt models calculate yearly
scores, changes and rates.
"""

from dataclasses import dataclass
from typing import Any

import duckdb

from missions.reading.labels import Labels
from missions.reading.lookup import council, find_authority
from missions.reading.queries import Answer, Rows, Table, ask
from missions.reading.wording import DIRECTION_WORDS

_EDITIONS = """
    SELECT authority_code, index_id, coalesce(mission_name, 'All missions') AS index_name,
        index_trend.* EXCLUDE (authority_code, index_id)
    FROM index_trend LEFT JOIN dim_mission ON index_id = mission_id
    WHERE authority_code = $code
    ORDER BY mission_id IS NOT NULL, index_name, edition
"""
_INDICATORS = """
    SELECT authority_code, authority_name, trend.indicator_id, indicator_title, mission_name, unit, decimals,
        higher_means, trend.* EXCLUDE (authority_code, indicator_id)
    FROM indicator_trend AS trend
    JOIN dim_indicator AS indicator USING (indicator_id)
    JOIN dim_authority USING (authority_code)
    WHERE authority_code = $code
    ORDER BY list_position($directions, direction), abs(change_percent) DESC NULLS LAST, trend.indicator_id
"""
_MILESTONES = """
    SELECT area_code AS authority_code, milestone_id, milestone_title, statement, dim_milestone.unit, decimals,
        if(target_is = 'at least', 'less_need', 'more_need') AS higher_means,
        progress.* EXCLUDE (milestone_id, area_code, area_type)
    FROM milestone_progress AS progress JOIN dim_milestone USING (milestone_id)
    LEFT JOIN dim_indicator USING (indicator_id)
    WHERE area_code = $code ORDER BY milestone_title
"""


@dataclass(frozen=True, kw_only=True)
class Trend(Answer[Table]):
    """One council, its scores (one row per index and year), its indicators (changed ones first), its milestones."""

    authority: dict[str, Any]
    editions: Table
    indicators: Table
    milestones: Table


def trend_of(connection: duckdb.DuckDBPyConnection, name: str) -> Trend[Rows]:
    """Follow a council over time, given its name or code. Raises UsageError if there is none."""
    found, labels = find_authority(connection, name), Labels.of(connection)
    return Trend(
        notes=found.notes,
        authority=council(connection, found.code),
        editions=labels.completed(ask(connection, _EDITIONS, code=found.code)),
        indicators=labels.completed(ask(connection, _INDICATORS, code=found.code, directions=list(DIRECTION_WORDS))),
        milestones=labels.completed(ask(connection, _MILESTONES, code=found.code)),
    )
