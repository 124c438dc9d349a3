"""docs/PERFORMANCE.md: the parts that the scripts here write, and the machine they measured on.

Belongs here: how the page is put together. Each script writes its own part and does not change the other.
"""

import os
import platform
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "PERFORMANCE.md"
# In the order of the page: written by run.py and by scale.py.
PARTS = ("timings", "scale")


def write_part(name: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Replace one part of the page with these lines."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    parts = dict(re.findall(r"<!-- part: (\w+) -->\n(.*?)<!-- end -->", text, re.DOTALL))
    parts[name] = "".join(f"{line}\n" for line in lines)
    written = [f"<!-- part: {part} -->\n{parts[part]}<!-- end -->\n" for part in PARTS if part in parts]
    page.write_text("\n".join(["# Performance\n", *written]), encoding="utf-8")


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [row(header), f"|{'---|' * len(header)}", *map(row, rows)]


def machine() -> str:
    """Cores, memory, processor and versions, but nothing that identifies the machine."""
    pages: Callable[[str], int] = os.sysconf
    memory = pages("SC_PAGE_SIZE") * pages("SC_PHYS_PAGES") / 1024**3
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.machine()}, {platform.system()}, "
        f"Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    )
