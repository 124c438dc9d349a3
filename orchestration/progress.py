"""How far a run is: the assets made out of all, and the time left by what the last run took.

Belongs here: counting and timing. missions/cli/build.py shows it.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from missions.files import read_json, write_json
from missions.paths import WAREHOUSE

DURATIONS = WAREHOUSE.with_name("durations.json")


@dataclass(frozen=True)
class Step:
    """What the run is making, as `raw/area`, how many of all assets are made, and the time left in seconds if known."""

    name: str
    made: int
    total: int
    seconds_left: float | None


class Progress:
    """The progress of one run, shown whenever an asset is begun or made.

    An asset's duration is the time since the one before it was made, so that the durations of a run add up to its time
    however many assets are made at once.
    """

    def __init__(
        self, assets: Collection[str], show: Callable[[Step], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._left = set(assets)
        self._total = len(assets)
        self._show = show
        self._clock = clock
        self._before: dict[str, float] = {
            name: seconds
            for name, seconds in (read_json(DURATIONS) if DURATIONS.is_file() else {}).items()
            if isinstance(seconds, int | float)
        }
        self._took: dict[str, float] = {}
        self._last = clock()

    def begun(self, name: str) -> None:
        """Show an asset as under way; names of other steps are ignored."""
        if name in self._left:
            self._show(Step(name, len(self._took), self._total, self._seconds_left()))

    def made(self, name: str) -> None:
        """Count an asset as made."""
        if name in self._left:
            now = self._clock()
            self._left.discard(name)
            self._took[name], self._last = now - self._last, now
            self._show(Step(name, len(self._took), self._total, self._seconds_left()))

    def remember(self) -> None:
        """Record what each asset took, for the time left of the next run."""
        write_json(DURATIONS, self._before | {name: round(seconds, 3) for name, seconds in self._took.items()})

    def _seconds_left(self) -> float | None:
        """What the rest took last time, at the pace of this run; unknown if part of it was never timed."""
        if not all(name in self._before for name in self._left):
            return None
        left = sum(self._before[name] for name in self._left)
        expected = sum(self._before.get(name, 0.0) for name in self._took)
        # A few quick assets say little about the pace.
        return left * (sum(self._took.values()) / expected if expected > 2 else 1.0)


# The run of this process, if somebody watches it. dbt reports its models here while its one step is under way.
watched: Progress | None = None


def begun(name: str) -> None:
    """Report an asset as under way, if somebody watches."""
    if watched:
        watched.begun(name)


def made(name: str) -> None:
    """Report an asset as made, if somebody watches."""
    if watched:
        watched.made(name)
