"""`python -m tools.figures`: update or check every figure quoted in README.md and docs/.

Belongs here: finding the text between `<!-- figures: NAME -->` and `<!-- end -->`. The module of each page makes the
text. Timings are written by bench/run.py.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from missions.paths import PUBLISHED
from tools.figures import audit, bi, caveats, example, method, quality, readme  # noqa: F401 - they define the blocks
from tools.figures.book import ROOT, Book

GENERATED = {"SOURCES.md", "PERFORMANCE.md"}
BLOCK = re.compile(r"(<!-- figures: (?P<name>[\w.]+) -->)(?P<text>.*?)(<!-- end -->)", re.DOTALL)


def pages() -> list[Path]:
    """The pages written by hand."""
    return [ROOT / "README.md", *(p for p in sorted((ROOT / "docs").rglob("*.md")) if p.name not in GENERATED)]


def rewritten(page: str, book: Book) -> tuple[str, list[str]]:
    """The page with its blocks regenerated, and the names of those that were out of date.

    Raises ValueError for an unknown or unclosed block.
    """
    drifted: list[str] = []

    def renew(match: re.Match[str]) -> str:
        try:
            text = book.text(match["name"])
        except KeyError:
            raise ValueError(f"unknown block {match['name']}") from None
        if "<!-- figures:" in match["text"]:
            raise ValueError(f"block {match['name']} is not closed")
        if text != match["text"]:
            drifted.append(match["name"])
        return f"{match[1]}{text}{match[4]}"

    text = BLOCK.sub(renew, page)
    if page.count("<!-- figures:") != len(BLOCK.findall(page)):
        raise ValueError("a block is not closed, or its name cannot be read")
    return text, drifted


def drift(published: Path, write: bool) -> Iterator[str]:
    """One line per block that is out of date; `write` updates them."""
    book = Book(published)
    for path in pages():
        page = path.read_text(encoding="utf-8")
        try:
            text, drifted = rewritten(page, book)
        except ValueError as error:
            raise SystemExit(f"{path.relative_to(ROOT)}: {error}") from None
        if write and text != page:
            path.write_text(text, encoding="utf-8")
        yield from (f"{path.relative_to(ROOT)}: {name}" for name in dict.fromkeys(drifted))


def main() -> None:
    parser = argparse.ArgumentParser(description="Update the figures in README.md and docs/.")
    parser.add_argument("--published", type=Path, default=PUBLISHED, help="Read this publication folder.")
    parser.add_argument("--check", action="store_true", help="Write nothing; exit with 1 if a block is out of date.")
    arguments = parser.parse_args()
    if not (arguments.published / "missions_index.duckdb").is_file():
        raise SystemExit(f"{arguments.published} has no publication; run `make index` first")
    drifted = list(drift(arguments.published, write=not arguments.check))
    for line in drifted:
        print(f"{line} {'is out of date: run `make docs`' if arguments.check else 'updated'}")
    if arguments.check and drifted:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
