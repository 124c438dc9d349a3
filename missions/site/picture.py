"""A chart as a picture of its own, 16 by 9 for a slide: with its title, legend, source, date and publication.

Belongs here: the frame, and what static/take.js needs to draw the same in a browser with the reader's choices.
"""

import re
import textwrap
from html import escape
from typing import Any

import vl_convert

from missions.reading.wording import day_words, publication_day
from missions.site.charts import Chart

OWN_SOURCE = "Source: Missions Index."
WIDTH, HEIGHT, EDGE = 1600, 900, 60
_LINE = {44: 66, 26: 34, 22: 120}  # letters in a line of text of this size
# The colours of static/site.css on paper, as a picture has no other style.
STYLE = (
    "text{font-family:Arial,Helvetica,Liberation Sans,DejaVu Sans,sans-serif;fill:#0b0c0c}"
    ".quiet{fill:#505a5f}.strong,.title{font-weight:bold}"
    ".n0{fill:#fff}.n1{fill:#0f3a5f}.n2{fill:#2073bc}.n3{fill:#6bace6}.n4{fill:#b3d4f0}.n5{fill:#e6f0f9}"
    ".d1{fill:#0f3a5f}.d2{fill:#b3d4f0;stroke:#2073bc}.d3{fill:#2073bc}.d4{fill:#fff;stroke:#505a5f;stroke-width:1.25}"
    ".map path{stroke:#6f777b;stroke-width:1}.map path.o{fill:none;stroke:#0b0c0c;stroke-width:1.5;stroke-opacity:.6}"
    ".map path.o.on{fill-opacity:1}.map path.off{display:none}.map .hatch path{stroke:#3d4a52}"
    ".map .hatch.deep path{stroke:#fff}"
    ".dotted rect{fill:#fff}.dotted circle{fill:#505a5f}.slant{stroke:#3d4a52;stroke-width:1.5;fill:none}"
    ".spots{stroke:#505a5f;stroke-width:3;stroke-linecap:round}"
    ".grid{stroke:#d9dcde}.line{stroke:#0b0c0c;stroke-width:1.5}"
    ".names text{stroke:#fff;stroke-width:4;stroke-linejoin:round;paint-order:stroke}"
    ".plain .names,.plain .inset,.plain path.o{display:none}"
    ".key rect{stroke:#505a5f}.map path.at,.map path.own{stroke:#0b0c0c;stroke-width:5}"
    ".dots circle.own{fill:#f46a25;stroke:#0b0c0c;stroke-width:2}"
)
SWATCHES = {
    "h": '<rect class="n3" width="16" height="16"/><path class="slant" d="M1 8L8 1M1 15L15 1M8 15L15 8"/>',
    "u": '<rect class="n0" width="16" height="16"/><path class="spots" d="M4 4h0M4 12h0M8 8h0M12 4h0M12 12h0"/>',
}


def frame() -> dict[str, Any]:
    """What static/take.js needs to draw the same picture."""
    return {"width": WIDTH, "height": HEIGHT, "edge": EDGE, "letters": _LINE, "style": STYLE}


def picture(chart: Chart, source: str, publication_id: str) -> str:
    """The picture as SVG. source: the sentence below the chart on its page."""
    is_map = 'class="map"' in chart.svg[:40]
    title, y = _text(chart.title, 44, EDGE, EDGE + 44, "title")
    note = " ".join(re.findall(r"(?!Select)[A-Z][^.]*\.(?: |$)", chart.note)).replace("  ", " ")
    subtitle, y = _text(note, 22, EDGE, y + 4, "quiet")
    key, below = _key(chart, EDGE, y + 30, 430 if is_map else WIDTH)
    box = (EDGE + 460, y, WIDTH - 2 * EDGE - 460) if is_map else (EDGE, below, WIDTH - 2 * EDGE)
    left, top, width = box
    published = publication_day(publication_id)
    dated = f"Missions Index, publication {publication_id}{f', {day_words(published)}' if published else ''}"
    foot, _ = _text(
        f"{dated}." if source == OWN_SOURCE else f"{source} {dated}.", 22, EDGE, HEIGHT - EDGE - 16, "quiet"
    )
    place = f'x="{left}" y="{top:.0f}" width="{width}" height="{HEIGHT - EDGE - 70 - top:.0f}"'
    drawn = chart.svg.replace("<svg ", f"<svg {place} ", 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"<title>{escape(chart.title)}</title><desc>{escape(chart.summary)}</desc><style>{STYLE}</style>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>{title}{subtitle}{key}{drawn}{foot}</svg>'
    )


def as_png(svg: str) -> bytes:
    """The picture as PNG, 1600 by 900."""
    return bytes(vl_convert.svg_to_png(svg))


def _text(text: str, size: int, x: float, y: float, kind: str = "") -> tuple[str, float]:
    """Lines of text from this place, and where the next line would be."""
    lines = textwrap.wrap(text, _LINE[size])
    drawn = "".join(
        f'<text x="{x:.0f}" y="{y + 1.3 * size * n:.0f}" font-size="{size}" class="{kind}">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    return drawn, y + 1.3 * size * len(lines)


def _key(chart: Chart, x: float, y: float, width: float) -> tuple[str, float]:
    """The legend, one entry below the other, and where it ends."""
    parts = []
    for kind, words in chart.legend:
        swatch = f'<circle class="{kind}" cx="8" cy="8" r="6"/>' if kind[0] == "d" else SWATCHES.get(kind)
        swatch = swatch or f'<rect class="{kind}" width="16" height="16"/>'
        parts.append(f'<g class="key" transform="translate({x} {y - 18:.0f}) scale(1.4)">{swatch}</g>')
        text, y = (
            _text(words, 26, x + 36, y)
            if width < WIDTH
            else (f'<text x="{x + 36}" y="{y:.0f}" font-size="26">{escape(words)}</text>', y + 34)
        )
        parts.append(text)
        y += 6
    return "".join(parts), y
