"""The data catalogue matches dbt's manifest: tables, columns, types, tests, lineage and SQL."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.pages import Page, read_csv, rows, words


@pytest.fixture(scope="module")
def manifest(home: Path, publication: Path) -> dict[str, Any]:
    """dbt's manifest of the session's build."""
    written: dict[str, Any] = json.loads((home / "dbt_project/target/manifest.json").read_text(encoding="utf-8"))
    return written


@pytest.fixture(scope="module")
def nodes(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The models and sources by their id."""
    found = manifest["nodes"] | manifest["sources"]
    return {id_: node for id_, node in found.items() if node["resource_type"] in ("model", "source")}


def page_of(node: dict[str, Any]) -> str:
    return f"catalogue/{node['schema']}/{node['name']}.html"


def text_of(page: Page) -> str:
    return " ".join("".join(page.text).split())


def test_every_published_column_is_there_with_its_type(
    pages: dict[str, Page], nodes: dict[str, dict[str, Any]], marts: duckdb.DuckDBPyConnection
) -> None:
    described = {node["name"]: page_of(node) for node in nodes.values() if node["schema"] == "marts"}
    tables: dict[str, list[dict[str, Any]]] = {}
    for column in rows(marts, "FROM duckdb_columns() WHERE schema_name = 'marts' ORDER BY column_index"):
        tables.setdefault(column["table_name"], []).append(column)
    assert set(tables) == set(described)
    for name, columns in tables.items():
        for page in (pages["catalogue.html"], pages[described[name]]):
            (table,) = [table for table in page.tables if table["caption"] == f"Columns of {name}"]
            shown = [[words(cell) for cell in row] for row in table["rows"][1:]]
            assert [(row[0], row[1].lower()) for row in shown] == [
                (column["column_name"], column["data_type"].lower()) for column in columns
            ]
            assert [row[3] for row in shown] == [" ".join((column["comment"] or "").split()) for column in columns]


def test_every_model_and_source_has_its_page(
    pages: dict[str, Page], site: Path, nodes: dict[str, dict[str, Any]]
) -> None:
    own = {path for path in pages if path.startswith("catalogue/") and path.count("/") == 2}
    assert own == {page_of(node) for node in nodes.values()}
    listed = {link for link in pages["catalogue.html"].links if link.startswith("catalogue/")}
    assert own <= listed
    for node in nodes.values():
        page = pages[page_of(node)]
        text = text_of(page)
        assert " ".join(node["description"].split()) in text
        assert node["original_file_path"] in text
        assert " ".join(node.get("raw_code", "").split()) in text
        for column in node["columns"].values():
            assert column["name"] in text and " ".join(column["description"].split()) in text
        for row in page.table("Columns of") if node["columns"] else []:
            constraints = node["columns"].get(words(row[0]), {}).get("constraints") or []
            assert ("not null" in words(row[2])) is any(c["type"] == "not_null" for c in constraints)
    found = {(row["layer"], row["table_name"], row["column_name"]) for row in read_csv(site / "data/tables.csv")}
    expected = {(node["schema"], node["name"], column) for node in nodes.values() for column in node["columns"]}
    assert expected <= found


def test_lineage_leads_up_and_down(pages: dict[str, Page], nodes: dict[str, dict[str, Any]]) -> None:
    parents = {id_: set(node.get("depends_on", {"nodes": []})["nodes"]) for id_, node in nodes.items()}
    for id_, node in nodes.items():
        children = {child for child, its in parents.items() if id_ in its}
        around = {f"../../{page_of(nodes[other])}" for other in parents[id_] | children}
        assert {link for link in pages[page_of(node)].links if link.count("/") == 4} == around, id_


def test_every_test_is_said(pages: dict[str, Page], manifest: dict[str, Any], nodes: dict[str, dict[str, Any]]) -> None:
    code = text_of(pages["catalogue/code.html"])
    for test in (node for node in manifest["nodes"].values() if node["resource_type"] == "test"):
        if test.get("test_metadata"):
            text = text_of(pages[page_of(nodes[test["attached_node"]])])
            arguments = test["test_metadata"]["kwargs"]
            assert test["test_metadata"]["name"].replace("_", " ") in text.lower()
            lists = (value for value in arguments.values() if isinstance(value, list))
            assert all(", ".join(map(str, value)) in text for value in lists)
        else:
            assert " ".join(test["raw_code"].split()) in code
            for tested in test["depends_on"]["nodes"]:
                assert f"../../catalogue/code.html#{test['name']}" in pages[page_of(nodes[tested])].links
    for test in manifest["unit_tests"].values():
        (tested,) = test["depends_on"]["nodes"]
        assert " ".join(test["description"].split()) in text_of(pages[page_of(nodes[tested])])


def test_every_macro_of_the_project_is_there(pages: dict[str, Page], manifest: dict[str, Any]) -> None:
    page = pages["catalogue/code.html"]
    text = text_of(page)
    own = [macro for macro in manifest["macros"].values() if macro["package_name"] == "missions_index"]
    assert own
    for macro in own:
        assert macro["name"] in page.ids and " ".join(macro["macro_sql"].split()) in text


def test_the_old_address_leads_to_the_catalogue(pages: dict[str, Page]) -> None:
    page = pages["catalogue/index.html"]
    assert page.meta["refresh"] == "0; url=../catalogue.html"
    assert "../catalogue.html" in page.links
