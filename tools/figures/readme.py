"""The blocks of README.md."""

import os
import re
import subprocess
import sys

from tools.figures.book import ROOT, Book, block, listing
from tools.figures.formats import percent, table, words

listing(
    "ten_most_needy",
    """
    SELECT need_rank, authority_name, authority_type, region_name, need_score, need_band, published_share
    FROM composite_index JOIN dim_authority USING (authority_code) ORDER BY need_rank, authority_name LIMIT 10
    """,
    {
        **{"Rank": "{}", "Council": "{}", "Type": words, "Region": "{}", "Need score": "{:.1f}", "Need band": "{}"},
        "Own published figures": percent,
    },
)


def in_short(description: str) -> str:
    """What a table holds and what a row is, without the sentences between."""
    sentences = re.split(r"(?<=[.?])\s+", description.strip())
    return " ".join([sentences[0], *(s for s in sentences[1:] if s.startswith("One row"))])


@block
def marts(book: Book) -> str:
    found = book.rows("SELECT table_name, comment FROM duckdb_tables() ORDER BY table_name")
    return table(
        ["Table", "What it holds", "Rows"],
        [[f"`{name}`", in_short(comment), f"{book.one(f'SELECT count(*) FROM {name}'):,}"] for name, comment in found],
    )


def command(book: Book, *arguments: str) -> str:
    """The output of a `missions` command, 100 characters wide."""
    environment = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "TTY_COMPATIBLE")}
    ran = subprocess.run(
        [sys.executable, "-m", "missions.cli", "--published", str(book.published), *arguments],
        env={**environment, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    typed = " ".join(f'"{a}"' if " " in a else a for a in arguments)
    printed = "\n".join(line.rstrip() for line in ran.stdout.splitlines())
    return f"\n```console\n$ missions {typed}\n{printed.strip()}\n```\n"


@block
def command_rank(book: Book) -> str:
    return command(book, "rank", "--mission", "health", "--region", "North East", "--top", "3")


@block
def command_profile(book: Book) -> str:
    return command(book, "profile", "hartlepool", "--top", "1")
