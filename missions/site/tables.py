"""Writes the CSV files beside tables and charts, with numbers in full.

Belongs here: how rows become text, and columns that several kinds of page share. Other columns are with their page.
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
    """Rows as CSV (RFC 4180) with numbers in full, like the publication's own CSV files."""
    file = io.StringIO()
    names = list(columns)
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return file.getvalue()


def _cell(value: Any) -> Any:
    """A value for the csv module, which writes numbers and dates correctly itself."""
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
    "rank_note",
    "percentile",
    "published_share",
    "is_mostly_published",
    "is_too_uncertain_to_place",
]
UNCERTAINTY_COLUMNS = [
    "median_rank",
    "rank_percentile_5",
    "rank_percentile_95",
    "probability_in_most_needy_fifth",
    "probability_in_most_needy_tenth",
]
CONTRIBUTION_COLUMNS = ["contribution_points", "points_above_region", "points_above_type", "points_above_neighbours"]
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
