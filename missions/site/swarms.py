"""Draws councils as dots along a line, as SVG, when the site is built: each dot has a place of its own.

Belongs here: the scale, its ticks and the places of the dots. What a chart shows is in charts.py.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LEFT, RIGHT, TOP = 760, 20, 740, 44
LABELS = 165  # left of the rows, for the names of groups
COLUMN = 8  # dots are this wide, and stand in columns
_TALLEST = 300  # a column of dots is squeezed to fit in this height
_TICKS = 8
_APART = 70  # pixels at least between ticks

Value = Callable[[float], str]


@dataclass(frozen=True)
class Rows:
    """Dots in rows: where each stands, by code, and the rows' names with their middles."""

    height: int
    places: dict[str, tuple[int, int]]
    labels: list[tuple[str, int]]


@dataclass(frozen=True)
class Scale:
    """From values to 0 to 1, in logarithms where the index uses them (methods.md: the signed logarithm)."""

    low: float
    high: float
    sign: int = 0  # 1 or -1: the logarithm from the lowest or the highest value; 0: none

    def __call__(self, value: float) -> float:
        return (self._bent(value) - self._bent(self.low)) / ((self._bent(self.high) - self._bent(self.low)) or 1)

    def _bent(self, value: float) -> float:
        start = 0.01 * (self.high - self.low) or 1
        if self.sign > 0:
            return math.log(value - self.low + start)
        return -math.log(self.high - value + start) if self.sign else value

    def ticks(self) -> list[float]:
        """Round values within the scale, far enough apart to be labelled."""
        span = self.high - self.low
        if not span:
            return [self.low]
        step = 10 ** math.floor(math.log10(span / _TICKS))
        steps = [step * n for n in (1, 2, 5, 10)]
        if not self.sign:
            step = next(s for s in steps if span / s <= _TICKS)
            return [step * n for n in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]
        fine = steps[0] / 10
        edge = self.low if self.sign > 0 else self.high
        found: list[float] = []
        for power in range(8):
            for n in (1, 2, 5):
                value = round((edge + self.sign * fine * n * 10**power) / (fine * n * 10**power)) * fine * n * 10**power
                if self.low <= value <= self.high:
                    found.append(value)
        kept: list[float] = []
        for value in sorted(set(found), key=lambda v: abs(v - edge)):
            if all(abs(self(value) - self(other)) * (RIGHT - LEFT) >= _APART for other in kept):
                kept.append(value)
        return sorted(kept)


def dots(values: Mapping[str, float], groups: Mapping[str, str] | None, scale: Scale) -> Rows:
    """Where each council's dot stands: in one row, or in a row for each group in the order of their names."""
    left = LEFT if groups is None else LABELS
    rows: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for code in sorted(values, key=lambda code: (values[code], code)):
        column = round((left + scale(values[code]) * (RIGHT - left)) / COLUMN)
        rows[groups[code] if groups else ""][column].append(code)
    places, labels, y = {}, [], TOP
    for name in sorted(rows):
        most = max(map(len, rows[name].values()))
        pitch = min(COLUMN + 0.5, _TALLEST / most)
        middle = y + max(most * pitch, 20) / 2
        for column, codes in rows[name].items():
            for n, code in enumerate(codes):
                places[code] = (column * COLUMN, round(middle + pitch * (n - (len(codes) - 1) / 2)))
        labels.append((name, round(middle)))
        y = round(middle + max(most * pitch, 20) / 2 + 6)
    return Rows(y + 4, places, labels)


def draw_dots(
    rows: Rows,
    kinds: Mapping[str, str],
    scale: Scale,
    words: Value,
    line: tuple[float, str] | None,
    ends: Sequence[str],
) -> str:
    """An SVG element of the dots in one row. kinds: a class for each council; line: a value to mark, with its words;
    ends: what the left and the right of the scale mean."""
    circles = "".join(
        f'<circle class="{kinds[code]}" cx="{x}" cy="{y}" r="4" data-c="{code}"/>'
        for code, (x, y) in rows.places.items()
    )
    drawn = axis(scale, words, line, ends, rows.height, LEFT)
    return f'<svg class="dots" viewBox="0 0 {WIDTH} {rows.height + 44}">{drawn}<g class="shapes">{circles}</g></svg>'


def axis(
    scale: Scale, words: Value, line: tuple[float, str] | None, ends: Sequence[str], height: int, left: int
) -> str:
    """The ticks below, the marked value above, and what the ends mean."""

    def x(value: float) -> int:
        return round(left + scale(value) * (RIGHT - left))

    ticks = "".join(
        f'<path class="grid" d="M{x(tick)} {TOP - 6}V{height}"/><text x="{x(tick)}" y="{height + 16}" '
        f'text-anchor="{_anchor(x(tick))}">{escape(words(tick))}</text>'
        for tick in scale.ticks()
    )
    marked = ""
    if line and scale.low <= line[0] <= scale.high:
        at = x(line[0])
        marked = (
            f'<path class="line" d="M{at} {TOP - 14}V{height}"/><text class="strong" x="{at}" y="{TOP - 20}" '
            f'text-anchor="{_anchor(at, 80)}">{escape(line[1])}</text>'
        )
    means = (
        f'<text class="quiet" x="{left}" y="{height + 36}">← {escape(ends[0])}</text>'
        f'<text class="quiet" x="{RIGHT}" y="{height + 36}" text-anchor="end">{escape(ends[1])} →</text>'
    )
    return f'<g class="axis" font-size="14">{ticks}{marked}{means}</g>'


def _anchor(x: int, margin: int = 24) -> str:
    return "start" if x < LEFT + margin else "end" if x > RIGHT - margin else "middle"
