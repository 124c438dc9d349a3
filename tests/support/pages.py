"""A parsed page of the site, and marts and CSV files as rows, for tests that compare them."""

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb

from missions.reading.wording import value_words

# Without an end, by the standard or as pages leave it out.
UNENDED = {
    "td",
    "th",
    "tr",
    "meta",
    "link",
    "input",
    "br",
    "img",
    "hr",
    "path",
    "circle",
    "rect",
    "source",
    "wbr",
    "col",
}


class Page(HTMLParser):
    """The parts of a page that tests look at. Cells and rows have no end tags, as HTML allows."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[dict[str, Any]] = []
        self.headings: list[tuple[int, str]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.styled: list[str] = []
        self.scripts: list[str] = []
        self.meta: dict[str, str] = {}
        self.datasets: list[str] = []  # JSON-LD, which no browser runs
        self.lang = ""
        self.landmarks: list[str] = []
        self._stack: list[str] = []
        self._cell: dict[str, Any] | None = None
        self._caption = False
        self._is_data = False
        self.text: list[str] = []
        self.title = ""
        self.says: list[tuple[str, str]] = []  # the kinds and texts of sentences from the marts
        self._says = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        if "data-says" in a:
            self.says.append((a["data-says"], ""))
            self._says = tag
        if "id" in a:
            self.ids.append(a["id"])
        if "style" in a or tag == "style":
            self.styled.append(tag)
        self.styled += [name for name in a if name.startswith("on")]
        if tag == "html":
            self.lang = a.get("lang", "")
        if tag in ("main", "header", "footer", "nav"):
            self.landmarks.append(tag)
        if tag == "a" and "href" in a:
            self.links.append(a["href"])
            if self._cell is not None:
                self._cell["links"].append(a["href"])
        if tag == "form" and "action" in a:
            self.links.append(a["action"])
        if tag in ("script", "img", "iframe", "audio", "video", "source", "embed") and "src" in a:
            self.loaded.append(a["src"])
        if tag == "link":
            self.loaded.append(a.get("href", ""))
        self._is_data = tag == "script" and a.get("type") == "application/ld+json"
        if tag == "script" and not self._is_data:
            self.scripts.append(a.get("src", ""))
        if tag == "meta":
            self.meta[a.get("name") or a.get("property") or a.get("http-equiv") or "charset"] = a.get("content", "")
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))
        if tag == "table":
            self.tables.append({"caption": "", "rows": [], "scopes": []})
        elif self.tables:
            if tag == "tr":
                self.tables[-1]["rows"].append([])
            elif tag in ("td", "th"):
                self._cell = {"tag": tag, "text": "", "small": "", "links": [], "scope": a.get("scope")}
                if tag == "th":
                    self.tables[-1]["scopes"].append(a.get("scope"))
                self.tables[-1]["rows"][-1].append(self._cell)
            elif tag == "caption":
                self._caption = True
        if tag not in UNENDED:
            self._stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._cell = None
        if tag == "caption":
            self._caption = False
        if tag == self._says:
            self._says = ""
        while self._stack and self._stack.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._stack and self._stack[-1] in ("script", "style"):
            if self._is_data:
                self.datasets.append(data)
            elif data.strip():
                self.scripts.append(f"inline: {data.strip()[:40]}")
            return
        self.text.append(data)
        if self._says:
            kind, told = self.says[-1]
            self.says[-1] = (kind, told + data)
        if self._stack and self._stack[-1] == "title":
            self.title += data
        if any(re.fullmatch(r"h[1-6]", tag) for tag in self._stack):
            level, words = self.headings[-1]
            self.headings[-1] = (level, words + data)
        if self._caption:
            self.tables[-1]["caption"] += data
        elif self._cell is not None:
            self._cell["small" if "small" in self._stack else "text"] += data

    def table(self, caption: str) -> list[list[dict[str, Any]]]:
        """The rows of the table whose caption begins with this, without its head."""
        (found,) = [table for table in self.tables if table["caption"].startswith(caption)]
        return [row for row in found["rows"] if any(cell["scope"] == "row" for cell in row)]


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    result = connection.execute(query)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def shown(value: float, unit: str, decimals: int | None = None) -> str:
    """A value as pages show it."""
    return value_words(value, unit, decimals).replace(" ", "\u00a0").replace("-", "\u2212")


def words(cell: dict[str, Any]) -> str:
    return " ".join(cell["text"].split()).rstrip("*†‡")


def councils(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The name of each council's page by its code."""
    return {
        row["authority_code"]: re.sub(r"[^a-z0-9]+", "-", re.sub(r"[.']", "", row["authority_name"].lower())).strip("-")
        for row in rows(connection, "FROM dim_authority")
    }


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
