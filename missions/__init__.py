"""The Missions Index: the library and the `missions` command.

Belongs here: what `import missions` offers. It is imported when it is first used, so that the command starts fast.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from missions.paths import PUBLISHED

if TYPE_CHECKING:
    from missions.reading.index import Index


def open(published: str | Path | None = None) -> "Index":
    """The index in a published folder, by default in this project's: see docs/python.md."""
    from missions.reading.index import Index

    return Index(PUBLISHED if published is None else Path(published))
