"""The JSON files under api/v1: each follows its schema in the OpenAPI description and says what the marts say."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from jsonschema import Draft202012Validator

from missions.site.openapi import ROOT, schema_of
from tests.support.pages import rows


@pytest.fixture(scope="module")
def api(site: Path) -> dict[str, Any]:
    """Every file by its path under api/v1."""
    root = site.resolve() / ROOT
    return {path.relative_to(root).as_posix(): json.loads(path.read_text("utf-8")) for path in root.rglob("*.json")}


def test_every_file_follows_its_schema(api: dict[str, Any]) -> None:
    document = api["openapi.json"]
    assert document["openapi"].startswith("3.1") and document["servers"] == [{"url": "."}]
    validators = {}
    for name in document["components"]["schemas"]:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        Draft202012Validator.check_schema(schema)
        validators[name] = Draft202012Validator(schema)
    counts: dict[str, int] = {}
    for path, content in api.items():
        if path == "openapi.json":
            continue
        name = schema_of(path)
        fault = next(validators[name].iter_errors(content), None)
        assert fault is None, f"{path}: {fault and fault.message}"
        counts[name] = counts.get(name, 0) + 1
    assert counts["Council"] == 317 and counts["Indicator"] == 65 and counts["Mission"] == 6 and counts["Index"] == 1
    assert not validators["Council"].is_valid(api["council/E06000009.json"] | {"more": 1})


def test_every_path_of_the_description_leads_to_files(api: dict[str, Any]) -> None:
    index = api["index.json"]
    ids = {
        "council/{code}.json": [{"code": code} for code in index["councils"]],
        "indicator/{id}.json": [{"id": id_} for id_ in index["indicators"]],
        "mission/{id}.json": [{"id": id_} for id_ in index["missions"]],
        "area/{kind}/{code}.json": index["areas"],
        "index.json": [{}],
    }
    assert {path.lstrip("/") for path in api["openapi.json"]["paths"]} == set(ids)
    made = {path.format(**values) for path, some in ids.items() for values in some}
    assert made == set(api) - {"openapi.json"}


def test_the_figures_are_those_of_the_marts(api: dict[str, Any], marts: duckdb.DuckDBPyConnection) -> None:
    for row in rows(marts, "FROM indicator_score"):
        code, id_ = row["authority_code"], row["indicator_id"]
        value = api[f"council/{code}.json"]["values"][id_]
        assert (value["value"], value["value_basis"], value["need_rank"]) == (
            row["value"],
            row["value_basis"],
            row["need_rank"],
        )
        assert api[f"indicator/{id_}.json"]["values"][code] == row["value"]
    for row in rows(marts, "FROM mission_index"):
        mission = api[f"mission/{row['mission_id']}.json"]
        assert mission["ranks"][row["authority_code"]] == row["need_rank"]
        score = api[f"council/{row['authority_code']}.json"]["scores"][row["mission_id"]]
        assert (score["need_score"], score["published_share"]) == (row["need_score"], row["published_share"])
