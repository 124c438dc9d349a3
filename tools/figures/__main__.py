"""`python -m tools.figures`: every figure that README.md and docs/ quote, brought up to date or checked.

Belongs here: finding the text between `<!-- figures: NAME -->` and `<!-- end -->`. What it must be is in the module of
the page. Timings are written by bench/run.py.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from missions.paths import PUBLISHED
from tools.figures import caveats, example, method, quality, readme  # noqa: F401 - they define the blocks
from tools.figures.book import ROOT, Book

GENERATED = {"SOURCES.md", "PERFORMANCE.md"}
BLOCK = re.compile(r"(<!-- figures: (?P<name>[\w.]+) -->)(?P<text>.*?)(<!-- end -->)", re.DOTALL)


def pages() -> list[Path]:
    """The pages written by hand."""
    return [ROOT / "README.md", *(p for p in sorted((ROOT / "docs").rglob("*.md")) if p.name not in GENERATED)]


def rewritten(page: str, book: Book) -> tuple[str, list[str]]:
    """The page with its blocks made anew, and the names of those that had drifted.

    Raises ValueError for a block that nobody makes, or that does not end.
    """
    drifted: list[str] = []

    def renew(match: re.Match[str]) -> str:
        try:
            text = book.text(match["name"])
        except KeyError:
            raise ValueError(f"nothing makes the block {match['name']}") from None
        if "figures:" in match["text"]:
            raise ValueError(f"the block {match['name']} has no end")
        if text != match["text"]:
            drifted.append(match["name"])
        return f"{match[1]}{text}{match[4]}"

    text = BLOCK.sub(renew, page)
    if page.count("<!-- figures:") != len(BLOCK.findall(page)):
        raise ValueError("a block has no end, or a name that cannot be read")
    return text, drifted


def drift(published: Path, write: bool) -> Iterator[str]:
    """A line for each block that had drifted; `write` brings them up to date."""
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
    parser = argparse.ArgumentParser(description="Bring the figures of README.md and docs/ up to date.")
    parser.add_argument("--published", type=Path, default=PUBLISHED, help="folder of the publication")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a block has drifted")
    arguments = parser.parse_args()
    if not (arguments.published / "missions_index.duckdb").is_file():
        raise SystemExit(f"{arguments.published} holds no publication: run `make index` first")
    drifted = list(drift(arguments.published, write=not arguments.check))
    for line in drifted:
        print(f"{line} {'has drifted: run `make docs`' if arguments.check else 'brought up to date'}")
    if arguments.check and drifted:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
