"""The JSON files under api/v1, for programs: one for each council, indicator, mission and area, and an index."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from missions.site.data import Group, Row, by
from missions.site.openapi import ROOT, SCHEMAS, description
from missions.site.renderer import Files, Renderer

LICENCE = "OGL v3.0"


def files(site: Renderer) -> Files:
    marts = site.marts
    publication = {"publication": {"publication_id": site.publication_id, "licence": LICENCE}}
    areas = [group for group in marts.groups if group.kind != "type"]
    found: dict[str, Mapping[str, Any]] = {
        "openapi": description(site.settings.address, site.publication_id),
        "index": publication
        | {
            "councils": {row["authority_code"]: row["authority_name"] for row in marts.authorities},
            "missions": marts.indices,
            "indicators": {row["indicator_id"]: row["indicator_title"] for row in marts.indicators},
            "areas": [{"kind": group.kind, "code": group.code, "name": group.name} for group in areas],
        },
    }
    found |= {f"council/{row['authority_code']}": publication | _council(site, row) for row in marts.authorities}
    found |= {f"indicator/{row['indicator_id']}": publication | _indicator(site, row) for row in marts.indicators}
    found |= {f"mission/{index_id}": publication | _mission(site, index_id) for index_id in marts.indices}
    found |= {f"area/{group.kind}/{group.code}": publication | _area(group) for group in areas}
    for name, content in found.items():
        yield f"{ROOT}/{name}.json", json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=_day) + "\n"


def _day(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no form in JSON")


def _some(row: Row, schema: str) -> dict[str, Any]:
    """The columns of a row that a schema names."""
    return {name: row[name] for name in SCHEMAS[schema]["properties"] if name in row}


def _council(site: Renderer, authority: Row) -> dict[str, Any]:
    code = authority["authority_code"]
    return _some(authority, "Council") | {
        "scores": {index_id: _some(score, "Score") for index_id, score in site.marts.scores[code].items()},
        "values": {
            i["indicator_id"]: _some(site.marts.cell[code, i["indicator_id"]], "Value") for i in site.marts.indicators
        },
    }


def _indicator(site: Renderer, indicator: Row) -> dict[str, Any]:
    marts, id_ = site.marts, indicator["indicator_id"]
    england = marts.benchmark.get((marts.england_code, id_))
    return _some(indicator, "Indicator") | {
        "england_value": england["value"] if england else None,
        "values": {cell["authority_code"]: cell["value"] for cell in marts.cells_of_indicator[id_]},
    }


def _mission(site: Renderer, index_id: str) -> dict[str, Any]:
    marts = site.marts
    rows = by(sorted(marts.by_index[index_id], key=lambda row: str(row["authority_code"])), "authority_code")
    return {
        "mission_id": index_id,
        "mission_name": marts.indices[index_id],
        "indicators": [row["indicator_id"] for row in marts.by_mission.get(index_id, marts.indicators)],
        "ranks": {code: row["need_rank"] for code, row in rows.items()},
        "scores": {code: row["need_score"] for code, row in rows.items()},
    }


def _area(group: Group) -> dict[str, Any]:
    columns = SCHEMAS["Area"]["properties"]["summary"]["additionalProperties"]["properties"]
    return {
        "kind": group.kind,
        "code": group.code,
        "name": group.name,
        "councils": sorted(member["authority_code"] for member in group.members),
        "summary": {row["index_id"]: {name: row[name] for name in columns} for row in group.summary},
    }
