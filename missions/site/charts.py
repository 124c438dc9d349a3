"""Charts and maps: Vega-Lite specifications made with Altair.

Belongs here: what a chart shows and how. Does not: the files that carry its data (scripts.py), the outlines of maps
(shapes.py), drawing (static/chart.js). Rows are dictionaries with the columns of the marts.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import altair as alt

from missions.reading.rank_words import place
from missions.reading.wording import in_words, period_words, place_name, value_words
from missions.site.data import Row
from missions.site.words import unit_name

# Highest need first, by the names of need_band. One hue, evenly darker, works for colour-blind readers and in print.
BANDS = {
    "very high": "#0f3a5f",
    "high": "#2073bc",
    "medium": "#6bace6",
    "low": "#b3d4f0",
    "very low": "#e6f0f9",
}
INK, GREY, LINE = "#0b0c0c", "#505a5f", "#d0d4d6"
OUTLINE = "#6f777b"
MAP_WIDTH = 560
# For up to five councils, which differ in shape as well.
COMPARED = {
    "#12436d": "circle",
    "#f46a25": "square",
    "#28a197": "triangle-up",
    "#801650": "diamond",
    "#3d3d3d": "cross",
}

_VIEWS = (("councils", "councils"), ("counties", "counties"), ("hexagons", "equal-size hexagons"))


@dataclass(frozen=True)
class Chart:
    """A chart, a summary for readers who cannot see it, and its data by council."""

    id: str
    title: str  # sentence case, what the chart shows
    summary: str  # for readers who do not see it
    spec: dict[str, Any]
    fields: tuple[str, ...]  # of each row, after the council's code
    layers: dict[str, dict[str, list[Any]]]  # rows by code, in one layer or several to choose from
    choices: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = ()  # (name, question, (value, label)…)
    legend: tuple[tuple[str, str], ...] = ()  # (colour, words)
    note: str = ""
    is_map: bool = False


# --- Maps ---------------------------------------------------------------------------------------------------------


def need_map(indexes: Sequence[Row], needs: Sequence[Row], place: str = "England") -> Chart:
    """Need in fifths under one index, or under several that the reader can choose from.

    indexes: {index_id, index_name}, the composite first; needs: {authority_code, index_id, need_band, need_rank,
    need_score} of the councils to draw; place: the area that they make up.
    """
    bands = list(BANDS)
    layers = {index["index_id"]: _need_rows(index, needs) for index in indexes}
    first = indexes[0]
    counts = [sum(row[0] == n for row in layers[first["index_id"]].values()) for n in range(len(bands))]
    layer = ("layer", "Need under", tuple((row["index_id"], row["index_name"]) for row in indexes))
    where = "" if place == "England" else f" in {place_name(place)}"
    subject = "need" if indexes[1:] else f"need under {first['index_name'].lower()}"
    return Chart(
        id="map",
        title=f"Where {subject} is highest{where}",
        summary=f"Map of the councils{where}, shaded by need band. {first['index_name']}: "
        + ", ".join(f"{count} {band}" for band, count in zip(bands, counts, strict=True))
        + ". The table has each council's rank.",
        spec=_map_spec(_NEED_FIELDS),
        fields=_NEED_FIELDS,
        layers=layers,
        choices=(*([layer] if indexes[1:] else []), _views(layers[first["index_id"]])),
        legend=tuple((colour, f"{band} need") for band, colour in BANDS.items()),
        note=_map_note(layers[first["index_id"]]),
        is_map=True,
    )


def indicator_map(indicator: Row, cells: Sequence[Row]) -> Chart:
    """An indicator's values in fifths. indicator: a row of dim_indicator; cells: its rows of indicator_score."""
    rows = _cell_rows(indicator, cells)
    fifths = [[cell for cell in cells if rows[cell["authority_code"]][0] == n] for n in range(len(BANDS))]
    words = [_range_words(indicator, fifth) for fifth in fifths]
    return Chart(
        id="map",
        title=f"{indicator['indicator_title']}: highest and lowest areas",
        summary=f"Map of the councils, shaded in fifths by need on this indicator: {indicator['indicator_title']}. "
        + "; ".join(f"{band} need: {text}" for band, text in zip(BANDS, words, strict=True) if text)
        + ". The table has each council's figure.",
        spec=_map_spec(_CELL_FIELDS),
        fields=_CELL_FIELDS,
        layers={"all": rows},
        choices=(_views(rows),),
        legend=tuple((c, f"{b} need: {w}") for (b, c), w in zip(BANDS.items(), words, strict=True) if w),
        note=f"Unit: {unit_name(indicator['unit'])}. {_map_note(rows)}",
        is_map=True,
    )


def _has_counties(codes: Iterable[str]) -> bool:
    """ONS codes of county councils begin with E10."""
    return any(code.startswith("E10") for code in codes)


