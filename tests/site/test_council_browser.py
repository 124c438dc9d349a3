"""A council's page in a browser: the copied text, the folded indicators and their filters, and print.

Skipped, with the reason, where no Chromium is found.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SHOWN = "[...document.querySelectorAll('.cells tr:has(> [scope=row])')].filter((row) => row.checkVisibility()).length"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def council(browser: "Browser", site: Path) -> Iterator["Page"]:
    page = browser.new_page()
    page.goto((site.resolve() / "authority/canterbury.html").as_uri())
    yield page
    page.close()


def test_indicators_are_folded_by_mission(council: "Page") -> None:
    assert council.evaluate(SHOWN) == 0
    health = council.get_by_role("button", name="Health", exact=True)
    assert health.get_attribute("aria-expanded") == "false"
    health.focus()
    council.keyboard.press("Enter")
    assert health.get_attribute("aria-expanded") == "true"
    assert council.evaluate(SHOWN) > 10
    council.keyboard.press("Enter")
    assert council.evaluate(SHOWN) == 0


def test_filters_show_what_they_say(council: "Page") -> None:
    for label, flag in (("clearly worse", "w"), ("getting worse", "g"), ("not our own", "b")):
        box = council.get_by_label(label)
        box.check()
        expected = council.locator(f".cells tr[data-f*={flag}]").count()
        assert council.evaluate(SHOWN) == expected > 0
        assert council.locator("#filters [role=status]").inner_text() == f"{expected} of 65 indicators"
        box.uncheck()
    assert council.evaluate(SHOWN) == 0


def test_print_has_every_indicator_and_no_controls(council: "Page") -> None:
    council.emulate_media(media="print")
    assert council.evaluate(SHOWN) == 65
    assert not council.locator("#filters").is_visible() and not council.locator(".contents").is_visible()
    council.emulate_media(media="screen")


def test_the_text_in_brief_is_copied_or_selected(council: "Page") -> None:
    text = council.locator("#brief-text p").first.inner_text()
    council.get_by_role("button", name="Copy this text").click()
    status = council.locator(".copy + [role=status]")
    status.filter(has_text="op").wait_for()  # "Copied." or "Selected: copy it …"
    assert status.inner_text() == "Copied." or text in council.evaluate("getSelection().toString()")


def test_the_contents_stay_in_view(council: "Page") -> None:
    council.locator(".contents a", has_text="Similar councils").click()
    assert council.locator(".contents").bounding_box()["y"] == pytest.approx(0, abs=1)  # type: ignore[index]
    assert council.locator("#peers").is_visible()
