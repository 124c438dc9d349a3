"""What the index says about a council, in the order of a brief: its place, what is clear, why, and what is not known.

Belongs here: sentences about one council. Each claims only what a table on its page shows with the same rounding.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from missions.reading.rank_words import place_notes
from missions.reading.sentences.facts import CLEAR_PERCENT, CouncilFacts, Row
from missions.reading.sentences.parts import Sentence, counted, figure, has, shown, starting, verb
from missions.reading.sentences.position import likely_range, position, short_range
from missions.reading.wording import BASES, listed

NAMED = 3  # indicators named in a sentence

# How a figure that is not the council's own is described: in brackets, and after a count of one or of several.
BASIS_SHORT = {
    "combined_area": "a joint area's figure",
    "predecessor": "a former council's figure",
    "aggregated": "worked out from its parts",
    "modelled": "modelled",
    "inherited": "its county's figure",
    "stale": "an older figure",
    "estimated": "our estimate",
}
_BASIS_COUNTED = {
    "combined_area": ("is a joint area's", "are a joint area's"),
    "predecessor": ("is of councils it replaced", "are of councils it replaced"),
    "aggregated": ("is worked out from its parts", "are worked out from its parts"),
    "modelled": (
        "is modelled from the hospital trusts or care boards that serve it",
        "are modelled from the hospital trusts or care boards that serve it",
    ),
    "inherited": ("is its county's", "are its county's"),
    "stale": ("is its own but old", "are its own but old"),
    "estimated": ("is our estimate", "are our estimates"),
}


def brief(council: CouncilFacts) -> list[Sentence]:
    """Everything the index can say about a council in a few sentences, most important first."""
    found = (
        position(council.name, council.overall, council.councils),
        missions(council),
        drivers(council),
        england(council),
        neighbours(council),
        change(council),
        basis(council),
        limits(council),
    )
    return [sentence for sentence in found if sentence is not None]


# --- Missions ---------------------------------------------------------------------------------------------------------


def missions(council: CouncilFacts) -> Sentence | None:
    """The missions under which its rank is highest and lowest, of those where it can be placed."""
    placed = sorted((row for row in council.missions if _is_placed(row)), key=lambda row: row["need_rank"])
    if len(placed) < 2:
        return None
    first, last = placed[0], placed[-1]
    names = [f"{_mission(row)} ({short_range(row)})" for row in (first, last)]
    facts = {row["index_id"]: row["need_rank"] for row in placed}
    if _are_apart(first, last):
        text = f"Among the missions, its rank is highest under {names[0]} and lowest under {names[1]}."
    else:
        text = f"No mission is clearly different: its ranks run from {names[0]} to {names[1]}."
    return Sentence("missions", text, facts)


def missions_heading(council: CouncilFacts) -> str:
    """The heading above the table of scores: what it shows, if its missions clearly differ."""
    placed = sorted((row for row in council.missions if _is_placed(row)), key=lambda row: row["need_rank"])
    if len(placed) < 2 or not _are_apart(placed[0], placed[-1]):
        return "Scores and ranks by mission"
    return f"Its rank is highest under {_mission(placed[0])} and lowest under {_mission(placed[-1])}"


def _is_placed(row: Row) -> bool:
    return not row["is_too_uncertain_to_place"]


def _are_apart(first: Row, last: Row) -> bool:
    """Whether two ranks differ by more than their ranges."""
    if first["rank_percentile_95"] is None or last["rank_percentile_5"] is None:
        return bool(first["need_rank"] < last["need_rank"])
    return round(first["rank_percentile_95"]) < round(last["rank_percentile_5"])


def _mission(row: Row) -> str:
    return str(row["index_name"]).lower()


# --- Drivers ----------------------------------------------------------------------------------------------------------


def drivers(council: CouncilFacts) -> Sentence | None:
    """What raises its need and what lowers it, in words, with the council's figures beside England's."""
    raising = raising_need(council.cells)[:NAMED]
    lowering = lowering_need(council.cells)[:NAMED]
    parts = [
        f"{words} {listed(map(_driver, cells))}."
        for words, cells in (("What raises its need:", raising), ("What lowers it:", lowering))
        if cells
    ]
    if not parts:
        return None
    facts = {cell["indicator_id"]: cell["value"] for cell in [*raising, *lowering]}
    return Sentence("drivers", " ".join(parts), facts)


def raising_need(cells: Sequence[Row]) -> list[Row]:
    """Indicators that add to need and are visibly on the side of higher need from England's figure, largest first."""
    return [cell for cell in cells if cell["contribution"] > 0 and _is_clearly_told(cell, needier=True)]


