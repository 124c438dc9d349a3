"""Where a council stands among all councils: its rank with the range that it is likely to be in.

Belongs here: every sentence that gives a rank. A rank never appears without its range.
"""

from collections.abc import Mapping
from typing import Any

from missions.reading.rank_words import ordinal
from missions.reading.sentences.parts import Sentence, in_text, is_plural_name, starting


def lead(name: str, score: Mapping[str, Any], councils: int = 317) -> str:
    """The council's place in one line, as on its page, in the command, on charts and on cards.

    name: authority_name; score: its row of SCORES for any index; councils: how many are ranked. Themes have no range.
    """
    return position(name, score, councils).text


def position(name: str, score: Mapping[str, Any], councils: int = 317) -> Sentence:
    """The lead with its facts."""
    rank, low, high = score["need_rank"], score["rank_percentile_5"], score["rank_percentile_95"]
    under = "" if score["index_id"] == "composite" else f" under {str(score['index_name']).lower()}"
    who, has = starting(in_text(name)), "have" if is_plural_name(name) else "has"
    facts = {"need_rank": rank, "rank_percentile_5": low, "rank_percentile_95": high, "councils": councils}
    likely = likely_range(low, high)
    if score["is_too_uncertain_to_place"]:
        found = f"{who} {has} no single rank{under}"
        if low is None:
            return Sentence("position", f"{found}: too many of its figures are estimates.", facts)
        where = f"a place {likely} of {councils} councils, where 1st is the highest need"
        return Sentence("position", f"{found}. The figures only show {where}.", facts)
    if rank <= councils / 2 or rank == councils:
        text = f"{who} {has} {_place(rank, councils)} need of {councils} councils{under}."
    else:
        ranks = "rank" if is_plural_name(name) else "ranks"
        text = f"{who} {ranks} {ordinal(rank)} of {councils} councils{under}, where 1st is the highest need."
    if low is not None:
        stays = "it is likely to stay there" if ordinal(low) == ordinal(high) else f"it is likely to be {likely}"
        text += f" Allowing for chance and method, {stays}."
    return Sentence("position", text, facts)


def _place(rank: int, councils: int) -> str:
    """The words before "need": "the highest", "the 2nd highest", "the 200th highest", "the lowest"."""
    if rank == 1:
        return "the highest"
    return "the lowest" if rank == councils else f"the {ordinal(rank)} highest"


def likely_range(low: float | None, high: float | None) -> str:
    """The 90% interval of a rank in words: "between 1st and 6th", or one place."""
    if low is None or high is None:
        return ""
    return ordinal(low) if ordinal(low) == ordinal(high) else f"between {ordinal(low)} and {ordinal(high)}"


def short_range(score: Mapping[str, Any]) -> str:
    """A rank with its range for brackets and narrow cells: "3rd, likely 1st to 9th"; the range alone if need be.

    score: a row of SCORES or THEME_SCORES.
    """
    low, high = score["rank_percentile_5"], score["rank_percentile_95"]
    if score["is_too_uncertain_to_place"]:
        return "too uncertain to rank" if low is None else likely_range(low, high)
    rank = ordinal(score["need_rank"])
    if low is None:
        return rank
    return (
        f"{rank}, likely to stay"
        if ordinal(low) == ordinal(high)
        else f"{rank}, likely {ordinal(low)} to {ordinal(high)}"
    )
