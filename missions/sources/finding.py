"""A finding of a comparison between two editions.

Belongs here: what all parts of the comparison share.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SAME_AREA = 0.8  # share of the differing figures that must agree before two areas count as the same


@dataclass(frozen=True)
class Finding:
    """One thing that was compared. `decide` is the question for a person if it is out of bounds."""

    what: str
    found: str
    bound: str
    is_within: bool
    decide: str = ""


def listed(names: Sequence[str], most: int = 8) -> str:
    """The first names in words, and how many more there are."""
    rest = len(names) - most
    return ", ".join(map(str, names[:most])) + (f" and {rest} more" if rest > 0 else "")
