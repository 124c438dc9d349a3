"""Reads dbt's manifest for the catalogue: each table with its columns, tests, lineage and SQL.

Belongs here: reading what dbt writes when it parses the project; dbt is not run. The pages are in pages/catalogue.py.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from missions.reading.wording import in_words

Node = dict[str, Any]

# dbt documents its own macros.
_OTHERS = ("dbt", "dbt_duckdb", "dbt_spark")


@dataclass(frozen=True)
class Column:
    """A column that the project describes."""

    name: str
    type: str  # empty unless a contract sets it
    description: str
    tests: tuple[str, ...]  # in words


@dataclass(frozen=True, order=True)
class Code:
    """A macro, or a test that checks several tables."""

    path: str  # from the root of the dbt project
    name: str
    sql: str


@dataclass(frozen=True, eq=False)
class Table:
    """A model, or a source (which has no SQL)."""

    layer: str  # raw, staging, intermediate or marts
    name: str
    description: str
    path: str
    sql: str
    columns: tuple[Column, ...]
    tests: tuple[str, ...]  # of the table as a whole, in words
    examples: tuple[tuple[str, str], ...]  # unit tests, each with what it shows
    built_from: tuple["Table", ...]
    used_by: list["Table"] = field(repr=False)
    exposures: tuple[str, ...]  # products that read it
    macros: tuple[Code, ...]
    checks: tuple[Code, ...]  # tests that check this table among others

    @property
    def page(self) -> str:
        return f"catalogue/{self.layer}/{self.name}.html"


@dataclass(frozen=True)
class Project:
    """The dbt project that builds the publication."""

    tables: list[Table]
    macros: list[Code]
    checks: list[Code]


def read_manifest(path: Path) -> Project:
    """The project described by a manifest.json. Raises FileNotFoundError if there is none."""
    manifest = json.loads(path.read_text(encoding="utf-8"))
    return _Reader(manifest).project()


class _Reader:
    """Builds each table of a manifest once, with its tests and macros."""

    def __init__(self, manifest: Node) -> None:
        self._nodes = {
            id_: node
            for id_, node in (manifest["nodes"] | manifest["sources"]).items()
            if node["resource_type"] in ("model", "source")
        }
        self._tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
        self._unit_tests = list(manifest["unit_tests"].values())
        self._exposures = list(manifest["exposures"].values())
        self._macros = {
            id_: _code(macro, "macro_sql")
            for id_, macro in manifest["macros"].items()
            if macro["package_name"] not in _OTHERS
        }
        self._checks = {test["unique_id"]: _code(test, "raw_code") for test in self._tests if not _is_generic(test)}
        self._made: dict[str, Table] = {}

    def project(self) -> Project:
        tables = sorted(map(self._table, self._nodes), key=lambda table: (table.layer, table.name))
        for table in tables:
            for parent in table.built_from:
                parent.used_by.append(table)
        return Project(tables, sorted(self._macros.values()), sorted(self._checks.values()))

    def _table(self, id_: str) -> Table:
        if id_ not in self._made:
            node = self._nodes[id_]
            depends = node.get("depends_on", {"nodes": [], "macros": []})
            of_table, of_column = self._tests_in_words(id_, node)
            self._made[id_] = Table(
                layer=node["schema"],
                name=node["name"],
                description=node["description"].strip(),
                path=node["original_file_path"],
                sql=node.get("raw_code", ""),
                columns=tuple(_columns(node, of_column)),
                tests=tuple(of_table),
                examples=tuple(
                    (in_words(test["name"]), test["description"].strip())
                    for test in self._unit_tests
                    if id_ in test["depends_on"]["nodes"]
                ),
                built_from=tuple(self._table(parent) for parent in sorted(set(depends["nodes"]))),
                used_by=[],
                exposures=tuple(e["label"] for e in self._exposures if id_ in e["depends_on"]["nodes"]),
                macros=tuple(self._macros[macro] for macro in sorted(depends["macros"]) if macro in self._macros),
                checks=tuple(
                    self._checks[test["unique_id"]]
                    for test in self._tests
                    if test["unique_id"] in self._checks and id_ in test["depends_on"]["nodes"]
                ),
            )
        return self._made[id_]

    def _tests_in_words(self, id_: str, node: Node) -> tuple[list[str], dict[str, list[str]]]:
        """Tests and constraints of the table as a whole, and of its columns by name."""
        of_table = [
            f"{in_words(constraint['type'])}: {', '.join(constraint['columns'])}"
            for constraint in node.get("constraints", [])
        ]
        of_column: dict[str, list[str]] = {}
        for test in self._tests:
            if _is_generic(test) and test["attached_node"] == id_:
                words = _words(test)
                if test["column_name"]:
                    of_column.setdefault(test["column_name"], []).append(words)
                else:
                    of_table.append(words)
        return of_table, of_column


def _code(node: Node, sql: str) -> Code:
    return Code(node["original_file_path"], node["name"], node[sql].strip())


def _is_generic(test: Node) -> bool:
    return bool(test.get("test_metadata"))


def _words(test: Node) -> str:
    """A generic test with its arguments, such as "accepted values: low, high"."""
    arguments = {k: v for k, v in test["test_metadata"]["kwargs"].items() if k not in ("model", "column_name")}
    words = [", ".join(map(str, value)) if isinstance(value, list) else str(value) for value in arguments.values()]
    return in_words(test["test_metadata"]["name"]) + (f": {'; '.join(words)}" if words else "")


def _columns(node: Node, tests: dict[str, list[str]]) -> Iterator[Column]:
    for name, column in node["columns"].items():
        constraints = [in_words(constraint["type"]) for constraint in column.get("constraints") or []]
        words = tuple([*constraints, *tests.pop(name, [])])
        yield Column(name, column["data_type"] or "", column["description"].strip(), words)
    for name, others in tests.items():  # tested but not described
        yield Column(name, "", "", tuple(others))
