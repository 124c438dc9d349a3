"""The script files that pages load: data as .js files, and the scripts written by hand.

Belongs here: how data becomes a script, and the files that several kinds of page share. Data for one kind of page is
made with the page, in pages/; hand-written scripts are in static/.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from missions.reading.wording import type_words
from missions.site.charts import Chart
from missions.site.data import Row
from missions.site.renderer import Files

STATIC = Path(__file__).with_name("static")


def assign(values: Mapping[str, Any]) -> str:
    """A .js file that adds `values` to window.missions: a page opened from disk can load scripts but not JSON."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"window.missions = Object.assign(window.missions || {{}}, {text});\n"


def charts_script(charts: Sequence[Chart]) -> str:
    """The data file of a page: its charts by id, each with its rows and layers, and what a choice changes."""
    written: dict[str, Any] = {}
    for chart in charts:
        # Charts of the same figures share one copy.
        same = next((other.id for other in charts if other.id in written and other.layers == chart.layers), None)
        written[chart.id] = {"titles": chart.titles, "groups": chart.groups}
        written[chart.id] |= {"rowsOf": same} if same else _columns(chart)
    return assign({"charts": written})


def _columns(chart: Chart) -> dict[str, Any]:
    """The rows of each layer in the order of one list of codes."""
    codes = sorted(set().union(*chart.layers.values()))
    words: dict[str, dict[str, int]] = {}  # texts that repeat, each once, by field; rows have their places
    for place, field in enumerate(chart.fields):
        texts = [row[place] for rows in chart.layers.values() for row in rows.values()]
        if all(isinstance(text, str) for text in texts) and 4 * len(set(texts)) < len(texts):
            words[field] = {text: n for n, text in enumerate(dict.fromkeys(texts))}
    layers = {
        name: [
            [
                words[field][cell] if field in words else cell
                for field, cell in zip(chart.fields, rows[code], strict=True)
            ]
            for code in codes
        ]
        for name, rows in chart.layers.items()
    }
    texts_of = {field: list(texts) for field, texts in words.items()}
    return {"codes": codes, "fields": chart.fields, "words": texts_of, "layers": layers}


def authorities_script(authorities: Sequence[Row]) -> str:
    """data/authorities.js: name, type, region and page of each council, by code. Other files refer to councils by code.

    authorities: rows of dim_authority with `page`, the address from the root of the site.
    """
    return assign(
        {
            "authorities": {
                row["authority_code"]: [
                    row["authority_name"],
                    type_words(row["authority_type"]),
                    row["region_name"],
                    row["page"],
                ]
                for row in sorted(authorities, key=lambda row: str(row["authority_name"]))
            }
        }
    )


def static_files() -> Files:
    """The hand-written scripts and styles."""
    for path in sorted(STATIC.iterdir()):
        yield f"static/{path.name}", path.read_text(encoding="utf-8")
