"""The charts of the Superset dashboard: what each shows, of which data set, and how.

Belongs here: Superset's names for the settings of its chart types.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Chart:
    """A chart: its data set, Superset's type, settings of that type, and its size on the dashboard of 12 columns."""

    name: str
    title: str
    description: str
    dataset: str
    kind: str
    columns: list[str]
    metrics: list[str]
    settings: dict[str, Any]
    order: tuple[str, bool] | None = None  # a metric, and whether it ascends
    width: int = 6
    height: int = 50
    is_chosen_by_index: bool = True  # the dashboard's filter for the index applies


_TABLE = {"query_mode": "aggregate", "include_search": True, "show_cell_bars": False, "page_length": 20}
_BAR = {"x_axis_sort_asc": True, "show_value": True, "rich_tooltip": True, "show_legend": True}
# The lines of the map are longitudes and latitudes; it draws no tiles, so it asks no other server for anything.
_MAP: dict[str, Any] = {
    "line_column": "outline",
    "line_type": "json",
    "filled": True,
    "stroked": False,
    "extruded": False,
    "opacity": 90,
    "linear_color_scheme": "schemeYlOrRd",
    "num_buckets": "5",
    "legend_position": "tr",
    "legend_format": ".0f",
    "map_style": "",
    "mapbox_style": "",
    "autozoom": False,
    "viewport": {"longitude": -1.9, "latitude": 52.8, "zoom": 5.4, "bearing": 0, "pitch": 0},
    "js_columns": ["authority_name"],
    "color_picker": {"r": 120, "g": 0, "b": 0, "a": 1},
    "fill_color_picker": {"r": 220, "g": 120, "b": 60, "a": 1},
    "stroke_color_picker": {"r": 255, "g": 255, "b": 255, "a": 1},
    "line_width": 1,
    "line_width_unit": "pixels",
}

CHARTS = (
    Chart(
        "ranks",
        "Councils by need, with the range of each rank",
        "Highest need first. In 90% of recalculations with other fair methods, and allowing for errors in the data, "
        "the rank stays within the range. Select a council to see its card.",
        "need",
        "table",
        ["authority_name", "region_name"],
        ["rank", "rank_low", "rank_high", "score"],
        _TABLE,
        ("rank", True),
        width=7,
        height=70,
    ),
    Chart(
        "map",
        "Need on the map",
        "The councils that cover England without overlap, so no counties; darker is higher need.",
        "outlines",
        "deck_polygon",
        ["outline", "authority_name"],
        ["need"],
        _MAP,
        width=5,
        height=70,
    ),
    Chart(
        "regions",
        "Share of each region's councils with very high need",
        "Very high need means among the fifth of England's councils with the highest need.",
        "regions",
        "echarts_timeseries_bar",
        ["region_name"],
        ["share_highest_fifth"],
        _BAR | {"x_axis": "region_name", "y_axis_format": ".0%", "orientation": "horizontal", "show_legend": False},
        ("share_highest_fifth", False),
    ),
    Chart(
        "card",
        "A council's card",
        "Ranks and scores on each index. Select a council above or in the filter; without one, ranks are empty.",
        "need",
        "table",
        ["index_name"],
        ["rank", "rank_low", "rank_high", "score", "published"],
        _TABLE,
        ("rank", True),
        is_chosen_by_index=False,
    ),
    Chart(
        "drivers",
        "What raises and lowers need",
        "Each indicator's figure and the points it adds to the need score for all missions. Select a council.",
        "indicators",
        "table",
        ["mission_name", "indicator_title", "unit"],
        ["figure", "indicator_rank", "points"],
        _TABLE,
        ("points", False),
        width=7,
        height=70,
        is_chosen_by_index=False,
    ),
    Chart(
        "indicator",
        "One indicator, all councils",
        "Choose an indicator in the filter.",
        "indicators",
        "table",
        ["authority_name", "region_name"],
        ["figure", "indicator_rank"],
        _TABLE,
        ("indicator_rank", True),
        width=5,
        height=70,
        is_chosen_by_index=False,
    ),
    Chart(
        "coverage",
        "Where the figures come from",
        "Figures by mission and basis: published for the council alone, or worked out as the method page describes.",
        "coverage",
        "echarts_timeseries_bar",
        ["mission_name", "value_basis"],
        ["figures"],
        _BAR | {"x_axis": "mission_name", "groupby": ["value_basis"], "stack": "Stack", "y_axis_format": ",d"},
        width=8,
        is_chosen_by_index=False,
    ),
    Chart(
        "own",
        "Figures published for the council alone",
        "Share of all figures, of the councils selected.",
        "coverage",
        "big_number_total",
        [],
        ["own_figures"],
        {"metric": "own_figures", "y_axis_format": ".0%"},
        width=4,
        is_chosen_by_index=False,
    ),
)
ROWS = (("ranks", "map"), ("regions", "card"), ("drivers", "indicator"), ("coverage", "own"))
