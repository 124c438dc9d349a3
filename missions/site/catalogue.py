"""dbt's own documentation as one page that needs no server: its viewer with the manifest and a catalogue inside.

Belongs here: putting the two together from what a run has made already, without running dbt again. The plainer
catalogue of the published tables is the page catalogue.html.
"""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from missions.site.data import Marts, grouped

# What changes with every run, or with the machine, and says nothing of the models.
_OF_THE_RUN = {
    *(
        "created_at",
        "generated_at",
        "invocation_id",
        "invocation_started_at",
        "run_started_at",
        "user_id",
        "project_id",
    ),
    *("compiled", "compiled_code", "compiled_path", "build_path", "extra_ctes", "extra_ctes_injected"),
}
# What the viewer never shows, and what it shows of a column.
_UNSHOWN = {"unrendered_config", "checksum", "contract", "doc_blocks", "quoting"}
_OF_A_COLUMN = ("name", "description", "data_type", "constraints")
# The project's own things; the macros of dbt and its adapter are documented by dbt.
_PACKAGES = ("dbt", "dbt_duckdb")

# The viewer asks for addresses that its own script has not filled in yet, and for an icon that it does not bring.
_MENDED = {
    'xlink:href="{{ getIcon': 'ng-attr-xlink:href="{{ getIcon',
    'src="{{ logo }}" alt="dbt logo"': 'alt="dbt docs"',
    "${require('./assets/favicons/favicon.ico')}": "data:,",
}


def dbt_docs(manifest: Path, marts: Marts) -> str:
    """The page. Raises FileNotFoundError where dbt is not installed or the manifest is not there."""
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["macros"] = {k: v for k, v in content["macros"].items() if v["package_name"] not in _PACKAGES}
    content = _without_run(content | {"unit_tests": {}})
    for node in [*content["nodes"].values(), *content["sources"].values()]:
        node["columns"] = {
            name: {key: column[key] for key in _OF_A_COLUMN if column.get(key)}
            for name, column in node.get("columns", {}).items()
        }
    page = _viewer().read_text(encoding="utf-8")
    for flaw, mended in _MENDED.items():
        page = page.replace(flaw, mended)
    for name, part in (("MANIFEST", content), ("CATALOG", _catalogue(content, marts))):
        page = page.replace(f'"{name}.JSON INLINE DATA"', _inline(part))
    return page


def _viewer() -> Path:
    spec = find_spec("dbt.task.docs")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("dbt.task.docs")
    return Path(spec.origin).with_name("index.html")


def _without_run(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _without_run(value) for key, value in part.items() if key not in _OF_THE_RUN | _UNSHOWN}
    return [_without_run(value) for value in part] if isinstance(part, list) else part


def _inline(part: Any) -> str:
    """JSON that can stand in a script: nothing in it may end the script."""
    return json.dumps(part, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")


def _catalogue(manifest: dict[str, Any], marts: Marts) -> dict[str, Any]:
    """Types of the published columns, in the form that the viewer reads."""
    columns = grouped(marts.columns, "table_name")
    nodes = {}
    for key, node in manifest["nodes"].items():
        if node["resource_type"] == "model" and node["schema"] == "marts" and node["name"] in columns:
            nodes[key] = {
                "unique_id": key,
                "metadata": {
                    "type": "BASE TABLE",
                    "schema": "marts",
                    "name": node["name"],
                    "database": node["database"],
                    "comment": node["description"],
                    "owner": None,
                },
                "columns": {
                    column["column_name"]: {
                        "type": column["data_type"],
                        "index": index,
                        "name": column["column_name"],
                        "comment": None,  # the manifest has it
                    }
                    for index, column in enumerate(columns[node["name"]], 1)
                },
                "stats": {"has_stats": {"id": "has_stats", "label": "Has Stats?", "value": False, "include": False}},
            }
    return {"metadata": {}, "nodes": nodes, "sources": {}, "errors": None}
