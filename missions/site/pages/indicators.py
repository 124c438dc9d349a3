"""The pages of the indicators: their list, and one each with its map, figures, coverage and place in the index."""

from collections import Counter
from typing import Any

from missions.site import charts
from missions.site.data import Row, grouped
from missions.site.renderer import Files, Renderer
from missions.site.scripts import charts_script
from missions.site.tables import CELL_COLUMNS

AREA_COLUMNS = [
    "area_code",
    "area_name",
    "indicator_id",
    "unit",
    "higher_means",
    "value",
    "value_basis",
    "period_end_date",
]


def files(site: Renderer) -> Files:
    marts = site.marts
    yield site.render(
        "indicators.html",
        "indicators.html",
        "The indicators",
        [("Indicators", None)],
        missions=[(mission, marts.by_mission[mission["mission_id"]]) for mission in marts.missions],
    )
    yield "data/indicators.csv", site.csv(marts.indicators, [c for c in marts.indicators[0] if c != "page"])
    for indicator in marts.indicators:
        yield from _indicator_files(site, indicator)


def _indicator_files(site: Renderer, indicator: Row) -> Files:
    marts, id_ = site.marts, indicator["indicator_id"]
    cells = _cells(site, indicator)
    areas = [
        marts.benchmark[area, id_]
        for area in [marts.england_code, *(region["region_code"] for region in marts.regions)]
        if (area, id_) in marts.benchmark
    ]
    england = marts.benchmark.get((marts.england_code, id_))
    described = f"{indicator['indicator_title']} in England's councils: {indicator['definition']}"
    drawn = [
        charts.indicator_map(site.atlas, indicator, cells),
        charts.indicator_distribution(site.atlas, indicator, cells, england),
    ]
    yield f"data/indicator/{id_}.js", charts_script(drawn)
    yield site.render(
        indicator["page"],
        "indicator.html",
        indicator["indicator_title"],
        [
            ("Indicators", "indicators.html"),
            (indicator["mission_name"], f"mission/{indicator['mission_id']}.html"),
            (indicator["indicator_title"], None),
        ],
        indicator=indicator,
        description=described,
        dataset=site.dataset(
            indicator["indicator_title"], described, indicator["page"], {f"data/indicator/{id_}.csv": "All councils"}
        ),
        cells=cells,
        england=england,
        charts=drawn,
        areas=areas,
        **_coverage(indicator, cells),
        **_in_the_index(site, indicator),
    )
    # Without the comparisons that only councils' files have.
    columns = [c for c in CELL_COLUMNS if not c.startswith(("england_", "region_", "neighbours_"))]
    flat = [indicator | cell | cell["authority"] for cell in cells]
    yield f"data/indicator/{id_}.csv", site.csv(flat, columns)
    yield f"data/indicator/{id_}-areas.csv", site.csv([indicator | row for row in areas], AREA_COLUMNS)


def _cells(site: Renderer, indicator: Row) -> list[Row]:
    """The figures of all councils, highest need first."""
    more = indicator["higher_means"] == "more_need"
    cells = [
        cell | {"authority": site.marts.authority[cell["authority_code"]]}
        for cell in site.marts.cells_of_indicator[indicator["indicator_id"]]
    ]
    cells.sort(key=lambda c: (c["need_rank"], -c["value"] if more else c["value"], c["authority"]["authority_name"]))
    return cells


def _coverage(indicator: Row, cells: list[Row]) -> dict[str, Any]:
    """Which councils have their own figure, and why others do not."""
    gaps = grouped((cell for cell in cells if cell["value_basis"] != "published"), "value_basis", "value_basis_reason")
    return {
        "gaps": [
            (basis, reason, sorted(rows, key=lambda c: c["authority"]["authority_name"]))
            for (basis, reason), rows in sorted(gaps.items(), key=lambda item: (-len(item[1]), item[0]))
        ],
        "published": sum(cell["value_basis"] == "published" for cell in cells),
        "older": [cell for cell in cells if cell["period_end_date"] != indicator["latest_period_end_date"]],
        "limits": sum(cell["value_lower_95"] is not None for cell in cells),
    }


def _in_the_index(site: Renderer, indicator: Row) -> dict[str, Any]:
    """The indicator's effect on ranks, and its trends."""
    marts, id_ = site.marts, indicator["indicator_id"]
    directions = (marts.direction.get((authority["authority_code"], id_)) for authority in marts.authorities)
    return {
        "without": _without(site, id_),
        "trends": Counter(found["direction"] for found in directions if found).most_common(),
        "basket": marts.basket.get(id_),
    }


def _without(site: Renderer, indicator_id: str) -> Row | None:
    """How overall ranks change without the indicator."""
    rows = [row for row in site.marts.without.get(indicator_id, []) if row["composite_rank_change"]]
    if not rows:
        return None
    rows.sort(key=lambda r: (-abs(r["composite_rank_change"]), r["authority_code"]))
    middle = abs(rows[(len(rows) - 1) // 2]["composite_rank_change"])
    most = [row | {"authority": site.marts.authority[row["authority_code"]]} for row in rows[:3]]
    return {"moved": len(rows), "median": middle, "most": most}
