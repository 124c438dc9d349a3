"""What every row that leaves the product must say of what it is about.

Belongs here: the rule, for the files of the site and the output of commands alike.
"""

from collections.abc import Collection, Iterator
from typing import Any

# A column, and what must be beside it.
BESIDE = {
    "authority_code": {"authority_name"},
    "indicator_id": {"indicator_title", "higher_means"},
    "index_id": {"index_name", "higher_means"},
    "mission_id": {"mission_name"},
    "theme_id": {"theme_name"},
    "value": {"unit", "value_basis", "period_end_date"},
    "need_rank": {"ranked_councils"},
    "need_score": {"higher_means"},
}


def lacking(columns: Collection[str]) -> set[str]:
    """The columns that a download of these columns lacks."""
    needed = {"publication_id"}.union(*(beside for column, beside in BESIDE.items() if column in columns))
    if "small_area_code" in columns:  # ranked among themselves, on one edition of the Indices of Deprivation
        needed -= {"ranked_councils", "value_basis", "period_end_date"}
        needed |= {"ranked_small_areas"} if "need_rank" in columns else set()
    if "statistic" in columns:  # a statistic of the framework or the ranks, not a figure of an indicator
        needed -= {"unit", "value_basis", "period_end_date"}
    return needed - set(columns)


def record_lists(found: Any, name: str = "") -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every list of records in the JSON of a command, by its name."""
    if isinstance(found, list) and found and isinstance(found[0], dict):
        yield name, found
    elif isinstance(found, dict):
        for key, part in found.items():
            yield from record_lists(part, key)
