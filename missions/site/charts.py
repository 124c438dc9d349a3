"""Charts and maps: what each shows, its words and its data. maps.py and swarms.py draw them when the site is built.

Belongs here: titles, summaries, classes and legends. Does not: the files that carry the data (scripts.py), what a
reader's choice changes (static/chart.js). Rows are dictionaries with the columns of the marts.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from missions.reading.certainty import certainty_of_figure
from missions.reading.rank_words import place
from missions.reading.wording import BANDS, in_words, period_words, place_name, value_words
from missions.site.data import Row
from missions.site.maps import BORROWED, OWN, UNCERTAIN, draw_map
from missions.site.shapes import Outlines
from missions.site.swarms import LABELS, Scale, axis, dots, draw_dots
from missions.site.words import unit_name

_VIEWS = (("councils", "councils"), ("counties", "counties"), ("hexagons", "equal-size hexagons"))
_NEED_FIELDS = ("band", "mark", "rank", "score", "note")
_CELL_FIELDS = ("band", "mark", "value", "figure", "rank", "basis", "period")
_MARKS = {"borrowed": BORROWED, "uncertain": UNCERTAIN}  # by certainty; others are filled
_LEGEND_DECIMALS = 3  # added at most, so that the classes of a legend do not overlap


@dataclass(frozen=True)
class Chart:
    """A drawn chart, a summary for readers who cannot see it, and its data by council."""

    id: str
    title: str  # sentence case, what the chart shows
    summary: str  # for readers who do not see it
    svg: str
    fields: tuple[str, ...]  # of each row, after the council's code
    layers: dict[str, dict[str, list[Any]]]  # rows by code, in one layer or several to choose from
    titles: dict[str, str] = field(default_factory=dict)  # by layer
    choices: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = ()  # (name, question, (value, label)…)
    legend: tuple[tuple[str, str], ...] = ()  # (class, words)
    note: str = ""
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)  # other arrangements of the dots


@dataclass(frozen=True)
class Atlas:
    """What every map and distribution needs of the councils: outlines, and names, regions and types by code."""

    outlines: Outlines
    names: Mapping[str, str]
    regions: Mapping[str, str]
    types: Mapping[str, str]


# --- Maps ---------------------------------------------------------------------------------------------------------


def need_map(atlas: Atlas, indexes: Sequence[Row], needs: Sequence[Row], area: str = "England") -> Chart:
    """Need in fifths under one index, or under several that the reader can choose from.

    indexes: {index_id, index_name}, the composite first; needs: rows of SCORES of the councils to draw; area: the area
    that they make up.
    """
    layers = {index["index_id"]: _need_rows(index, needs) for index in indexes}
    first, rows = indexes[0], layers[indexes[0]["index_id"]]
    counts = [sum(row[0] == n for row in rows.values()) for n in range(len(BANDS))]
    layer = ("layer", "Need under", tuple((row["index_id"], row["index_name"]) for row in indexes))
    where = "" if area == "England" else f" in {place_name(area)}"
    titles = {
        index["index_id"]: f"Where need under {_lower(index['index_name'])} is highest{where}" for index in indexes
    }
    if indexes[1:]:
        titles[first["index_id"]] = f"Where need is highest{where}"
    return Chart(
        id="map",
        title=titles[first["index_id"]],
        titles=titles,
        summary=f"Map of the councils{where}, shaded by need band. {first['index_name']}: "
        + ", ".join(f"{count} {band}" for band, count in zip(BANDS, counts, strict=True))
        + ". The table has each council's rank.",
        svg=draw_map("map", atlas.outlines, _marked(rows), atlas.names),
        fields=_NEED_FIELDS,
        layers=layers,
        choices=(*([layer] if indexes[1:] else []), _views(rows)),
        legend=(
            *((f"n{n + 1}", f"{band} need") for n, band in enumerate(BANDS)),
            (BORROWED, "rank mostly not from the council's own figures"),
            (UNCERTAIN, "too uncertain to place"),
        ),
        note=_map_note(rows),
    )


def indicator_map(atlas: Atlas, indicator: Row, cells: Sequence[Row], area: str = "England") -> Chart:
    """An indicator's values in fifths of England's councils. indicator: a row of dim_indicator; cells: rows of
    indicator_score of the councils to draw; area: the area that they make up.
    """
    rows = _cell_rows(atlas, indicator, cells)
    where = "" if area == "England" else f" in {place_name(area)}"
    fifths = [[cell["value"] for cell in cells if rows[cell["authority_code"]][0] == n] for n in range(len(BANDS))]
    words = _class_words(indicator, fifths)
    return Chart(
        id="map",
        title=f"{indicator['indicator_title']}{where}: highest and lowest areas",
        summary=f"Map of the councils{where}, shaded in fifths by need on {indicator['indicator_title']}. "
        + "; ".join(f"{band} need: {text}" for band, text in zip(BANDS, words, strict=True) if text)
        + ". The table has each council's figure.",
        svg=draw_map("map", atlas.outlines, _marked(rows), atlas.names),
        fields=_CELL_FIELDS,
        layers={"all": rows},
        choices=(_views(rows),),
        legend=(
            *((f"n{n + 1}", f"{band} need: {w}") for n, (band, w) in enumerate(zip(BANDS, words, strict=True)) if w),
            (BORROWED, "not the council's own figure"),
            *([(UNCERTAIN, "our estimate")] if any(row[1] == UNCERTAIN for row in rows.values()) else []),
        ),
        note=f"Unit: {unit_name(indicator['unit'])}. {_map_note(rows)}",
    )


def _has_counties(codes: Mapping[str, Any]) -> bool:
    """ONS codes of county councils begin with E10."""
    return any(code.startswith("E10") for code in codes)


def _views(codes: Mapping[str, Any]) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """The choice of shapes. Without counties, their view would be the same as the first."""
    has_counties = _has_counties(codes)
    return "view", "Show as", tuple(view for view in _VIEWS if view[0] != "counties" or has_counties)


def _map_note(codes: Mapping[str, Any]) -> str:
    outlines = " Dark outlines are counties." if _has_counties(codes) else ""
    return f"Each band holds a fifth of England's councils.{outlines} Select a council to open its page."


def _marked(rows: Mapping[str, list[Any]]) -> dict[str, tuple[int, str]]:
    return {code: (row[0], row[1]) for code, row in rows.items()}


def _class_words(indicator: Row, fifths: Sequence[Sequence[float]]) -> list[str]:
    """The range of each fifth, with as many decimals as keep the ranges apart."""
    ends = [(min(some), max(some)) for some in fifths if some]
    base = indicator["decimals"] if indicator["decimals"] is not None else 1
    for decimals in range(base, base + _LEGEND_DECIMALS + 1):
        shown = sorted((round(low, decimals), round(high, decimals)) for low, high in ends)
        if all(one[1] < other[0] for one, other in pairwise(shown)):
            break
    words = iter(_range_words(indicator["unit"], decimals, low, high) for low, high in ends)
    return [next(words) if some else "" for some in fifths]


def _range_words(unit: str, decimals: int, low: float, high: float) -> str:
    one, other = (value_words(value, unit, decimals) for value in (low, high))
    return one if one == other else f"{one} to {other}"


# --- Distributions ------------------------------------------------------------------------------------------------

_DOTS = {
    "d1": "the council's own figure, clearly different from England's",
    "d2": "no clear difference from England's",
    "d3": "the council's own figure, no margin published",
    "d4": "not the council's own figure",
}


def need_distribution(atlas: Atlas, index: Row, needs: Sequence[Row]) -> Chart:
    """Scores of the councils as dots, in one row or by region or type. index, needs: as for need_map."""
    rows = _need_rows(index, needs)
    kinds = {code: "d4" if row[1] else "d3" for code, row in rows.items()}
    values = {row["authority_code"]: row["need_score"] for row in needs if row["index_id"] == index["index_id"]}
    scale = Scale(min(values.values()), max(values.values()))
    line, ends = (100.0, "average"), ("lower need", "higher need")
    legend = [("d3", "rank from mostly own figures")]
    if "d4" in kinds.values():
        legend.append(("d4", "rank mostly not from the council's own figures"))
    return Chart(
        id="distribution",
        title=f"{index['index_name']}: need scores of all councils",
        summary=f"A dot for each of {len(rows)} councils, with need scores from {scale.low:.1f} to "
        f"{scale.high:.1f}; 100 is the average.",
        svg=draw_dots(dots(values, None, scale), kinds, scale, _plain, line, ends),
        fields=_NEED_FIELDS,
        layers={"all": rows},
        choices=(_GROUPINGS,),
        legend=tuple(legend),
        note="Each dot is a council, placed by need score. Select a dot to open its page.",
        groups=_groups(atlas, values, scale, _plain, line, ends),
    )


def indicator_distribution(atlas: Atlas, indicator: Row, cells: Sequence[Row], england: Row | None) -> Chart:
    """Values of the councils as dots, compared with England's, on the scale by which the index scores them.

    indicator: a row of dim_indicator with its treatment; cells: its rows of indicator_score; england: its row of
    indicator_benchmark.
    """
    rows = _cell_rows(atlas, indicator, cells)
    values = {cell["authority_code"]: cell["value"] for cell in cells}
    kinds = {cell["authority_code"]: _kind(cell, england) for cell in cells}
    logged = indicator["outcome"] == "logged"
    sign = (1 if indicator["skewness_before"] > 0 else -1) if logged else 0
    scale = Scale(min(values.values()), max(values.values()), sign)
    line = None if england is None else (england["value"], f"England {_figure(indicator, england['value'])}")
    ends = ("lower need", "higher need") if indicator["higher_means"] == "more_need" else ("higher need", "lower need")

    def words(tick: float) -> str:
        return value_words(tick, str(indicator["unit"]), 0 if tick == round(tick) else indicator["decimals"])

    low, high = (_figure(indicator, value) for value in (scale.low, scale.high))
    return Chart(
        id="distribution",
        title=f"{indicator['indicator_title']}: how councils compare with {'England' if line else 'each other'}",
        summary=f"A dot for each of {len(rows)} councils, from {low} to {high}" + (f"; {line[1]}." if line else "."),
        svg=draw_dots(dots(values, None, scale), kinds, scale, words, line, ends),
        fields=_CELL_FIELDS,
        layers={"all": rows},
        choices=(_GROUPINGS,),
        legend=tuple((kind, text) for kind, text in _DOTS.items() if kind in kinds.values()),
        note=f"Each dot is a council ({unit_name(indicator['unit'])}). "
        + ("The scale is logarithmic, as in the index. " if logged else "")
        + "Select a dot to open its page.",
        groups=_groups(atlas, values, scale, words, line, ends),
    )


_GROUPINGS = ("by", "Group by", (("all", "none"), ("region", "region"), ("type", "type of council")))


def _kind(cell: Row, england: Row | None) -> str:
    """The class of a dot: how sure a difference from England is, or that the figure is not the council's own."""
    if cell["value_basis"] != "published":
        return "d4"
    if england is None or cell["value_lower_95"] is None or cell["value_upper_95"] is None:
        return "d3"
    return "d2" if cell["value_lower_95"] <= england["value"] <= cell["value_upper_95"] else "d1"


