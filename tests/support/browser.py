"""Chromium for the tests of the site and of Dagster's UI: opened for one module, and patient on a busy machine."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 120.0  # seconds to wait for a page or a state of it: no test waits longer than it takes


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for one module's tests: while it is open, its event loop keeps others in this process from running."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.skip(f"no Chromium on this machine (looked for {', '.join(CHROMIUMS)})")
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        # Its sandbox does not run as root, which containers use; only our own pages are opened.
        launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"], timeout=PATIENCE * 1000)
        yield launched
        launched.close()
