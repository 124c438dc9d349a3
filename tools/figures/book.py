"""The publication to quote from, and the register of blocks.

Belongs here: what the modules of the pages share. Each page has a module with its blocks; numbers.py has those within
sentences.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import yaml

from tools.figures.formats import day, table
from tools.figures.numbers import DAYS, NUMBERS

ROOT = Path(__file__).resolve().parents[2]
Format = str | Callable[[Any], str]  # a format string, or a function of a value
TABLES: dict[str, Callable[[Book], str]] = {}


def block(function: Callable[[Book], str]) -> Callable[[Book], str]:
    """Register a function as the block of its name."""
    TABLES[function.__name__] = function
    return function


def listing(name: str, sql: str, columns: dict[str, Format], *parameters: object) -> None:
    """Register a block that is a table of a query's rows, with a heading and a format per column."""

    def cell(value: Any, how: Format) -> str:
        if value is None:
            return ""
        return how.format(value) if isinstance(how, str) else how(value)

    def made(book: Book) -> str:
        rows = book.rows(sql, *parameters)
        return table(list(columns), [[cell(v, how) for v, how in zip(r, columns.values(), strict=True)] for r in rows])

    TABLES[name] = made


class Book:
    """A publication, and queries on it."""

    def __init__(self, published: Path) -> None:
        self.published = published
        self.connection = duckdb.connect(str(published / "missions_index.duckdb"), read_only=True)
        self.connection.execute("SET schema = 'marts'")

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, list(parameters)).fetchall()

    def records(self, sql: str, parameters: dict[str, str]) -> list[dict[str, Any]]:
        found = self.connection.execute(sql, parameters)
        columns = [column for column, *_ in found.description or []]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]

    def one(self, sql: str, *parameters: object) -> Any:
        ((value,),) = self.rows(sql, *parameters)
        return value

    @cached_property
    def variables(self) -> dict[str, Any]:
        """The variables of dbt_project.yml."""
        project: dict[str, Any] = yaml.safe_load((ROOT / "dbt_project/dbt_project.yml").read_text(encoding="utf-8"))
        return dict(project["vars"])

    def text(self, name: str) -> str:
        """The text of a block. Raises KeyError if there is no such block."""
        if name.startswith("var."):
            value = self.variables[name.removeprefix("var.")]
            return f"{value:.0%}" if isinstance(value, float) else str(value)
        if name in NUMBERS:
            return f"{self.one(NUMBERS[name]):,}"
        if name in DAYS:
            return day(self.one(DAYS[name]))
        return TABLES[name](self)
