"""How sure a score or a figure is, in four steps that tables, bars, dots, maps and print show in the same way.

Belongs here: which step applies. The marks are in the site's style sheet, under the names given here.
"""

from collections.abc import Mapping
from typing import Any

# From most to least sure: the name of the mark, and what the legend says.
CERTAINTY = {
    "clear": "Own figures",
    "unclear": "Own figures, no clear difference",
    "borrowed": "Borrowed or modelled figures",
    "uncertain": "Too uncertain to place",
}


def certainty_of_score(score: Mapping[str, Any], councils: int = 317) -> str:
    """The step of a score: no clear difference if the range of its rank holds the middle of all ranks.

    score: a row of SCORES or THEME_SCORES; themes have no range.
    """
    if score["is_too_uncertain_to_place"]:
        return "uncertain"
    if not score["is_mostly_published"]:
        return "borrowed"
    low, high, middle = score["rank_percentile_5"], score["rank_percentile_95"], (councils + 1) / 2
    return "unclear" if low is not None and low <= middle <= high else "clear"


def certainty_of_figure(basis: str, england_comparison: str | None) -> str:
    """The step of a figure; a difference from England within its published margin is not clear."""
    if basis == "estimated":
        return "uncertain"
    if basis != "published":
        return "borrowed"
    return "unclear" if england_comparison == "similar" else "clear"
