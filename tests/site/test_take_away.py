"""What can be taken away of a chart: pictures by the command and in the browser, code to embed it, and its citation."""

import functools
import http.server
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page, expect

from missions.site.picture import HEIGHT, WIDTH

Missions = Callable[..., subprocess.CompletedProcess[str]]
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> str:
    return " ".join(element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text"))


def png_size(content: bytes) -> tuple[int, ...]:
    assert content.startswith(b"\x89PNG")
    return struct.unpack(">II", content[16:24])


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(accept_downloads=True)
    yield context.new_page()
    context.close()


def test_the_command_draws_a_map_of_an_area_for_a_slide(missions: Missions, tmp_path: Path, publication: Path) -> None:
    made = missions("chart", "robbery", "--area", "North West", "--svg", "--out", str(tmp_path / "map.svg"))
    assert made.returncode == 0, made.stderr
    svg = (tmp_path / "map.svg").read_text(encoding="utf-8")
    words = texts(svg)
    assert "Robbery in the North West" in words and "Source: Office for National Statistics" in words
    assert (publication / "current").resolve().name in words and "Ribble Valley" in words and "Leeds" not in words
    assert len([p for p in ElementTree.fromstring(svg).iter(f"{SVG}path") if p.get("data-c")]) == 36
    made = missions("chart", "need", "--out", str(tmp_path / "need.png"))
    assert made.returncode == 0, made.stderr
    assert png_size((tmp_path / "need.png").read_bytes()) == (WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["robery"], "robbery"),
        (["need", "--area", "Nowhere"], "No area"),
        (["need", "--dots", "--area", "London"], "leave out --area"),
        (["need", "--svg", "--png"], "Choose"),
        (["need", "--out", "missing/map.png"], "does not exist"),
    ],
)
def test_the_command_says_what_is_wrong(missions: Missions, arguments: list[str], said: str) -> None:
    answer = missions("chart", *arguments)
    assert answer.returncode == 2 and said in answer.stderr


def test_report_prints_a_combined_authority(
    missions: Missions, browser: Browser, tmp_path: Path, publication: Path
) -> None:
    made = missions("report", "Greater", "Manchester", "--out", str(tmp_path / "gm.pdf"))
    assert made.returncode == 0 and made.stdout.startswith("Greater Manchester:"), made.stderr
    assert (tmp_path / "gm.pdf").read_bytes().startswith(b"%PDF")


def test_the_browser_saves_the_picture_with_the_readers_choices(page: Page, site: Path, tmp_path: Path) -> None:
    page.goto(f"{site.resolve().as_uri()}/index.html")
    page.check("#map input[value=health]")
    expect(page.locator("#map figcaption")).to_have_text("Where need under health is highest")
    page.locator("#map .take summary").click()
    with page.expect_download() as waiting:
        page.get_by_text("Picture (SVG)").click()
    svg = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert waiting.value.suggested_filename == "index-map.svg"
    assert "Where need under health is highest" in texts(svg) and site.resolve().parent.name in texts(svg)
    with page.expect_download() as waiting:
        page.get_by_text("Picture (PNG)").click()
    assert png_size(Path(waiting.value.path()).read_bytes()) == (WIDTH, HEIGHT)
    page.get_by_text("Copy citation").click()
    assert f"publication {site.resolve().parent.name}" in page.locator("#map textarea").input_value()
    page.get_by_text("Copy code to embed it").click()
    expect(page.locator("#map .take [role=status]")).to_contain_text("opened from disk cannot be embedded")


def test_an_embedded_chart_shows_alone_and_is_pinned(page: Page, site: Path) -> None:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        base = f"http://127.0.0.1:{server.server_port}/"
        page.goto(f"{base}mission/health.html#distribution-by=region")
        page.locator("#distribution .take summary").click()
        page.locator("#distribution").get_by_text("Copy code to embed it").click()
        code = page.locator("#distribution textarea")
        expect(code).to_be_visible()
        id_ = site.resolve().parent.name
        pinned = f"{base}publication/{id_}/mission/health.html?embed=distribution#distribution-by=region"
        assert f'src="{pinned}"' in code.input_value()
        page.goto(f"{base}mission/health.html?embed=distribution#distribution-by=region")
        expect(page.locator("#distribution")).to_be_visible()
        for hidden in ("h1", "header", "footer", "#map"):
            expect(page.locator(hidden).first).to_be_hidden()
    finally:
        server.shutdown()
        server.server_close()
