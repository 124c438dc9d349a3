"""A finding of a comparison, and how one reads.

Belongs here: what every part of the comparison of two editions has in common.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SAME_AREA = 0.8  # of the figures that differ, so many must agree for two areas to be taken for one


@dataclass(frozen=True)
class Finding:
    """One thing that was compared. `decide` is what a person should find out where it is out of bounds."""

    what: str
    found: str
    bound: str
    is_within: bool
    decide: str = ""


def listed(names: Sequence[str], most: int = 8) -> str:
    rest = len(names) - most
    return ", ".join(map(str, names[:most])) + (f" and {rest} more" if rest > 0 else "")
