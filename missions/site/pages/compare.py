"""The page that compares councils, and the data for its script."""

from typing import Any

from missions.reading.rank_words import place, place_notes
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
        "limits": _limits(site, codes),
        "groups": _groups(site, codes),
        "indicators": [_indicator(site, indicator, codes, words) for indicator in marts.indicators],
    }
    return assign({"compare": compare | {"words": list(words)}})


def _limits(site: Renderer, codes: list[str]) -> dict[str, list[list[float] | None]]:
    """The 95% limits of the figures of indicators that have any, in the order of the codes."""
    found = {}
    for indicator in site.marts.indicators:
        cells = [site.marts.cell[code, indicator["indicator_id"]] for code in codes]
        if any(cell["value_lower_95"] is not None for cell in cells):
            found[indicator["indicator_id"]] = [
                [float(f"{cell[name]:.6g}") for name in ("value_lower_95", "value_upper_95")]
                if cell["value_lower_95"] is not None and cell["value_upper_95"] is not None
                else None
                for cell in cells
            ]
    return found


def _groups(site: Renderer, codes: list[str]) -> dict[str, list[list[int]]]:
    """What each council is usually compared with, as places in the list of codes: neighbours, and its authority."""
    marts, place = site.marts, {code: n for n, code in enumerate(codes)}
    members: dict[str, list[int]] = {}
    for code in codes:
        if area := marts.authority[code]["combined_authority_code"]:
            members.setdefault(area, []).append(place[code])
    return {
        "neighbours": [[place[peer] for peer in marts.neighbours(marts.authority[code])[1]] for code in codes],
        "authority": [
            [n for n in members[area] if n != place[code]]
            if (area := marts.authority[code]["combined_authority_code"])
            else []
            for code in codes
        ],
    }


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
                ". ".join(["mostly not its own figures"] * (not row["is_mostly_published"]) + place_notes(row)),
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
        "decimals": decimals if decimals is not None else 1,
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