def _groups(
    atlas: Atlas,
    values: Mapping[str, float],
    scale: Scale,
    words: Any,
    line: tuple[float, str] | None,
    ends: Sequence[str],
) -> dict[str, dict[str, Any]]:
    """The dots in rows by region and by type: places in the order of the codes, and the axis with the rows' names."""
    found = {}
    for name, group in (("region", atlas.regions), ("type", atlas.types)):
        rows = dots(values, group, scale)
        labels = "".join(f'<text x="0" y="{y + 5}">{label}</text>' for label, y in rows.labels)
        drawn = axis(scale, words, line, ends, rows.height, LABELS)
        found[name] = {
            "height": rows.height + 44,
            "axis": drawn.replace("</g>", f"{labels}</g>"),
            "places": [rows.places[code] for code in sorted(rows.places)],
        }
    return found


# --- Parts --------------------------------------------------------------------------------------------------------


def _need_rows(index: Row, needs: Sequence[Row]) -> dict[str, list[Any]]:
    return {
        row["authority_code"]: [
            BANDS.index(row["need_band"]),
            UNCERTAIN if row["is_too_uncertain_to_place"] else OWN if row["is_mostly_published"] else BORROWED,
            place(row),
            round(row["need_score"], 1),
            row["rank_note"] or "",
        ]
        for row in needs
        if row["index_id"] == index["index_id"]
    }


def _cell_rows(atlas: Atlas, indicator: Row, cells: Sequence[Row]) -> dict[str, list[Any]]:
    return {
        cell["authority_code"]: [
            math.ceil(len(BANDS) * cell["need_rank"] / len(atlas.names)) - 1,
            _MARKS.get(certainty_of_figure(cell["value_basis"], None), OWN),
            float(f"{cell['value']:.6g}"),
            _figure(indicator, cell["value"]),
            cell["need_rank"],
            in_words(cell["value_basis"]),
            period_words(cell["period_start_date"], cell["period_end_date"]),
        ]
        for cell in cells
    }


def _figure(indicator: Row, value: float) -> str:
    return value_words(value, str(indicator["unit"]), indicator["decimals"])


def _plain(value: float) -> str:
    return f"{value:.0f}"


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
