"""The Missions Index: the library and the `missions` command.

Belongs here: what `import missions` offers, loaded on first use so that the command starts fast.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from missions.paths import PUBLISHED

if TYPE_CHECKING:
    from missions.reading.index import Index


def open(published: str | Path | None = None) -> "Index":
    """Open the index in a published folder, this project's by default. See docs/python.md.

    Raises MissionsError if nothing is published there.
    """
    from missions.reading.index import Index

    return Index(PUBLISHED if published is None else Path(published))