def lowering_need(cells: Sequence[Row]) -> list[Row]:
    return [cell for cell in reversed(cells) if cell["contribution"] < 0 and _is_clearly_told(cell, needier=False)]


def _is_clearly_told(cell: Row, *, needier: bool) -> bool:
    """Whether the figures as shown agree with the claim, within no margin of England and not our guess."""
    if cell["england_value"] is None or cell["value_basis"] == "estimated" or cell["england_comparison"] == "similar":
        return False
    own, england = _shown(cell, cell["value"]), _shown(cell, cell["england_value"])
    if own == england:
        return False
    is_higher = cell["value"] > cell["england_value"]
    return is_higher == (needier == (cell["higher_means"] == "more_need"))


def phrase(cell: Row) -> str:
    """What the council's figure means beside England's: "few new firms survive"."""
    return str(cell["short_high"] if cell["value"] > cell["england_value"] else cell["short_low"])


def _driver(cell: Row) -> str:
    own = figure(cell["value"], cell["unit"], cell["decimals"])
    note = BASIS_SHORT.get(cell["value_basis"])
    end = f"; {note}" if note else ""
    return f"{phrase(cell)} ({own}; England {_shown(cell, cell['england_value'])}{end})"


def _shown(cell: Row, value: float) -> str:
    return shown(value, cell["unit"], cell["decimals"])


# --- England and neighbours -------------------------------------------------------------------------------------------


def england(council: CouncilFacts) -> Sentence | None:
    """On how many of its own figures it differs from England by more than their margins, and on which most."""
    own = [cell for cell in council.cells if cell["value_basis"] == "published"]
    worse = [cell for cell in own if cell["england_comparison"] == "higher need"]
    better = [cell for cell in reversed(own) if cell["england_comparison"] == "lower need"]
    similar = sum(cell["england_comparison"] == "similar" for cell in own)
    total = len(worse) + len(better) + similar
    facts = {"judged": total, "higher": len(worse), "lower": len(better), "similar": similar}
    if not total:
        if all(cell["england_comparison"] is None for cell in council.cells):
            return None
        text = "None of its own figures has a published margin, so none can be called clearly different from England."
        return Sentence("england", text, facts)
    counts = [
        f"{number} {verb(number, 'show')} {words}"
        for number, words in (
            (len(worse), "clearly higher need"),
            (len(better), "clearly lower need"),
            (similar, "no clear difference"),
        )
        if number
    ]
    text = (
        f"{total} of its own figures {has(total)} a published margin and can be set beside England's: {listed(counts)}."
    )
    for words, cells in (("Clearly higher need:", worse), ("Clearly lower need:", better)):
        if cells:
            text += f" {words} {listed(phrase(cell) for cell in cells[:NAMED])}."
    return Sentence("england", text, facts)


def neighbours(council: CouncilFacts) -> Sentence | None:
    """How many of its statistical neighbours have clearly lower or higher need, with 95% certainty."""
    percents = [round(100 * chance) for chance in council.chances]
    if not percents:
        return None
    lower = sum(percent >= CLEAR_PERCENT for percent in percents)
    higher = sum(percent <= 100 - CLEAR_PERCENT for percent in percents)
    unclear = len(percents) - lower - higher
    facts = {"neighbours": len(percents), "lower": lower, "higher": higher, "unclear": unclear}
    who = f"its {counted(len(percents), 'ONS statistical neighbour')}"
    if lower == len(percents) or higher == len(percents):
        way = "higher" if lower else "lower"
        return Sentence(
            "neighbours", f"Its need is clearly {way} than that of {'all ' if lower + higher > 1 else ''}{who}.", facts
        )
    if unclear == len(percents):
        return Sentence("neighbours", f"Its need is not clearly different from that of any of {who}.", facts)
    parts = [f"clearly {way} than that of {number}" for way, number in (("higher", lower), ("lower", higher)) if number]
    rest = f"; {unclear} {'is' if unclear == 1 else 'are'} too close to call" if unclear else ""
    return Sentence("neighbours", f"Of {who}, its need is {listed(parts)}{rest}.", facts)


# --- Change -----------------------------------------------------------------------------------------------------------

