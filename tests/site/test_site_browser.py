"""The explorer in a real browser: pages load from disk and over HTTP, charts draw, controls work, everyone can use it.

Skipped, with the reason, where no Chromium is found. What the pages say is proved without one, beside this file.
"""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from missions.reading.rank_words import ordinal
from missions.reading.wording import BANDS, value_words
from missions.site.pages.about_site import MISSING
from tests.support.browsing import council, downloaded, drawn, settled

Missions = Callable[..., subprocess.CompletedProcess[str]]

# One page of each type, and those that a strange name or a great many figures could break.
TYPES = [
    "index.html",
    "ranking.html",
    "about.html",
    "download.html",
    "pruned.html",
    "search.html",
    "missions.html",
    "indicators.html",
    "areas.html",
    "compare.html#councils=E06000009,E10000016,E09000001&indicators=robbery,adult_obesity",
    "what-if.html#health=2&off=robbery",
    "method.html",
    "sources.html",
    "glossary.html",
    "changes.html",
    "frameworks.html",
    "findings.html",
    "context.html",
    "context/business_births.html",
    "catalogue.html",
    "catalogue/code.html",
    "authority/blackpool.html",
    "mission/health.html",
    "indicator/robbery.html",
    "region/north-east.html",
    "combined-authority/greater-manchester.html",
    "type/county.html",
]
PAGES = [
    *TYPES,
    "compare.html",
    "what-if.html",
    "catalogue/marts/indicator_score.html",
    "authority/kent.html",
    "authority/city-of-london.html",
    "authority/kings-lynn-and-west-norfolk.html",
    "indicator/gcse_english_and_maths_by_19.html",
]
# Of WCAG 2.2, levels A and AA, and what axe holds for good practice besides.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


# --- Each page type -----------------------------------------------------------------------------------------------


def test_each_page_type_is_tried(site: Path) -> None:
    tried = {Path(page.partition("#")[0]).parts for page in TYPES}
    assert {path.name for path in site.glob("*.html")} - {MISSING} == {parts[0] for parts in tried if len(parts) == 1}
    folders = {path.parent.name for path in site.glob("*/*.html")}
    assert folders - {"integrated-care-board"} == {parts[0] for parts in tried if len(parts) == 2}