def _views(codes: Iterable[str]) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """The choice of shapes. Without counties, their view would be the same as the first."""
    has_counties = _has_counties(codes)
    return "view", "Show as", tuple(view for view in _VIEWS if view[0] != "counties" or has_counties)


def _map_note(codes: Iterable[str]) -> str:
    outlines = " Dark outlines are counties." if _has_counties(codes) else ""
    return f"Each band holds a fifth of England's councils.{outlines} Select a council to open its page."


@cache
def _map_spec(fields: tuple[str, ...]) -> dict[str, Any]:
    """Shapes filled by `band` under the outlines of counties; chart.js adds the data."""
    scale = alt.Scale(domain=list(range(len(BANDS))), range=list(BANDS.values()))
    councils = (
        alt.Chart(alt.NamedData(name="rows"))
        .transform_calculate(words=f"{json.dumps(list(BANDS))}[datum.band]")
        .mark_geoshape(stroke=OUTLINE, strokeWidth=0.4, cursor="pointer")
        .encode(color=alt.Color("band:O", legend=None, scale=scale), href="href:N", tooltip=_tooltips(fields))
    )
    counties = alt.Chart(alt.NamedData(name="outlines")).mark_geoshape(
        fill=None, stroke=INK, strokeWidth=0.7, strokeOpacity=0.6
    )
    drawn = alt.layer(councils, counties).properties(width=MAP_WIDTH, height=MAP_WIDTH).project(type="identity")
    return _finished(drawn)


# --- Distributions ------------------------------------------------------------------------------------------------


def need_distribution(index: Row, needs: Sequence[Row]) -> Chart:
    """Scores of the councils, with a row of dots for each region or type.

    index: {index_id, index_name}; needs: as for need_map.
    """
    rows = _need_rows(index, needs)
    scores = sorted(score for _, _, score in rows.values())
    return Chart(
        id="distribution",
        title=f"{index['index_name']}: need scores by region and type of council",
        summary=f"A dot for each of {len(rows)} councils, by region or type, with need scores from {scores[0]} to "
        f"{scores[-1]}; 100 is the average.",
        spec=_strip_spec("score", _NEED_FIELDS) | _lines((100.0, "average")),
        fields=_NEED_FIELDS,
        layers={"all": rows},
        choices=(("by", "Group by", (("region", "region"), ("type", "type of council"))),),
        note="Each dot is a council, placed by need score. Select a dot to open its page.",
    )


def indicator_distribution(indicator: Row, cells: Sequence[Row], england: Row | None) -> Chart:
    """Values of the councils by region, compared with England's.

    indicator: a row of dim_indicator; cells: its rows of indicator_score; england: its row of indicator_benchmark.
    """
    rows = _cell_rows(indicator, cells)
    line = None if england is None else (england["value"], f"England {_figure(indicator, england['value'])}")
    values = sorted(cell["value"] for cell in cells)
    low, high = (_figure(indicator, value) for value in (values[0], values[-1]))
    return Chart(
        id="distribution",
        title=f"{indicator['indicator_title']}: how councils compare with {'England' if line else 'each other'}",
        summary=f"A dot for each of {len(rows)} councils, by region, from {low} to {high}"
        + (f"; {line[1]}." if line else "."),
        spec=_strip_spec("value", _CELL_FIELDS) | _lines(line),
        fields=_CELL_FIELDS,
        layers={"all": rows},
        note=f"Each dot is a council ({unit_name(indicator['unit'])}). Select a dot to open its page.",
    )


@cache
def _strip_spec(field: str, fields: tuple[str, ...]) -> dict[str, Any]:
    """Dots along `field`, in rows by region or by type, as the parameter `by` says, with reference lines as data."""
    dots = (
        alt.Chart(alt.NamedData(name="rows"))
        .transform_calculate(group="by == 'type' ? datum.kind : datum.region")
        .mark_circle(size=70, opacity=0.55, color=BANDS["high"], cursor="pointer")
        .encode(
            x=alt.X(f"{field}:Q", title=None).scale(zero=False).axis(tickCount=6),
            y=_row_axis("group:N"),
            href="href:N",
            tooltip=_tooltips(fields),
        )
    )
    lines = alt.Chart(alt.NamedData(name="lines")).encode(x=alt.X("at:Q", title=None))
    rules = lines.mark_rule(color=INK, strokeWidth=1.5)
    words = lines.mark_text(align="left", dx=4, dy=-8, baseline="bottom", color=INK, fontWeight="bold").encode(
        y=alt.value(0), text="what:N"
    )
    drawn = _in_rows(alt.layer(rules, dots, words), 225)
    return _finished(drawn.add_params(alt.param(name="by", value="region")))


