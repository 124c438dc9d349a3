"""The page that ranks councils under other weights, and the data for its script."""

import base64
import struct

from missions.reading.rank_words import place, range_words
from missions.site.data import COMPOSITE
from missions.site.renderer import Files, Renderer
from missions.site.scripts import assign


def files(site: Renderer) -> Files:
    marts = site.marts
    yield site.render(
        "what-if.html",
        "what-if.html",
        "What if",
        [("What if", None)],
        missions=marts.missions,
        indicators=marts.indicators,
    )
    yield "data/what-if.js", _script(site)


def _script(site: Renderer) -> str:
    """data/what-if.js: each indicator's z-scores as base 64 of their doubles, and the tree with its weights."""
    marts = site.marts
    codes = sorted(marts.authority)
    scores = {row["authority_code"]: row for row in marts.by_index[COMPOSITE]}
    values = [marts.cell[code, i["indicator_id"]]["need_z"] for i in marts.indicators for code in codes]
    return assign(
        {
            "whatIf": {
                "codes": codes,
                "inReference": [int(marts.authority[code]["is_in_reference_set"]) for code in codes],
                "missions": [row["mission_id"] for row in marts.missions],
                "indicators": [row["indicator_id"] for row in marts.indicators],
                "nodes": [[row["node_id"], row["parent_id"], row["weight"]] for row in marts.nodes],
                "ranks": [scores[code]["need_rank"] for code in codes],
                "places": [place(scores[code]) for code in codes],
                "ranges": [range_words(scores[code]) for code in codes],
                "z": base64.b64encode(struct.pack(f"<{len(values)}d", *values)).decode(),
            }
        }
    )
