"""Draws maps as SVG when the site is built: shapes by need band, hatched where figures are not a council's own.

Belongs here: the drawing. What a map shows is in charts.py; the outlines are in shapes.py.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from missions.site.shapes import Box, Outlines

OWN, BORROWED, UNCERTAIN = "", "h", "u"  # how a shape is filled: in its band's colour, hatched, dotted
BANDS = 5
_LONDON = "E09"  # ONS codes of London boroughs begin with this
_COUNTY = "E10"
_INSET: Box = (820, 50, 1200, 350)  # where the enlarged London goes on a map of England, in the North Sea
_PAD = 15
# Councils whose names help readers to find their way on a map of England.
LANDMARKS = (
    "Newcastle upon Tyne",
    "Cumberland",
    "Leeds",
    "Liverpool",
    "Manchester",
    "Lincoln",
    "Birmingham",
    "Norwich",
    "Bristol",
    "Plymouth",
    "Southampton",
    "Cornwall",
    "Hastings",
    "York",
)
MOST_NAMES = 40  # councils that an area's map names

Marked = Mapping[str, tuple[int, str]]  # band from 0, the highest need, and how it is filled, by ONS code


def draw_map(id_: str, outlines: Outlines, rows: Marked, names: Mapping[str, str]) -> str:
    """A map of these councils as an SVG element; with London beside it, enlarged, where it is a map of England.

    id_: for the patterns, unique on the page; names: the councils' names by code. Counties are outlines only, and are
    filled by chart.js when a reader asks for them.
    """
    councils = sorted(code for code in rows if code in outlines.paths and not code.startswith(_COUNTY))
    counties = sorted(code for code in rows if code in outlines.paths and code.startswith(_COUNTY))
    box = outlines.box([*councils, *counties])
    is_england = len(councils) > 200
    if is_england:
        box = (box[0], box[1], max(box[2], _INSET[2]), box[3])
    left, top, right, bottom = box[0] - _PAD, box[1] - _PAD, box[2] + _PAD, box[3] + _PAD
    width = right - left
    shapes = "".join(_shape(id_, code, outlines, rows) for code in councils)
    lines = "".join(f'<path class="o" data-c="{code}" d="{outlines.paths[code]}"/>' for code in counties)
    inset = _inset(id_, outlines, [code for code in councils if code.startswith(_LONDON)], rows) if is_england else ""
    named = councils if len(councils) <= MOST_NAMES else []
    if is_england:
        known = {name: code for code, name in names.items() if code in outlines.boxes}
        named = [known[name] for name in LANDMARKS if name in known]
    labels = _labels(outlines, named, names, max(width, bottom - top))
    return (
        f'<svg class="map" viewBox="{left} {top} {width} {bottom - top}">{_patterns(id_, width)}'
        f'<g class="shapes">{shapes}{lines}</g>{inset}<g class="names">{labels}</g></svg>'
    )


def _shape(id_: str, code: str, outlines: Outlines, rows: Marked) -> str:
    return f'<path {fill(id_, *rows[code])} data-c="{code}" d="{outlines.paths[code]}"/>'


def fill(id_: str, band: int, mark: str) -> str:
    """The attribute that fills a shape; chart.js writes the same for other layers."""
    if mark == UNCERTAIN:
        return f'fill="url(#{id_}-u)"'
    return f'fill="url(#{id_}-h{band + 1})"' if mark == BORROWED else f'class="n{band + 1}"'


def _inset(id_: str, outlines: Outlines, codes: Sequence[str], rows: Marked) -> str:
    if not codes:
        return ""
    box = outlines.box(codes)
    scale = min((_INSET[2] - _INSET[0]) / (box[2] - box[0]), (_INSET[3] - _INSET[1]) / (box[3] - box[1]))
    x, y = _INSET[0] - box[0] * scale, _INSET[1] - box[1] * scale
    shapes = "".join(_shape(id_, code, outlines, rows) for code in codes)
    height = (box[3] - box[1]) * scale
    return (
        f'<g class="inset"><g transform="translate({x:.0f} {y:.0f}) scale({scale:.2f})">{shapes}</g>'
        f'<text x="{(_INSET[0] + _INSET[2]) // 2}" y="{_INSET[1] + height + 36:.0f}" font-size="28" '
        'text-anchor="middle">London, enlarged</text></g>'
    )


def _labels(outlines: Outlines, codes: Sequence[str], names: Mapping[str, str], extent: int) -> str:
    """Names in the middle of shapes, the largest shapes first; a name that would cover another is left out."""
    size = extent / 44
    placed: list[tuple[float, float, float]] = []  # the middle of each name, and half its width
    texts = []
    for code in sorted(codes, key=lambda code: -_extent(outlines.boxes[code])):
        left, top, right, bottom = outlines.boxes[code]
        x, y, half = (left + right) / 2, (top + bottom) / 2, 0.28 * size * len(names[code])
        if any(abs(x - u) < half + other and abs(y - v) < 1.2 * size for u, v, other in placed):
            continue
        placed.append((x, y, half))
        texts.append(
            f'<text x="{x:.0f}" y="{y + size / 3:.0f}" font-size="{size:.0f}" text-anchor="middle">'
            f"{escape(names[code])}</text>"
        )
    return "".join(texts)


def _extent(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _patterns(id_: str, width: int) -> str:
    """The hatching of each band and the dots of what cannot be placed, equally fine on every map."""
    step = f"{width / 120:.3g}"
    size = f'width="{step}" height="{step}" patternUnits="userSpaceOnUse"'
    line = f'<path d="M0 0V{step}" stroke-width="{width / 190:.3g}"/>'
    hatched = "".join(
        f'<pattern id="{id_}-h{n}" class="hatch{" deep" if n < 3 else ""}" {size} patternTransform="rotate(45)">'
        f'<rect class="n{n}" width="{step}" height="{step}"/>{line}</pattern>'
        for n in range(1, BANDS + 1)
    )
    dot = f"{width / 400:.3g}"
    return (
        f'<defs>{hatched}<pattern id="{id_}-u" class="dotted" {size}><rect width="{step}" height="{step}"/>'
        f'<circle cx="{dot}" cy="{dot}" r="{dot}"/></pattern></defs>'
    )


def legend_fill(id_: str, entry: str) -> dict[str, Any]:
    """The attributes of a legend's swatch: entry is "n1" to "n5", "h" or "u"."""
    if entry in (BORROWED, UNCERTAIN):
        return {"fill": f"url(#{id_}-{'h3' if entry == BORROWED else 'u'})"}
    return {"class": entry}
