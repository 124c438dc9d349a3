"""datapackage.json is a valid Data Package, and a validator notices when the files break it."""

import json
import shutil
from datetime import datetime
from pathlib import Path

import frictionless

from missions.publication.publish import Publication


def test_data_package_is_valid_and_carries_the_promises(sample: Publication) -> None:
    descriptor = sample.path.parents[1] / "datapackage.json"
    report = frictionless.validate(str(descriptor))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])
    assert report.stats["tasks"] == len(sample.tables)

    package = json.loads(descriptor.read_text(encoding="utf-8"))
    assert package["id"] == sample.id
    assert datetime.fromisoformat(package["created"]) == sample.created
    assert package["licenses"][0]["name"] == "OGL-UK-3.0"
    assert package["sources"] == [
        {"title": "DfE: Schools (OGL v3.0)"},
        {"title": "ONS: Employment (OGL v3.0)", "path": "https://example.org/employment"},
    ]
    resource = next(r for r in package["resources"] if r["name"] == "indicator_score")
    assert resource["schema"]["primaryKey"] == ["authority_code", "indicator_id"]
    assert resource["schema"]["fields"][2:] == [
        {
            "name": "value",
            "type": "number",
            "description": "Value, in the indicator's unit",
            "constraints": {"required": True},
        },
        {"name": "need_rank", "type": "integer"},
    ]
    authority = next(r for r in package["resources"] if r["name"] == "dim_authority")
    types = {field["name"]: field["type"] for field in authority["schema"]["fields"]}
    assert (types["budget_gbp"], types["population"], types["is_unitary"]) == ("number", "integer", "boolean")
    assert (types["founded_date"], types["checked_at"], types["note"]) == ("date", "datetime", "string")


def test_frictionless_notices_a_changed_value(sample: Publication, tmp_path: Path) -> None:
    """Hash, type, key and required values are all checked."""
    copy = shutil.copytree(sample.path, tmp_path / "copy")
    file = copy / "csv" / "indicator_score.csv"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], "i0,E05,,1", lines[2], lines[2].replace(",1", ",one")]) + "\n")
    report = frictionless.validate(str(copy / "datapackage.json"))
    found = {error for (error,) in report.flatten(["type"])}
    assert found >= {"hash-count", "constraint-error", "primary-key", "type-error"}