_CHANGE = {"falling need": "got better", "rising need": "got worse", "steady": "changed little"}


def change(council: CouncilFacts) -> Sentence | None:
    """Which missions have changed over comparable years, and how many single indicators have really changed."""
    parts = [part for part in (change_by_mission(council), _indicators_changed(council)) if part]
    if not parts:
        return None
    facts: dict[str, Any] = {last["index_id"]: last["change_since_first"] for _, last in council.editions}
    return Sentence("change", " ".join(parts), facts | _directions(council))


def change_by_mission(council: CouncilFacts) -> str:
    """How each mission has changed over comparable years, and which cannot be compared; no total, as it hides them."""
    if not council.editions:
        return ""
    first, last = council.editions[0][0]["edition"], council.editions[0][1]["edition"]
    groups = [
        f"{listed(names)} {words}"
        for direction, words in _CHANGE.items()
        if (names := [_mission(last) for _, last in council.editions if last["direction"] == direction])
    ]
    used = sum(last["indicators"] for _, last in council.editions)
    text = (
        f"From {first} to {last}, {' while '.join(groups)}, on the {counted(used, 'indicator')} that can be compared."
    )
    missing = [_mission(row) for row in council.missions if row["index_id"] not in _compared(council)]
    return f"{text} {starting(listed(missing))} cannot be compared over time." if missing else text


def _compared(council: CouncilFacts) -> set[str]:
    return {last["index_id"] for _, last in council.editions}


def _directions(council: CouncilFacts) -> dict[str, int]:
    """Indicators by how they have changed."""
    found = Counter(cell["direction"] or "not judged" for cell in council.cells)
    return {
        "worse": found["rising need"],
        "better": found["falling need"],
        "unclear": found["no clear change"],
        "not_judged": found["not judged"],
    }


def _indicators_changed(council: CouncilFacts) -> str:
    if all(cell["direction"] is None for cell in council.cells):
        return ""
    found = _directions(council)
    judged = found["worse"] + found["better"] + found["unclear"]
    if not judged:
        return "None of its indicators has a history that can be judged."
    return (
        f"{judged} of its {counted(len(council.cells), 'indicator')} {has(judged)} a history that can be judged: "
        f"{found['worse']} really got worse, {found['better']} really got better and {found['unclear']} "
        f"{verb(found['unclear'], 'show')} no clear change."
    )


# --- What is not its own, and what cannot be said ---------------------------------------------------------------------


def basis(council: CouncilFacts) -> Sentence:
    """How many of its figures are its own, and where the others come from."""
    found = Counter(cell["value_basis"] for cell in council.cells)
    own, total = found["published"], len(council.cells)
    if own == total:
        return Sentence("basis", f"All {total} of its figures are its own published figures.", dict(found))
    others = [
        f"{count} {_BASIS_COUNTED[name][count > 1]}"
        for name, count in sorted(found.items(), key=lambda item: (-item[1], BASES.index(item[0])))
        if name != "published"
    ]
    text = f"{own} of its {total} figures {'is' if own == 1 else 'are'} its own published figures; {listed(others)}."
    return Sentence("basis", text, dict(found))


def limits(council: CouncilFacts) -> Sentence:
    """Ranks that say little, and what no rank says."""
    uncertain = [row for row in council.missions if not _is_placed(row)]
    borrowed = [row for row in council.missions if _is_placed(row) and not row["is_mostly_published"]]
    said = []
    if uncertain:
        ranges = (f"{_mission(row)} ({_range(row)})" for row in uncertain)
        said.append(f"Under {listed(ranges)} it has no single rank, only a range.")
    if borrowed:
        said.append(
            f"Under {listed(map(_mission, borrowed))} less than half of the weight comes from its own figures, so "
            "the rank there is mostly worked out from other areas' figures."
        )
    if council.authority["authority_type"] == "county":
        said.append("A county averages out its districts, so compare it with other counties.")
    said += [
        f"Under {_mission(row)}, {note[:1].lower()}{note[1:]}"
        for row in council.missions
        if _is_placed(row)
        for note in place_notes(row)
    ]
    said.append("The index measures need in the area, not how well the council works.")
    facts = {row["index_id"]: row["published_share"] for row in council.scores.values()}
    return Sentence("limits", " ".join(said), facts)


def _range(row: Row) -> str:
    return likely_range(row["rank_percentile_5"], row["rank_percentile_95"]) or "not known"
