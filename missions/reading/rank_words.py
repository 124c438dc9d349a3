"""How a council's place in the order reads: its rank, or the interval where a rank would say too little.

Belongs here: the words beside a rank. The marts say which ranks are too uncertain, and have the notes.
"""

from collections.abc import Mapping
from typing import Any


def ordinal(rank: float) -> str:
    """A rank as an ordinal, such as 3rd."""
    whole = round(rank)
    ending = "th" if whole % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(whole % 10, "th")
    return f"{whole}{ending}"


def place_words(score: Mapping[str, Any]) -> str:
    """The rank, or the 90% interval where the rank is too uncertain. score: a row of SCORES or ALL_SCORES.

    Themes have no interval: a theme too uncertain to rank says so.
    """
    if not score["is_too_uncertain_to_place"]:
        return str(score["need_rank"])
    if score["rank_percentile_5"] is None:
        return "too uncertain"
    return f"between {ordinal(score['rank_percentile_5'])} and {ordinal(score['rank_percentile_95'])}"


def range_words(score: Mapping[str, Any]) -> str:
    """The 90% interval of the rank for a column beside it; empty for themes, which have none."""
    low, high = score["rank_percentile_5"], score["rank_percentile_95"]
    return "" if low is None else f"{low:.0f} to {high:.0f}"


def place(score: Mapping[str, Any]) -> int | str:
    """The rank as a number, or the words for one that is too uncertain."""
    return place_words(score) if score["is_too_uncertain_to_place"] else int(score["need_rank"])


def place_notes(score: Mapping[str, Any]) -> list[str]:
    """What belongs beside the rank: why it is too uncertain, and what makes it look higher than it is."""
    return [score["rank_note"]] if score["rank_note"] else []
