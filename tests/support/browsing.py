"""What tests in a browser share: waiting for charts, a council's code, downloads as rows."""

import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
from playwright.sync_api import Page

from tests.support.browser import PATIENCE


def council(marts: duckdb.DuckDBPyConnection, name: str) -> str:
    (code,) = (
        marts.execute("SELECT authority_code FROM dim_authority WHERE authority_name = ?", [name]).fetchone() or ()
    )
    return str(code)


def drawn(page: Page) -> None:
    """Wait until every chart that the page shows is drawn."""
    page.wait_for_function(
        "[...document.querySelectorAll('.chart-view')].every(v => !v.checkVisibility() || v.querySelector('svg path'))"
    )


def settled(look: Callable[[], Any], expected: Any) -> Any:
    """What is seen as soon as it is as expected, or when patience ends."""
    deadline = time.monotonic() + PATIENCE
    while (seen := look()) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen


def downloaded(page: Page, link: Any) -> list[dict[str, str]]:
    with page.expect_download() as waiting:
        link.click()
    with Path(waiting.value.path()).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