def _lines(*lines: tuple[float, str] | None) -> dict[str, Any]:
    return {"datasets": {"lines": [{"at": line[0], "what": line[1]} for line in lines if line]}}


# --- Comparison ---------------------------------------------------------------------------------------------------


def compare_spec(names: Sequence[str]) -> dict[str, Any]:
    """Scores of the selected councils, with a row for each index; compare.js adds the data."""
    key = alt.Legend(title=None, orient="top", columns=2, labelLimit=220, symbolSize=130)
    dots = (
        alt.Chart(alt.NamedData(name="rows"))
        .mark_point(filled=True, size=130, opacity=0.9)
        .encode(
            x=alt.X("score:Q", title="Need score (100 = average)").scale(zero=False).axis(tickCount=6),
            y=_row_axis("index:N").sort(list(names)),
            color=alt.Color("council:N", sort=None, legend=key).scale(range=list(COMPARED)),
            shape=alt.Shape("council:N", sort=None, legend=key).scale(range=list(COMPARED.values())),
            tooltip=[
                alt.Tooltip("council:N", title="Council"),
                alt.Tooltip("index:N", title="Need under"),
                alt.Tooltip("score:Q", title="Score", format=".1f"),
                alt.Tooltip("rank:N", title="Rank (1 = highest need)"),
            ],
        )
    )
    average = alt.Chart(alt.InlineData([{"at": 100}])).mark_rule(color=INK, strokeWidth=1.5).encode(x="at:Q")
    return _finished(_in_rows(alt.layer(average, dots), 32 * len(names)))


# --- Parts --------------------------------------------------------------------------------------------------------

_NEED_FIELDS = ("band", "rank", "score")
_CELL_FIELDS = ("band", "value", "figure", "rank", "basis", "period")


def _need_rows(index: Row, needs: Sequence[Row]) -> dict[str, list[Any]]:
    bands = list(BANDS)
    return {
        row["authority_code"]: [bands.index(row["need_band"]), place(row), round(row["need_score"], 1)]
        for row in needs
        if row["index_id"] == index["index_id"]
    }


def _cell_rows(indicator: Row, cells: Sequence[Row]) -> dict[str, list[Any]]:
    return {
        cell["authority_code"]: [
            math.ceil(len(BANDS) * cell["need_rank"] / len(cells)) - 1,
            float(f"{cell['value']:.6g}"),
            _figure(indicator, cell["value"]),
            cell["need_rank"],
            in_words(cell["value_basis"]),
            period_words(cell["period_start_date"], cell["period_end_date"]),
        ]
        for cell in cells
    }


def _tooltips(fields: tuple[str, ...]) -> list[alt.Tooltip]:
    """What is shown about a council under the pointer."""
    shown = {
        "figure": alt.Tooltip("figure:N", title="Figure"),
        "score": alt.Tooltip("score:Q", title="Need score", format=".1f"),
        "rank": alt.Tooltip("rank:N", title="Rank (1 = highest need)"),
        "basis": alt.Tooltip("basis:N", title="Basis"),
        "period": alt.Tooltip("period:N", title="Period"),
    }
    return [alt.Tooltip("name:N", title="Council"), *(tip for name, tip in shown.items() if name in fields)]


def _figure(indicator: Row, value: float) -> str:
    return value_words(value, str(indicator["unit"]), indicator["decimals"])


def _range_words(indicator: Row, cells: Sequence[Row]) -> str:
    if not cells:
        return ""
    low, high = min(cell["value"] for cell in cells), max(cell["value"] for cell in cells)
    words = [_figure(indicator, value) for value in (low, high)]
    return words[0] if words[0] == words[1] else " to ".join(words)


def _row_axis(field: str) -> alt.Y:
    axis = alt.Axis(grid=True, ticks=False, domain=False, labelLimit=170, labelPadding=8)
    return alt.Y(field, title=None, axis=axis)


def _in_rows(chart: Any, height: int) -> Any:
    """As wide as the page allows. The height is in pixels, because Vega-Lite warns about heights per row."""
    return chart.properties(width="container", height=height, autosize=alt.AutoSizeParams("padding", type="fit-x"))


def _finished(chart: Any) -> dict[str, Any]:
    """The specification in the site's style. Vega adds no roles, as the page describes the chart in words."""
    text = {"labelFontSize": 14, "titleFontSize": 14, "labelColor": INK, "titleColor": INK, "titleFontWeight": "normal"}
    styled = chart.configure(font="Arial, Helvetica, sans-serif", background="transparent", aria=False)
    styled = styled.configure_mark(aria=False)
    styled = styled.configure_axis(**text, gridColor=LINE, domainColor=GREY, tickColor=GREY, titlePadding=8)
    styled = styled.configure_view(stroke=None).configure_legend(**text).configure_text(fontSize=14)
    spec: dict[str, Any] = styled.to_dict(validate=False)
    return spec
