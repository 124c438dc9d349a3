"""The picture that stands for a page where its address is shared: a card of 1200 by 630, drawn as SVG, sent as PNG.

Belongs here: the drawing. The words are the sentences of missions/reading.
"""

import struct
import textwrap
import zlib
from datetime import date
from html import escape

import numpy as np
import vl_convert

from missions.reading.wording import day_words

CARD = "card/index.png"  # of pages without a card of their own
CARD_SIZE = (600, 315)
_WIDTH, _HEIGHT, _EDGE = 1200, 630, 70
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DIFFERENCES = 1  # the PNG filter of rows whose bytes are differences from the pixel before
_DROPPED = 4  # of the eight bits of each colour that a reader does not miss
_LINE = 46  # letters in a line of the text
_FONT = 'font-family="Arial, Helvetica, Liberation Sans, DejaVu Sans, sans-serif"'


def card(
    title: str,
    text: str,
    published: date | None,
    place: float | None = None,
    likely: tuple[float, float] | None = None,
) -> bytes:
    """A card as PNG. place and likely: the rank and its 90% interval as shares of the way from the highest need."""
    size = 84 if len(title) < 24 else 60 if len(title) < 34 else 46
    lines = textwrap.wrap(text, _LINE)[:5]
    drawn = "".join(
        f'<text x="{_EDGE}" y="{260 + 52 * n}" font-size="40" fill="#dfeaf3">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    date_words = f", {day_words(published)}" if published else ""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" {_FONT}>'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#12324f"/>'
        f'<text x="{_EDGE}" y="165" font-size="{size}" font-weight="bold" fill="#fff">{escape(title)}</text>{drawn}'
        f"{_bar(place, likely)}"
        f'<text x="{_EDGE}" y="580" font-size="30" fill="#b3d4f0">Missions Index{date_words}</text></svg>'
    )
    return _few_colours(vl_convert.svg_to_png(svg, scale=CARD_SIZE[0] / _WIDTH))


def _bar(place: float | None, likely: tuple[float, float] | None) -> str:
    """The rank on a line from the highest to the lowest need, with its likely range; nothing if neither is known."""
    if place is None and likely is None:
        return ""
    width = _WIDTH - 2 * _EDGE
    drawn = f'<path d="M{_EDGE} 510H{_EDGE + width}" stroke="#6bace6" stroke-width="3"/>'
    if likely is not None:
        low, high = (_EDGE + width * part for part in likely)
        drawn += f'<path d="M{low:.0f} 510H{max(high, low + 6):.0f}" stroke="#6bace6" stroke-width="24"/>'
    if place is not None:
        drawn += f'<circle cx="{_EDGE + width * place:.0f}" cy="510" r="16" fill="#ffdd00"/>'
    return drawn


def _few_colours(png: bytes) -> bytes:
    """The picture as a PNG with a palette, a tenth of the size, as a card has few colours."""
    chunks, at = [], len(_SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        chunks.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += 12 + length
    width, height, depth, kind, *_ = struct.unpack(">IIBBBBB", chunks[0][1])
    raw = zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT"))
    rows = np.frombuffer(raw, np.uint8).reshape(height, -1)
    if (depth, kind) != (8, 6) or not (rows[:, 0] == _DIFFERENCES).all():
        return png
    pixels = np.cumsum(rows[:, 1:].reshape(height, width, 4), axis=1, dtype=np.uint8)[:, :, :3]
    short = (pixels >> _DROPPED).astype(np.uint16)
    codes = short[:, :, 0] << 8 | short[:, :, 1] << 4 | short[:, :, 2]
    used = np.flatnonzero(np.bincount(codes.ravel(), minlength=1 << 12))
    if len(used) > 256:
        return png
    places = np.zeros(1 << 12, np.uint8)
    places[used] = range(len(used))
    lines = np.hstack([np.zeros((height, 1), np.uint8), places[codes]])
    palette = np.stack([(used >> 8) & 15, (used >> 4) & 15, used & 15], axis=1).astype(np.uint8) * 17
    made = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    ]
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in made
    )
