"""No sentence contradicts a table on its page: every council, mission, region, area and type, and the front page.

Sentences are marked with their kind (data-says). Both they and the tables are read from the pages, not from the marts.
"""

import re
from collections import Counter
from typing import Any, NamedTuple

import duckdb
import pytest

from missions.reading.sentences.council import BASIS_SHORT
from missions.reading.sentences.facts import CLEAR_PERCENT
from tests.support.pages import Page, councils, rows, words

PLACE = r"(\d+)(?:st|nd|rd|th)"
RANGED = rf"{PLACE}, likely (?:to stay|{PLACE} to {PLACE})|between {PLACE} and {PLACE}"
MISSIONS = ("clean energy", "economic growth", "health", "opportunity", "safer streets")
NUMBER = r"(?:\u2212?[\d,]+(?:\.\d+)?)"


class Place(NamedTuple):
    """A council's place under an index, as a table shows it. rank: None where only the range is given."""

    rank: int | None
    low: int
    high: int


class Cell(NamedTuple):
    """An indicator's row in a council's table."""

    value: str
    england: str
    compared: str
    trend: str
    basis: str
    is_own: bool


def said(page: Page, kind: str) -> list[str]:
    return [" ".join(text.split()) for found, text in page.says if found == kind]


def place_of(rank: str, interval: str) -> Place:
    low, high = (int(end) for end in interval.split(" to "))
    return Place(None if rank.startswith("between") else int(re.match(r"\d+", rank)[0]), low, high)  # type: ignore[index]


def places(page: Page) -> dict[str, Place]:
    """By mission, and "all missions"."""
    return {words(cells[0]).lower(): place_of(words(cells[3]), words(cells[4])) for cells in page.table("Scores and")}


def ranged(text: str) -> Place:
    """A place in brackets: "3rd, likely 1st to 9th", "3rd, likely to stay", "between 1st and 9th"."""
    rank, low, high, only_low, only_high = re.fullmatch(RANGED, text).groups()  # type: ignore[union-attr]
    if only_low:
        return Place(None, int(only_low), int(only_high))
    return Place(int(rank), int(low or rank), int(high or rank))


def cells_of(page: Page) -> dict[str, Cell]:
    """By the indicator's ID."""
    return {
        cells[0]["links"][0].rpartition("/")[2].removesuffix(".html"): Cell(
            value=words(cells[1]),
            england=words(cells[2]),
            compared=" ".join(cells[2]["small"].split()),
            trend=" ".join(cells[6]["small"].split()),
            basis=words(cells[8]),
            is_own="*" not in cells[1]["text"],
        )
        for cells in page.table("Indicators for")
    }


