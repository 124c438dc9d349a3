"""CSV files: what stands beside each table and chart.

Belongs here: which columns they have, and how rows become text. Numbers are in full, as in the publication's own files.
"""

import csv
import io
from collections.abc import Iterable
from datetime import date
from functools import cache
from types import NoneType
from typing import Any

from missions.reading.cells import as_cell
from missions.site.data import Row


def as_csv(rows: Iterable[Row], columns: Iterable[str]) -> str:
    """Rows as RFC 4180 has them, numbers in full, as the publication's own files."""
    file = io.StringIO()
    names = list(columns)
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return file.getvalue()


def _cell(value: Any) -> Any:
    """What csv writes as it should by itself is left to it; the same texts come again and again."""
    return value if type(value) in (float, int, date, NoneType) else _text(value)


@cache
def _text(value: Any) -> str:
    return as_cell(value)


SCORE_COLUMNS = [
    "authority_code",
    "authority_name",
    "authority_type",
    "region_name",
    "index_id",
    "index_name",
    "higher_means",
    "value_basis",
    "need_score",
    "need_z",
    "need_rank",
    "need_rank_in_type",
    "need_decile",
    "need_band",
    "percentile",
    "published_share",
    "is_mostly_published",
]
UNCERTAINTY_COLUMNS = [
    "median_rank",
    "rank_percentile_5",
    "rank_percentile_95",
    "probability_in_most_needy_fifth",
    "probability_in_most_needy_tenth",
]
CONTRIBUTION_COLUMNS = ["contribution_points", "points_above_region", "points_above_type", "points_above_neighbours"]
# Rank 1 is the greatest need, whatever the direction of an indicator; the ranks of the parts follow.
SMALL_AREA_COLUMNS = ["small_area_code", "direction", "residents", "need_rank", "need_decile"]
COVERAGE_COLUMNS = [
    "indicator_id",
    "authority_type",
    "value_basis",
    "value_basis_reason",
    "councils",
    "higher_means",
    "latest_period_end_date",
]
CELL_COLUMNS = [
    "authority_code",
    "indicator_id",
    "indicator_title",
    "mission_id",
    "unit",
    "higher_means",
    "value",
    "value_lower_95",
    "value_upper_95",
    "period_start_date",
    "period_end_date",
    "value_basis",
    "value_basis_reason",
    "need_rank",
    "contribution",
    "england_value",
    "england_value_basis",
    "england_period_end_date",
    "region_value",
    "region_value_basis",
    "region_period_end_date",
    "neighbours_mean",
]
AREA_COLUMNS = [
    "area_code",
    "area_name",
    "indicator_id",
    "unit",
    "higher_means",
    "value",
    "value_basis",
    "period_end_date",
]
TREND_COLUMNS = [
    "indicator_id",
    "direction",
    "period_start_date",
    "period_end_date",
    "value",
    "value_lower_95",
    "value_upper_95",
    "value_basis",
]


MILESTONE_COLUMNS = [
    "milestone_id",
    "milestone_title",
    "indicator_id",
    "unit",
    "higher_means",
    "area_code",
    "area_name",
    "series_basis",
    "status",
    "target_is",
    "target_value",
    "target_date",
    "base_value",
    "base_period_end_date",
    "current_value",
    "current_period_end_date",
    "pace_per_year",
    "needed_pace_per_year",
    "projected_value",
]
PEER_COLUMNS = [
    "authority_code",
    "peer_model",
    "peer_rank",
    "peer_code",
    "peer_name",
    "higher_means",
    "need_rank",
    "need_band",
]
EDITION_COLUMNS = [
    "authority_code",
    "authority_name",
    "index_id",
    "edition",
    "higher_means",
    "trend_score",
    "trend_rank",
    "change_since_first",
    "direction",
    "indicators",
    "own_share",
]