@pytest.mark.parametrize("where", ["disk", "http"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_without_an_error_or_a_request_elsewhere(
    page: Page, addresses: dict[str, str], path: str, where: str
) -> None:
    """From disk on a screen of 320 pixels, which is also 1280 at 400% zoom: nothing is wider than the screen."""
    base = addresses[where]
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(f"console {message.type}: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
    page.on("request", lambda request: None if request.url.startswith((base, "data:")) else wrong.append(request.url))
    if where == "disk":
        page.set_viewport_size({"width": 320, "height": 800})
    page.goto(base + path)
    drawn(page)
    assert wrong == []
    assert page.locator("h1").count() == 1
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", TYPES)
def test_axe_finds_nothing_serious(page: Page, addresses: dict[str, str], path: str) -> None:
    page.goto(addresses["disk"] + path)
    drawn(page)
    page.evaluate("for (const details of document.querySelectorAll('main details')) details.open = true")
    # The rows of a long table are alike, and axe takes seconds for hundreds of them.
    page.evaluate("for (const row of document.querySelectorAll('tbody tr:nth-child(n + 40)')) row.remove()")
    found = Axe().run(page, options=RULES).response["violations"]
    assert [
        f"{v['id']}: {v['help']}: {v['nodes'][0]['html'][:200]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ] == []


@pytest.mark.parametrize("path", [*TYPES, "authority/kent.html"])
def test_with_scripts_off_a_page_still_speaks(
    browser: Browser, addresses: dict[str, str], site: Path, path: str
) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(addresses["disk"] + path)
    text = page.locator("main").inner_text()
    assert len(text) > 150
    for figure in page.locator("figure.chart[data-chart]").all():
        address, _, target = str(figure.locator(".chart-source a").first.get_attribute("href")).partition("#")
        text = (site / address).read_text(encoding="utf-8") if address else page.content()
        assert re.search(f'id="?{target}[" >]', text) and "<table" in text, "a chart without its table"
    page.close()


# --- Maps and charts ----------------------------------------------------------------------------------------------

# The middle of a shape's bounding box, or of a grid over it, that is inside the shape itself.
INSIDE = """
code => {
  const path = document.querySelector(`#map [data-c="${code}"]`);
  path.scrollIntoView({ block: "center" });
  const box = path.getBBox(), matrix = path.getScreenCTM(), point = path.ownerSVGElement.createSVGPoint();
  for (const step of [2, 3, 5, 7, 11, 13]) for (let i = 1; i < step; i++) for (let j = 1; j < step; j++) {
    Object.assign(point, { x: box.x + box.width * i / step, y: box.y + box.height * j / step });
    const { x, y } = point.matrixTransform(matrix);
    if (path.isPointInFill(point) && document.elementFromPoint(x, y) === path) return { x, y };
  }
}
"""
# How each shape of the map is filled: n1 is the highest need; h and a band where it is hatched, u where it is dotted.
FILLS = """
Object.fromEntries([...document.querySelectorAll("#map .shapes [data-c]")].filter(p => !p.matches(".o:not(.on)"))
  .map(p => [p.dataset.c, (p.getAttribute("fill") || p.getAttribute("class")).match(/n\\d|h\\d|u(?=\\))/)[0]]))
"""
KENT = "E10000016"


@pytest.mark.parametrize("where", ["disk", "http"])
@pytest.mark.parametrize(
    ("path", "view", "name"),
    [
        ("index.html", "councils", "Northumberland"),
        ("index.html", "councils", "Isle of Wight"),
        ("index.html", "hexagons", "Blackpool"),
        ("index.html", "hexagons", "Isles of Scilly"),
        ("index.html", "counties", "Kent"),
        ("indicator/robbery.html", "councils", "Cornwall"),
        ("mission/health.html", "hexagons", "Hartlepool"),
        ("region/north-east.html", "councils", "Middlesbrough"),
    ],
)
def test_a_click_on_the_map_leads_to_the_council(
    page: Page, addresses: dict[str, str], marts: duckdb.DuckDBPyConnection, where: str, path: str, view: str, name: str
) -> None:
    page.goto(addresses[where] + path)
    drawn(page)
    page.check(f"#map input[value={view}]")
    code = council(marts, name)
    if view != "councils":
        expect(page.locator("#map[data-shown]")).to_be_visible()
    place = page.evaluate(INSIDE, code)
    page.mouse.move(place["x"], place["y"])
    expect(page.locator("#map .chart-tip")).to_contain_text(name)
    page.mouse.click(place["x"], place["y"])
    expect(page.locator("h1")).to_contain_text(name)


def test_the_map_is_shaded_as_the_marts_say(
    page: Page, addresses: dict[str, str], marts: duckdb.DuckDBPyConnection
) -> None:
    """All 296 councils, in each of the six layers, hatched or dotted where the rank is not their own; and counties."""
    needs = marts.execute(
        """
        SELECT 'composite', authority_code, need_band, is_mostly_published, is_too_uncertain_to_place
        FROM composite_index
        UNION ALL
        SELECT mission_id, authority_code, need_band, is_mostly_published, is_too_uncertain_to_place FROM mission_index
        """
    ).fetchall()
    reference = {
        code
        for (code,) in marts.execute("SELECT authority_code FROM dim_authority WHERE is_in_reference_set").fetchall()
    }
    page.goto(addresses["disk"] + "index.html")
    drawn(page)
    for layer in {index for index, *_ in needs}:
        page.check(f"#map input[value={layer}]")
        expected = {
            code: "u" if is_uncertain else f"{'n' if is_own else 'h'}{BANDS.index(band) + 1}"
            for index, code, band, is_own, is_uncertain in needs
            if index == layer and code in reference
        }
        assert settled(lambda: page.evaluate(FILLS), expected) == expected
    assert KENT not in page.evaluate(FILLS)
    page.check("#map input[value=counties]")
    assert settled(lambda: KENT in page.evaluate(FILLS), True)
    assert page.evaluate(INSIDE, KENT) and not page.evaluate(INSIDE, council(marts, "Dover")), "its districts show"


def test_a_distribution_draws_every_council_and_leads_to_it(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["disk"] + "mission/health.html")
    drawn(page)
    dots = page.locator("#distribution circle[data-c]")
    assert dots.count() == 317
    places = dots.evaluate_all("dots => dots.map(d => `${d.getAttribute('cx')},${d.getAttribute('cy')}`)")
    assert len(set(places)) == 317
    page.check("#distribution input[value=type]")
    expect(page.locator("#distribution")).to_contain_text("metropolitan district")
    assert "distribution-by=type" in page.url
    dots.last.hover()
    name = page.locator("#distribution .chart-tip a").inner_text()
    dots.last.click()
    expect(page.locator("h1")).to_contain_text(name)


@pytest.mark.parametrize("path", ["index.html", "mission/health.html", "indicator/robbery.html"])
def test_charts_show_without_scripts(browser: Browser, addresses: dict[str, str], path: str) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(addresses["disk"] + path)
    for figure in page.locator("figure.chart").all():
        assert figure.locator("svg [data-c]").count() > 290
        expect(figure.locator("svg").last).to_be_visible()
    page.close()


def test_charts_work_by_keyboard_and_by_touch(browser: Browser, addresses: dict[str, str]) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, has_touch=True)
    page = context.new_page()
    page.goto(addresses["disk"] + "mission/health.html")
    page.locator("#map .chart-view").focus()
    page.keyboard.press("ArrowDown")
    tip = page.locator("#map .chart-tip")
    expect(tip).to_contain_text("rank 1 ")
    first = tip.locator("a").inner_text()
    page.keyboard.press("ArrowDown")
    expect(tip).to_contain_text("rank 2 ")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.keyboard.press("ArrowDown")
    expect(tip).to_contain_text(first)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(first)
    # A tap shows the value, and a second tap opens the page.
    page.goto(addresses["disk"] + "indicator/robbery.html#distribution-by=region")
    expect(page.locator("#distribution[data-shown]")).to_be_visible()
    dot = page.locator("#distribution circle[data-c]").last
    dot.tap()
    name = page.locator("#distribution .chart-tip a").inner_text()
    assert page.url.startswith(addresses["disk"] + "indicator/robbery.html")
    dot.tap()
    expect(page.locator("h1")).to_contain_text(name)
    context.close()


def test_the_address_brings_back_the_choices_and_points_out_a_council(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["disk"] + "index.html")
    page.check("#map input[value=crime]")
    expect(page.locator("#map figcaption")).to_have_text("Where need under safer streets is highest")
    page.check("#map input[value=hexagons]")
    again = page.context.new_page()
    again.goto(page.url + "&council=E06000009")
    expect(again.locator("#map figcaption")).to_have_text("Where need under safer streets is highest")
    assert settled(lambda: again.evaluate(FILLS) == page.evaluate(FILLS), True)
    assert again.locator("#map .own").first.get_attribute("data-c") == "E06000009"
    again.close()


MOST_BYTES = 250_000


def test_the_front_page_is_light(page: Page, addresses: dict[str, str]) -> None:
    """What it takes before a reader does anything, on a slow line with a slow processor; the map is drawn by then."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": 200_000, "uploadThroughput": 200_000}
    session.send("Network.emulateNetworkConditions", slow)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    taken: list[float] = []
    session.on("Network.loadingFinished", lambda event: taken.append(event["encodedDataLength"]))
    page.goto(addresses["http"] + "index.html")
    drawn(page)
    page.wait_for_load_state("networkidle")
    assert page.locator("#map svg [data-c]").count() > 290
    assert 50_000 < sum(taken) < MOST_BYTES


def test_a_council_page_is_drawn_within_a_second(page: Page, addresses: dict[str, str]) -> None:
    """At one of several openings, as the machine may be busy."""

    def seconds() -> float:
        page.goto("about:blank")
        page.goto(addresses["disk"] + "authority/blackpool.html")
        drawn(page)
        return float(page.evaluate("performance.now() / 1000"))

    assert any(seconds() < 1 for _ in range(20))


# --- What if ------------------------------------------------------------------------------------------------------

SETTINGS = [
    ("health=2", ["--weight", "health=2"]),
    (
        "growth=0&crime=0.5&off=robbery,adult_obesity",
        ["--weight", "growth=0", "--weight", "crime=0.5", "--drop", "robbery", "--drop", "adult_obesity"],
    ),
    (
        "energy=0.3&opportunity=3.7&off=gcse_english_and_maths_by_19",
        ["--weight", "energy=0.3", "--weight", "opportunity=3.7", "--drop", "gcse_english_and_maths_by_19"],
    ),
    # A theme of which nothing is left, and one indicator of another.
    (
        "off=sexual_offences,stalking_and_harassment,robbery",
        ["--drop", "violence_against_women_and_girls", "--drop", "robbery"],
    ),
]


def ranks_shown(page: Page) -> dict[str, int]:
    rows = page.locator("[data-part=ranks] tr").evaluate_all(
        "rows => rows.map(r => [...r.cells].map(c => c.textContent))"
    )
    return {row[0]: int(row[1]) for row in rows}


def test_what_if_begins_with_the_official_ranks(
    page: Page, addresses: dict[str, str], marts: duckdb.DuckDBPyConnection
) -> None:
    page.goto(addresses["disk"] + "what-if.html")
    official = marts.execute(
        "SELECT authority_name, need_rank FROM composite_index JOIN dim_authority USING (authority_code)"
    )
    assert ranks_shown(page) == dict(official.fetchall())
    expect(page.get_by_role("status").last).to_have_text("These are the official ranks.")
    # Beside the new rank stand the official one, or its interval in words, and the interval.
    shown = page.locator("[data-part=ranks] tr").evaluate_all(
        "rows => Object.fromEntries(rows.map(r => [...r.cells].map(c => c.textContent)).map(([n, _, ...c]) => [n, c]))"
    )
    for name, rank, low, high, is_uncertain in marts.execute(
        "SELECT authority_name, c.need_rank, rank_percentile_5, rank_percentile_95, is_too_uncertain_to_place "
        "FROM composite_index AS c JOIN dim_authority USING (authority_code) "
        "JOIN rank_uncertainty AS u ON c.authority_code = u.authority_code AND index_id = 'composite'"
    ).fetchall():
        place = f"between {ordinal(low)} and {ordinal(high)}" if is_uncertain else str(rank)
        assert shown[name][:2] == [place, f"{low:.0f} to {high:.0f}"]


@pytest.mark.parametrize(("state", "options"), SETTINGS)
def test_what_if_ranks_as_the_command_does(
    page: Page, addresses: dict[str, str], missions: Missions, state: str, options: list[str]
) -> None:
    page.goto(f"{addresses['http']}what-if.html#{state}")
    answer = missions("what-if", *options, "--json")
    assert answer.returncode == 0, answer.stderr
    expected = {row["authority_name"]: row["new_rank"] for row in json.loads(answer.stdout)["authorities"]}
    assert len(expected) == 317
    assert ranks_shown(page) == expected
    shown = page.locator("[data-part=command]").inner_text().split()
    assert sorted(shown[2:]) == sorted(options)


def test_what_if_follows_its_controls_and_keeps_them_in_the_address(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["disk"] + "what-if.html")
    official = ranks_shown(page)
    page.get_by_label("Health", exact=True).press("ArrowRight")
    expect(page).to_have_url(re.compile("health=1.1"))
    page.locator("summary", has_text="Safer streets").click()
    page.get_by_label("Robbery").uncheck()
    expect(page).to_have_url(re.compile("off=robbery"))
    changed = ranks_shown(page)
    assert changed != official
    again = page.context.new_page()
    again.goto(page.url)
    assert ranks_shown(again) == changed
    again.close()
    page.get_by_text("Reset to the official weights").click()
    expect(page.get_by_role("status").last).to_have_text("These are the official ranks.")
    assert ranks_shown(page) == official
    for name in ("Clean energy", "Economic growth", "Health", "Opportunity", "Safer streets"):
        page.get_by_label(name, exact=True).fill("0")
    expect(page.get_by_role("status").last).to_contain_text("There is nothing left to rank by")


def test_what_if_follows_a_council_of_the_readers_own(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["disk"] + "what-if.html")
    page.get_by_label("Your council").select_option(label="Kent")
    page.get_by_text("Health counts double").click()
    pinned = page.locator("[data-part=pinned]")
    expect(pinned).to_contain_text(f"Kent: rank {ranks_shown(page)['Kent']}, officially ")
    assert "council=E10000016" in page.url and "health=2" in page.url


def test_what_if_downloads_what_it_shows(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["http"] + "what-if.html#health=3")
    rows = downloaded(page, page.get_by_text("Download these ranks"))
    assert {row["authority_name"]: int(row["new_rank"]) for row in rows} == ranks_shown(page)
    assert all(int(row["new_rank"]) - int(row["official_rank"]) == int(row["rank_change"]) for row in rows)


# --- Search, downloads, keyboard, print ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "page_name"),
    [
        ("Blackpool", "blackpool"),
        ("Blakpool", "blackpool"),
        ("hartlepol", "hartlepool"),
        ("E06000001", "hartlepool"),
        ("E08000038", "barnsley"),
        ("Craven", "north-yorkshire"),
        ("newcastle upon tyne", "newcastle-upon-tyne"),
    ],
)
def test_search_forgives_and_knows_former_councils(
    page: Page, addresses: dict[str, str], typed: str, page_name: str
) -> None:
    page.goto(addresses["disk"] + "indicator/robbery.html")
    page.get_by_role("searchbox").first.type(typed)
    link = page.locator(".found a").first
    assert str(link.get_attribute("href")).endswith(f"authority/{page_name}.html")
    link.click()
    expect(page).to_have_url(re.compile(f"authority/{page_name}.html$"))


def test_an_indicators_download_holds_the_figures_of_its_page(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["http"] + "indicator/robbery.html")
    rows = downloaded(page, page.locator("#map a[download]"))
    assert len(rows) == 317
    shown = (
        page.locator("table", has_text="highest need first")
        .locator("tbody tr")
        .evaluate_all("rows => rows.map(r => [...r.cells].map(c => c.innerText.replaceAll('\u00a0', ' ')))")
    )
    values = {row["authority_name"]: value_words(float(row["value"]), row["unit"], 2) for row in rows}
    assert len(shown) == 317
    for cells in shown:
        assert values[cells[1]] in cells
    assert {"higher_means", "value_basis", "period_end_date"} <= set(rows[0])


def test_the_keyboard_alone_suffices(page: Page, addresses: dict[str, str], marts: duckdb.DuckDBPyConnection) -> None:
    page.goto(addresses["disk"] + "index.html")
    drawn(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    # Focus follows the order of the page, every stop is visible, and none traps the focus.
    places = []
    for _ in range(40):
        page.keyboard.press("Tab")
        places.append(
            page.evaluate(
                "(() => { const e = document.activeElement, s = getComputedStyle(e);"
                " return [[...document.querySelectorAll('*')].indexOf(e), s.outlineStyle + s.boxShadow]; })()"
            )
        )
    order = [place for place, _ in places]
    assert order == sorted(set(order))
    assert all(style != "nonenone" for _, style in places)
    code = council(marts, "Westminster")
    before = page.evaluate(FILLS)[code]
    page.locator("#map input[value=composite]").focus()
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    assert page.locator("#map input:checked").first.get_attribute("value") == "crime"
    assert settled(lambda: page.evaluate(FILLS).get(code, before) != before, True)


@pytest.mark.parametrize("name", ["blackpool", "kent", "city-of-london", "isles-of-scilly", "bradford"])
def test_a_council_prints_on_two_pages_of_a4(page: Page, addresses: dict[str, str], name: str) -> None:
    page.goto(f"{addresses['disk']}authority/{name}.html")
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2