@pytest.fixture(scope="module")
def phrases(marts: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """Each phrase with its indicator: the side of England that it claims, and whether that is more need."""
    found = {}
    for row in rows(marts, "FROM dim_indicator"):
        for side in ("low", "high"):
            is_more = (side == "high") is (row["higher_means"] == "more_need")
            found[row[f"short_{side}"]] = row | {"side": side, "is_more": is_more}
    return found


@pytest.fixture(scope="module")
def council_pages(pages: dict[str, Page], marts: duckdb.DuckDBPyConnection) -> dict[str, Page]:
    found = {slug: pages[f"authority/{slug}.html"] for slug in councils(marts).values()}
    assert len(found) == 317
    return found


def test_each_council_has_its_place_and_its_range(council_pages: dict[str, Page]) -> None:
    for slug, page in council_pages.items():
        (text,) = said(page, "position")
        place = places(page)["all missions"]
        found = [int(number) for number in re.findall(PLACE, text)]
        assert ("no single rank" in text) is (place.rank is None), slug
        if place.rank is None:
            assert found[:2] == [place.low, place.high], slug
            continue
        if "the lowest need" in text:
            assert place.rank == 317, slug
        elif re.search(r"ha(s|ve) the highest need", text):
            assert place.rank == 1, slug
        else:
            assert found.pop(0) == place.rank, slug
        if "likely to stay there" in text:
            assert place.low == place.high, slug
        else:
            assert found[-2:] == [place.low, place.high], slug


def test_missions_of_each_council(council_pages: dict[str, Page]) -> None:
    for slug, page in council_pages.items():
        table = places(page)
        for text in said(page, "missions"):
            named = re.findall(rf"({'|'.join(MISSIONS)}) \(({RANGED})\)", text)
            found = {name: ranged(place) for name, place, *_ in named}
            assert len(found) == 2, (slug, text)
            assert all(table[name] == place for name, place in found.items()), (slug, text)
            first, last = found.values()
            ranks = [place.rank for name, place in table.items() if name in MISSIONS and place.rank is not None]
            assert (first.rank, last.rank) == (min(ranks), max(ranks)), slug
            assert ("No mission is clearly different" in text) is (first.high >= last.low), slug
        heading = next(text for level, text in page.headings if level == 2 and text != "In brief")
        if named := re.fullmatch("Its rank is highest under (.*) and lowest under (.*)", heading):
            ranks_by_name = {name: place.rank for name, place in table.items() if place.rank and name in MISSIONS}
            assert ranks_by_name[named[1]] == min(ranks_by_name.values()), slug
            assert ranks_by_name[named[2]] == max(ranks_by_name.values()), slug
        limits = said(page, "limits")[0]
        for name in MISSIONS:
            alone = re.search(rf"{name} \(between {PLACE} and {PLACE}\)", limits)
            assert (alone is not None) is (table[name].rank is None), (slug, name)
            if alone:
                assert (int(alone[1]), int(alone[2])) == (table[name].low, table[name].high), (slug, name)


def test_drivers_of_each_council(council_pages: dict[str, Page], phrases: dict[str, dict[str, Any]]) -> None:
    notes = {note.replace("'", "\u2019"): basis for basis, note in BASIS_SHORT.items()}
    driver = re.compile(rf"([^().:;]+?) \((£?{NUMBER}[^;)]*); England (£?{NUMBER}%?)(?:; ([^)]+))?\)")
    for slug, page in council_pages.items():
        table = cells_of(page)
        for text in said(page, "drivers"):
            raising, _, lowering = text.partition("What lowers it:")
            for part, needier in ((raising.removeprefix("What raises its need:"), True), (lowering, False)):
                for phrase, value, england, note in driver.findall(part):
                    indicator = phrases[re.sub(r"^(?:,|and) ", "", phrase.strip(" ,"))]
                    cell = table[indicator["indicator_id"]]
                    assert value == cell.value or value.startswith(f"{cell.value} "), (slug, phrase)
                    assert england == cell.england, (slug, phrase)
                    assert indicator["is_more"] is needier, (slug, phrase)
                    numbers = [
                        float(re.sub(r"[£,%]", "", shown).replace("\u2212", "-")) for shown in (cell.value, england)
                    ]
                    assert (numbers[0] > numbers[1]) is (indicator["side"] == "high") and numbers[0] != numbers[1], slug
                    assert cell.compared != "similar", (slug, phrase)
                    assert cell.is_own is not bool(note), (slug, phrase)
                    assert not note or cell.basis.startswith(notes[note].replace("_", " ")), (slug, phrase)
            assert len(driver.findall(text)) == text.count("; England "), slug


def test_what_is_clearly_different_from_england(
    council_pages: dict[str, Page], phrases: dict[str, dict[str, Any]]
) -> None:
    for slug, page in council_pages.items():
        own = {id_: cell for id_, cell in cells_of(page).items() if cell.is_own}
        counts = Counter(cell.compared for cell in own.values() if cell.compared)
        (text,) = said(page, "england")
        if not counts:
            assert text.startswith("None of its own figures has a published margin"), slug
            continue
        assert int(text.split()[0]) == counts.total(), slug
        for shown, told in (
            ("higher need", "clearly higher need"),
            ("lower need", "clearly lower need"),
            ("similar", "no clear difference"),
        ):
            number = re.search(rf"(\d+) shows? {told}", text)
            assert (int(number[1]) if number else 0) == counts[shown], (slug, shown)
        for shown, named in re.findall(r"Clearly (higher need|lower need): ([^.]*)\.", text):
            listed = [phrase for phrase in phrases if re.search(rf"(^|, | and ){re.escape(phrase)}(,| and |$)", named)]
            assert listed, (slug, named)
            for phrase in listed:
                assert own[phrases[phrase]["indicator_id"]].compared == shown, (slug, phrase)


def test_differences_from_neighbours(council_pages: dict[str, Page]) -> None:
    for slug, page in council_pages.items():
        chances = [int(words(cells[-1]).rstrip("%")) for cells in page.table("Need in")[1:]]
        higher = sum(chance >= CLEAR_PERCENT for chance in chances)
        lower = sum(chance <= 100 - CLEAR_PERCENT for chance in chances)
        for text in said(page, "neighbours"):
            assert f"its {len(chances)} ONS" in text or f"Its {len(chances)} ONS" in text, slug
            told = {way: re.search(rf"{way} than that of (all|\d+|its 1 )", text) for way in ("higher", "lower")}
            for way, number in (("higher", higher), ("lower", lower)):
                found = told[way]
                one = 0 if found is None else int(found[1]) if found[1].isdigit() else len(chances)
                assert one == number, (slug, text)
            unclear = len(chances) - higher - lower
            assert (f"{unclear} {'is' if unclear == 1 else 'are'} too close to call" in text) is (
                0 < unclear < len(chances)
            )


def test_what_has_changed(council_pages: dict[str, Page]) -> None:
    told_as = {"got better": "getting better", "got worse": "getting worse", "changed little": "little change"}
    for slug, page in council_pages.items():
        table = {words(row[0]).lower(): words(row[4]) for row in page.table("Comparable need scores")}
        used = sum(
            int(words(row[8])) for row in page.table("Comparable need scores") if words(row[0]).lower() in MISSIONS
        )
        trends = Counter(cell.trend for cell in cells_of(page).values())
        first, *more = said(page, "change")
        for text in (first, *more):
            clause = re.match(r"From \d{4} to \d{4}, (.*?), on the (\d+) indicators?", text)
            assert clause is not None and int(clause[2]) == used, slug
            for group in clause[1].split(" while "):
                verb = next(verb for verb in told_as if group.endswith(verb))
                for name in MISSIONS:
                    if name in group:
                        assert table[name] == told_as[verb], (slug, name)
            missing = re.search(r"\. ([^.]*) cannot be compared over time", text)
            for name in MISSIONS:
                assert (name in table) is (name in clause[1]), (slug, name)
                assert (name in table) is not bool(missing and name in missing[1].lower()), (slug, name)
        judged = re.search(r"(\d+) really got worse, (\d+) really got better and (\d+) shows? no clear", first)
        expected = [trends["getting worse"], trends["getting better"], trends["no clear change"]]
        assert ([int(number) for number in judged.groups()] if judged else [0, 0, 0]) == expected, slug


def test_which_figures_are_its_own(council_pages: dict[str, Page]) -> None:
    for slug, page in council_pages.items():
        table = cells_of(page).values()
        (text,) = said(page, "basis")
        own = sum(cell.is_own for cell in table)
        assert f"{own} of its {len(table)} figures" in text or (own == len(table) and f"All {own}" in text), slug
        others = [int(number) for number in re.findall(r"(?:;|,| and) (\d+) (?:is|are) ", text)]
        shown = Counter(re.split(r"[:(]", cell.basis)[0].strip() for cell in table if not cell.is_own)
        assert sorted(others) == sorted(shown.values()), (slug, text)


def test_areas_and_types(pages: dict[str, Page]) -> None:
    found = 0
    for name, page in pages.items():
        if not re.match(r"(region|combined-authority|integrated-care-board|type)/", name) or not page.says:
            continue
        found += 1
        (ranking,) = [table for table in page.tables if "highest need first" in table["caption"]]
        ranks = [row for row in ranking["rows"] if any(cell["scope"] == "row" for cell in row)]
        columns = [words(cell) for cell in ranking["rows"][0]]
        bands = Counter(words(row[columns.index("Need band")]) for row in ranks)
        (text,) = said(page, "position")
        if len(ranks) > 1:
            high, low = re.match(r"(None|\d+) of the .* highest need, and (none|\d+) ", text).groups()  # type: ignore[union-attr]
            told = [0 if number.lower() == "none" else int(number) for number in (high, low)]
            assert told == [bands["Very high"], bands["Very low"]], name
            assert f"of the {len(ranks)} " in text, name
        at = columns.index("Likely range")
        by_name = {words(row[1]): place_of(words(row[0]), words(row[at])) for row in ranks}
        for text in said(page, "neighbours"):
            ends = re.match(rf"Need is highest in (.*) \(({RANGED})\) and lowest in (.*) \(({RANGED})\)\.", text)
            assert ends is not None, (name, text)
            placed = [row for row in ranks if not words(row[0]).startswith("between")]
            for council, place, row in ((ends[1], ends[2], placed[0]), (ends[8], ends[9], placed[-1])):
                assert ranged(place) == by_name[words(row[1])], (name, text)
                assert council.removeprefix("the ") in words(row[1]), (name, text)
        for text in said(page, "england") + said(page, "missions"):
            (table,) = [table for table in page.tables if "by mission" in table["caption"]]
            summary = {words(row[0]).lower(): words(row[-1]) for row in table["rows"]}
            if "Weighted by residents" in text:
                assert f"need score is {summary['all missions']}" in text, name
            else:
                scores = {mission: float(score) for mission, score in summary.items() if mission in MISSIONS}
                most, least = re.findall(rf"under ({'|'.join(MISSIONS)}) \(([\d.]+)\)", text)
                assert scores[most[0]] == max(scores.values()) == float(most[1]), name
                assert scores[least[0]] == min(scores.values()) == float(least[1]), name
    assert found > 60


def test_missions(pages: dict[str, Page]) -> None:
    found = [page for name, page in pages.items() if name.startswith("mission/")]
    assert len(found) == 5
    for page in found:
        ranking = page.table("Need under")
        by_name = {words(row[1]): place_of(words(row[0]), words(row[6])) for row in ranking}
        (text,) = said(page, "position")
        named = re.findall(rf"(?:in|,|and) (?:the )?([A-Z][^(]*?) \(({RANGED})\)", text)
        assert len(named) == 6
        for council, place, *_ in named:
            (name,) = [name for name in by_name if name == council or name.startswith(f"{council}, ")]
            assert ranged(place) == by_name[name], (council, text)
        limits = " ".join(said(page, "limits"))
        flagged = sum("mostly not its own" in row[-1]["text"] for row in ranking)
        between = sum(place.rank is None for place in by_name.values())
        assert (f"For {flagged} of 317 councils less" in limits) is (flagged > 0)
        assert (re.search(rf"\b{between} councils? ha(s|ve) no single rank", limits) is not None) is (between > 0)


def test_the_front_page(pages: dict[str, Page]) -> None:
    page = pages["index.html"]
    regions = {words(row[0]): int(words(row[2])) for row in page.table("Councils among those")}
    (text,) = said(page, "position")
    region, number, total = re.match(r"(?:The )?(.*) has (\d+) of the (\d+) councils", text).groups()  # type: ignore[union-attr]
    assert int(number) == regions[region] == max(regions.values()) and int(total) == sum(regions.values())
    (text,) = said(page, "change")
    mission, worse, compared = re.match(r"From .*, (.*) got worse in (\d+) of the (\d+) councils", text).groups()  # type: ignore[union-attr]
    tables = [page.table("Comparable need scores") for name, page in pages.items() if name.startswith("authority/")]
    directions = Counter((words(row[0]).lower(), words(row[4])) for table in tables for row in table)
    assert int(worse) == directions[mission, "getting worse"]
    assert int(compared) == sum(count for (name, _), count in directions.items() if name == mission)
    (text,) = said(page, "limits")
    ranges = sorted(
        place.high - place.low
        for name, page in pages.items()
        if name.startswith("authority/")
        for place in [places(page)["all missions"]]
    )
    assert f"a range of {ranges[len(ranges) // 2]} places or more" in text


def test_no_page_says_what_reads_wrong(pages: dict[str, Page]) -> None:
    wrong = re.compile(
        r"\b1 of 1 |\b1 (?:places|councils|indicators|figures|years|districts|neighbours)\b"
        r"|mostly not published|\b(?:most|less|least) needy|needier\b"
    )
    for name, page in pages.items():
        if name.startswith("catalogue"):
            continue
        text = " ".join("".join(page.text).split())
        assert not wrong.search(text), (name, wrong.search(text))
        for listed in re.findall(r"Source: ([^.]*)\.", text):
            publishers = re.split(
                r", | and ", re.sub(r"Department for Environment, Food and Rural", "Environment", listed)
            )
            assert len(publishers) == len(set(publishers)), (name, listed)
    titles = Counter(page.title for page in pages.values())
    assert not [title for title, number in titles.items() if number > 1]
