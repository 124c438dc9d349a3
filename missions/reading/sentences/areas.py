"""What the index says about an area of several councils, about a mission, and about England as a whole.

Belongs here: sentences about many councils. Each claims only what a table on its page shows with the same rounding.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median_high
from typing import Any

from missions.reading.rank_words import ordinal
from missions.reading.sentences.facts import CouncilFacts, Row
from missions.reading.sentences.parts import Sentence, counted, has, in_text, starting
from missions.reading.sentences.position import short_range
from missions.reading.wording import BANDS, listed

_ENDS_NAMED = 3  # councils named at either end of a mission's ranking


def area_brief(
    which: str, kind: str, scores: Sequence[Row], summary: Sequence[Row], others: Iterable[float], councils: int = 317
) -> list[Sentence]:
    """An area in a few sentences: how many of its councils have high need, its average, its missions, its ends.

    which: its councils in words, "councils in Kent"; kind: of area, in the plural; scores: its councils' rows of SCORES
    for all missions, each with its `authority`, by rank; summary: its rows of region_summary or the like with
    `index_name`, all missions first, none for a type of council; others: average scores for all missions of every area
    of the kind, its own included.
    """
    if not scores:
        return []
    more = (_average(kind, summary, others), _by_mission(summary), _ends(scores, is_area=bool(summary)))
    return [_high_and_low(which, scores, councils), *filter(None, more)]


def _high_and_low(which: str, scores: Sequence[Row], councils: int) -> Sentence:
    placed = [row for row in scores if not row["is_too_uncertain_to_place"]]
    bands = Counter(row["need_band"] for row in placed)
    high, low = bands[BANDS[0]], bands[BANDS[-1]]
    facts = {"councils": len(scores), "high": high, "low": low}
    if len(scores) == 1:
        band = f", in the band of {placed[0]['need_band']} need" if placed else ""
        text = f"Its only council is {_named(scores[0])} of {councils}{band}."
        return Sentence("position", text, facts)
    text = (
        f"{high or 'None'} of the {len(scores)} {which} {_are(high)} among the 20% of England's {councils} with the "
        f"highest need, and {low or 'none'} among the 20% with the lowest."
    )
    if unplaced := len(scores) - len(placed):
        text += f" {counted(unplaced, 'council')} cannot be placed."
    return Sentence("position", text, facts)


def _are(number: int) -> str:
    return "is" if number in (0, 1) else "are"


def _average(kind: str, summary: Sequence[Row], others: Iterable[float]) -> Sentence | None:
    score = summary[0]["population_weighted_need_score"] if summary else None
    if score is None:
        return None
    scores = [round(other, 1) for other in others]
    place = 1 + sum(other > round(score, 1) for other in scores)
    which = "the highest" if place == 1 else f"the {ordinal(place)} highest"
    among = f", {which} of {len(scores)} {kind}" if len(scores) > 1 else ""
    text = f"Weighted by residents, its average need score is {score:.1f}{among}; 100 is the average for England."
    return Sentence("england", text, {"score": score, "place": place, "areas": len(scores)})


def _by_mission(summary: Sequence[Row]) -> Sentence | None:
    rows = [row for row in summary[1:] if row["population_weighted_need_score"] is not None]
    rows.sort(key=lambda row: -row["population_weighted_need_score"])
    if len(rows) < 2:
        return None
    ends = [(row["index_name"].lower(), f"{row['population_weighted_need_score']:.1f}") for row in (rows[0], rows[-1])]
    if ends[0][1] == ends[1][1]:
        return None
    text = f"By mission, its average is highest under {ends[0][0]} ({ends[0][1]}) and lowest under "
    facts = {row["index_id"]: row["population_weighted_need_score"] for row in rows}
    return Sentence("missions", f"{text}{ends[1][0]} ({ends[1][1]}).", facts)


def _ends(scores: Sequence[Row], *, is_area: bool) -> Sentence | None:
    placed = [row for row in scores if not row["is_too_uncertain_to_place"]]
    if len(placed) < 2:
        return None
    first, last = placed[0], placed[-1]
    text = f"Need is highest in {_named(first)} and lowest in {_named(last)}."
    if is_area:
        text += " The area as a whole has no rank."
    return Sentence("neighbours", text, {"highest": first["authority_code"], "lowest": last["authority_code"]})


def _named(row: Row) -> str:
    """A council with its rank and range."""
    return f"{in_text(row['authority']['authority_name'])} ({short_range(row)})"


def mission_brief(name: str, scores: Sequence[Row]) -> list[Sentence]:
    """A mission in a few sentences. scores: its rows of SCORES, each with its `authority`, by rank."""
    placed = [row for row in scores if not row["is_too_uncertain_to_place"]]
    top, bottom = placed[:_ENDS_NAMED], placed[::-1][:_ENDS_NAMED]
    text = (
        f"Under {name.lower()}, need is highest in {listed(map(_named, top))}, and lowest in "
        f"{listed(map(_named, bottom))}."
    )
    found = [Sentence("position", text, {row["authority_code"]: row["need_rank"] for row in [*top, *bottom]})]
    borrowed = sum(not row["is_mostly_published"] for row in scores)
    uncertain = len(scores) - len(placed)
    said = []
    if borrowed:
        said.append(
            f"For {borrowed} of {len(scores)} councils less than half of the weight comes from their own figures: "
            "their ranks mostly reflect a county, districts or a joint area."
        )
    if uncertain:
        said.append(f"{counted(uncertain, 'council')} {has(uncertain)} no single rank, only a range.")
    if said:
        found.append(Sentence("limits", " ".join(said), {"borrowed": borrowed, "uncertain": uncertain}))
    return found


def england_facts(councils: Sequence[CouncilFacts], regions: Sequence[Row]) -> list[Sentence]:
    """Three facts for the front page: where need gathers, what has changed, how exact a rank is.

    regions: their rows of region_summary for all missions together.
    """
    found = (_gathered(regions), _changed(councils), _exactness(councils))
    return [sentence for sentence in found if sentence is not None]


def _gathered(regions: Sequence[Row]) -> Sentence | None:
    if not regions:
        return None
    most = max(regions, key=lambda row: (row["in_most_needy_fifth"], row["region_name"]))
    total = sum(row["in_most_needy_fifth"] for row in regions)
    where, number = starting(in_text(most["region_name"])), most["in_most_needy_fifth"]
    text = f"{where} has {number} of the {total} councils with the highest need, the top 20%."
    return Sentence("position", text, {"region": most["region_name"], "councils": number})


def _changed(councils: Sequence[CouncilFacts]) -> Sentence | None:
    """The mission on which most councils got worse over comparable years."""
    ends = [(council, first, last) for council in councils for first, last in council.editions]
    worse = Counter(last["index_name"] for _, _, last in ends if last["direction"] == "rising need")
    if not worse:
        return None
    ((name, number),) = worse.most_common(1)
    of = [(first, last) for _, first, last in ends if last["index_name"] == name]
    years = f"{min(first['edition'] for first, _ in of)} to {max(last['edition'] for _, last in of)}"
    text = f"From {years}, {name.lower()} got worse in {number} of the {len(of)} councils that can be compared."
    return Sentence("change", text, {"mission": name, "worse": number, "compared": len(of)})


def _exactness(councils: Sequence[CouncilFacts]) -> Sentence | None:
    ranges: list[Any] = [
        round(row["rank_percentile_95"]) - round(row["rank_percentile_5"])
        for council in councils
        if (row := council.overall)["rank_percentile_5"] is not None
    ]
    if not ranges:
        return None
    typical = median_high(ranges)
    places = counted(typical, "place")
    text = f"A rank is not exact: half of the councils could be anywhere in a range of {places} or more."
    return Sentence("limits", text, {"places": typical})
