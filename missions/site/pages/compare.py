"""The page that compares councils, and the data for its script."""

from typing import Any

from missions.reading.rank_words import place
from missions.reading.wording import in_words, period_words, value_words
from missions.site.data import Row, by
from missions.site.renderer import Files, Renderer
from missions.site.scripts import assign
from missions.site.words import unit_name


def files(site: Renderer) -> Files:
    marts = site.marts
    yield site.render(
        "compare.html",
        "compare.html",
        "Compare councils",
        [("Compare councils", None)],
        missions=marts.missions,
        indicators=marts.indicators,
    )
    yield "data/compare.js", _script(site)


def _script(site: Renderer) -> str:
    """data/compare.js: scores and figures of all councils, in the order of one list of codes."""
    marts = site.marts
    codes = sorted(marts.authority)
    # Each text is stored once; cells hold its position in the list.
    words: dict[str, int] = {}
    compare = {
        "codes": codes,
        "indexes": [_index(site, index, codes, words) for index in site.indices],
        "indicators": [_indicator(site, indicator, codes, words) for indicator in marts.indicators],
    }
    return assign({"compare": compare | {"words": list(words)}})


def _index(site: Renderer, index: Row, codes: list[str], words: dict[str, int]) -> dict[str, Any]:
    rows = by(site.marts.by_index[index["index_id"]], "authority_code")
    return {
        "id": index["index_id"],
        "title": index["index_name"],
        "about": "",
        "unit": "need score",
        "higherMeans": "more_need",
        "england": [],
        "cells": [
            _cell(
                words,
                row["need_score"],
                f"{row['need_score']:.1f}",
                place(row),
                # The basis of an index is mentioned only if it is weak.
                "" if row["is_mostly_published"] else "mostly not its own figures",
                "",
            )
            for row in map(rows.__getitem__, codes)
        ],
    }


def _indicator(site: Renderer, indicator: Row, codes: list[str], words: dict[str, int]) -> dict[str, Any]:
    marts, id_, unit, decimals = site.marts, indicator["indicator_id"], indicator["unit"], indicator["decimals"]
    england = marts.benchmark.get((marts.england_code, id_))
    return {
        "id": id_,
        "title": indicator["indicator_title"],
        "about": f"{unit_name(unit)}; {indicator['mission_name']}",
        "unit": unit,
        "higherMeans": indicator["higher_means"],
        "england": [value_words(england["value"], unit, decimals), period_words(None, england["period_end_date"])]
        if england
        else [],
        "cells": [
            _cell(
                words,
                cell["value"],
                value_words(cell["value"], unit, decimals),
                cell["need_rank"],
                in_words(cell["value_basis"]),
                period_words(cell["period_start_date"], cell["period_end_date"]),
            )
            for cell in (marts.cell[code, id_] for code in codes)
        ],
    }


def _cell(words: dict[str, int], value: float, figure: str, rank: int | str, *notes: str) -> list[Any]:
    return [value, figure, rank, *(words.setdefault(note, len(words)) for note in notes)]
