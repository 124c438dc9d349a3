"""The script files that pages load: data as .js files, and libraries.

Belongs here: how data becomes a script, and the files that several kinds of page share. Data for one kind of page is
made with the page, in pages/; hand-written scripts are in static/.
"""

import json
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import vl_convert

from missions.files import replace_file
from missions.paths import WAREHOUSE
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
    """The data file of a page: its charts by id, each with its specification, rows and layers."""
    written: dict[str, Any] = {}
    for chart in charts:
        # Charts of the same figures share one copy.
        same = next((other.id for other in charts if other.id in written and other.layers == chart.layers), None)
        written[chart.id] = {"spec": chart.spec, "isMap": chart.is_map}
        written[chart.id] |= {"rowsOf": same} if same else _columns(chart)
    return assign({"charts": written})


def _columns(chart: Chart) -> dict[str, Any]:
    """The rows of each layer in the order of one list of codes."""
    codes = sorted(set().union(*chart.layers.values()))
    layers = {name: [rows[code] for code in codes] for name, rows in chart.layers.items()}
    return {"codes": codes, "fields": chart.fields, "layers": layers}


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
    """The hand-written scripts and styles, and the libraries that they use."""
    for path in sorted(STATIC.iterdir()):
        yield f"static/{path.name}", path.read_text(encoding="utf-8")
    yield "static/vega.js", _vega()
    yield from _datatables()


def _vega() -> str:
    """Vega, Vega-Lite and vega-embed in one file, from vl-convert; kept in build/, because bundling takes seconds."""
    kept = WAREHOUSE.with_name(f"vega-{version('vl-convert-python')}.js")
    if not kept.is_file():
        replace_file(kept, vl_convert.javascript_bundle())  # type: ignore[call-arg]
    return kept.read_text(encoding="utf-8")


def _datatables() -> Files:
    """DataTables from itables, as a plain script: a page opened from disk cannot load a module."""
    spec = find_spec("itables")
    assert spec is not None and spec.origin is not None
    bundle = Path(spec.origin).with_name("html") / "dt_bundle.js"
    module = bundle.read_text(encoding="utf-8")
    script, found = re.subn(r"export\{[^}]*?([\w$]+) as default[^}]*\};?", r"window.DataTable=\1;", module)
    assert found == 1, f"{bundle}: expected one default export, found {found}"
    yield "static/datatables.js", f"(()=>{{{script}\n}})();\n"
    yield "static/datatables.css", bundle.with_suffix(".css").read_text(encoding="utf-8")
