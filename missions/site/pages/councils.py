"""The pages of the councils, with scores, indicators, peers, milestones and changes, and their data files."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from missions.reading.certainty import certainty_of_figure
from missions.reading.sentences import brief, change_by_mission, lead, missions_heading
from missions.reading.wording import PEER_WORDS, listed
from missions.site.data import COMPOSITE, Row, by, grouped
from missions.site.marks import edition_line, sparkline
from missions.site.renderer import KINDS, Files, Renderer
from missions.site.tables import CELL_COLUMNS, CONTRIBUTION_COLUMNS

DRIVERS = 5  # indicators that raise and lower a council's need most
NEEDIEST = 10  # neighbourhoods listed
# Rank 1 is the highest need, whatever the direction of an indicator. The ranks under each part follow.
SMALL_AREA_COLUMNS = [
    "authority_code",
    "small_area_code",
    "small_area_title",
    "ward_name",
    "higher_means",
    "residents",
    "need_rank",
    "ranked_small_areas",
    "need_decile",
]
TREND_COLUMNS = [
    "authority_code",
    "indicator_id",
    "period_start_date",
    "period_end_date",
    "value",
    "value_lower_95",
    "value_upper_95",
    "value_basis",
]


def files(site: Renderer) -> Files:
    for authority in site.marts.authorities:
        yield from council_files(site, authority)


def council_files(site: Renderer, authority: Row) -> Files:
    """The page of one council and the files beside it. authority: a row of dim_authority with its `page`."""
    cells = _cells(site, authority)
    region = site.group_of["region", authority["region_code"]]
    yield site.render(
        authority["page"],
        "authority.html",
        authority["authority_name"],
        [(KINDS["region"], "areas.html"), (region.name, region.page), (authority["authority_name"], None)],
        authority=authority,
        **_words(site, authority),
        card=authority["card"],
        description=lead(authority["authority_name"], site.marts.scores[authority["authority_code"]][COMPOSITE]),
        **_places(site, authority),
        **_need(site, authority),
        **_figures(site, authority, cells),
        **_peers(site, authority),
        **_inside(site, authority),
        **_over_time(site, authority),
    )
    yield from _csv_files(site, authority, cells)


def _csv_files(site: Renderer, authority: Row, cells: list[Row]) -> Files:
    marts, code, folder = site.marts, authority["authority_code"], f"data/authority/{authority['slug']}"
    yield f"{folder}.csv", site.csv(cells, CELL_COLUMNS)
    adds = {row["node_id"]: row for row in marts.explanation.get(code, []) if row["level"] in (COMPOSITE, "mission")}
    contributions = [
        row | {name: value for name, value in adds.get(row["index_id"], {}).items() if name in CONTRIBUTION_COLUMNS}
        for row in marts.scores[code].values()
    ]
    yield f"{folder}-scores.csv", site.scores_csv(contributions)
    yield f"{folder}-themes.csv", site.scores_csv(marts.theme_scores[code].values())
    trend = [
        point
        for indicator in marts.indicators
        if len(points := marts.trend.get((code, indicator["indicator_id"]), [])) > 1
        for point in points
    ]
    yield f"{folder}-trend.csv", site.csv(trend, TREND_COLUMNS)
    if small_areas := marts.small_areas.get(code, []):
        # A county's file lists only the first, with the codes of their districts, whose files have all.
        listed = small_areas[:NEEDIEST] if _districts(site, code) else small_areas
        of_how_many = {"ranked_small_areas": marts.small_areas_of_england}
        columns = [*SMALL_AREA_COLUMNS, *(f"{part}_rank" for part in marts.parts)]
        yield f"{folder}-small-areas.csv", site.csv([row | of_how_many for row in listed], columns)


def _cells(site: Renderer, authority: Row) -> list[Row]:
    """A council's indicators, each with its trend and the figures of England, its region and its neighbours."""
    marts, code = site.marts, authority["authority_code"]
    _, peers = marts.neighbours(authority)
    explained = by((r for r in marts.explanation.get(code, []) if r["level"] == "indicator"), "node_id")
    rows = []
    for indicator in marts.indicators:
        id_ = indicator["indicator_id"]
        cell = marts.cell[code, id_]
        england = marts.benchmark.get((marts.england_code, id_))
        region = marts.benchmark.get((authority["region_code"], id_))
        source = marts.source.get(cell["source_id"], {})
        rows.append(
            {
                **cell,
                "authority_name": authority["authority_name"],
                "indicator": indicator,
                "indicator_title": indicator["indicator_title"],
                "unit": indicator["unit"],
                "higher_means": indicator["higher_means"],
                "england": england,
                "region": region,
                **{f"england_{k}": england[k] for k in ("value", "value_basis", "period_end_date") if england},
                **{f"region_{k}": region[k] for k in ("value", "value_basis", "period_end_date") if region},
                "neighbours_mean": _mean(marts.cell[peer, id_]["value"] for peer in peers),
                "trend": sparkline(marts.trend.get((code, id_), []), indicator["unit"], indicator["decimals"]),
                "direction": marts.direction.get((code, id_)),
                "explained": explained.get(id_),
                **_certain(cell, explained.get(id_), marts.direction.get((code, id_))),
                "publisher": source.get("publisher") or indicator["publisher"],
                "landing_page": indicator["landing_page"],
            }
        )
    return rows


def _certain(cell: Row, explained: Row | None, direction: Row | None) -> Row:
    """How sure the figure is, and the filters that show it: w for worse than England, g, getting worse; b, borrowed."""
    compared = explained["england_comparison"] if explained else None
    is_own = cell["value_basis"] == "published"
    flags = {
        "w": compared == "higher need",
        "g": direction is not None and direction["direction"] == "rising need",
        "b": not is_own,
    }
    return {
        "certainty": certainty_of_figure(cell["value_basis"], compared),
        "flags": "".join(flag for flag, is_so in flags.items() if is_so),
    }


def _mean(values: Iterable[float]) -> float | None:
    """Their mean to nine significant digits; further digits would be rounding error."""
    found = list(values)
    return float(f"{sum(found) / len(found):.9g}") if found else None


# --- What the page is given -------------------------------------------------------------------------------------------


# The sections of the page that every council has; others come between them where there are data.
CONTENTS = (
    ("brief", "In brief"),
    ("scores", "Missions"),
    ("themes", "Themes"),
    ("why", "What drives it"),
    ("indicators", "Indicators"),
    ("inside", "Within it"),
    ("editions", "Over time"),
    ("milestones", "Milestones"),
    ("changes", "Latest changes"),
    ("peers", "Similar councils"),
)


def _words(site: Renderer, authority: Row) -> dict[str, Any]:
    """The sentences about the council, and the sections that its page has."""
    marts, code = site.marts, authority["authority_code"]
    facts = marts.facts[code]
    sentences = brief(facts)
    has = {
        "inside": marts.inequality.get(code),
        "editions": marts.editions.get((code, COMPOSITE)) or facts.editions,
        "milestones": marts.milestones,
        "changes": marts.changes_of.get(code),
    }
    return {
        "brief": sentences,
        "drivers": next((sentence for sentence in sentences if sentence.kind == "drivers"), None),
        "missions_heading": missions_heading(facts),
        "change_by_mission": change_by_mission(facts),
        "contents": [(id_, words) for id_, words in CONTENTS if has.get(id_, True)],
    }


def _places(site: Renderer, authority: Row) -> dict[str, Any]:
    """The areas that the council is part of, and caveats about its figures."""
    kinds = (
        ("type", "authority_type"),
        ("region", "region_code"),
        ("combined-authority", "combined_authority_code"),
        ("integrated-care-board", "integrated_care_board_code"),
    )
    return {
        "groups": [group for kind, key in kinds if (group := site.group_of.get((kind, authority[key])))],
        "of_type": sum(a["authority_type"] == authority["authority_type"] for a in site.marts.authorities),
        "county": site.marts.authority.get(authority["county_code"]),
        "districts": _districts(site, authority["authority_code"]),
        "warnings": _warnings(site, authority),
    }


def _districts(site: Renderer, code: str) -> list[Row]:
    return [authority for authority in site.marts.authorities if authority["county_code"] == code]


def _need(site: Renderer, authority: Row) -> dict[str, Any]:
    """Scores and ranks, overall and by mission, and what each mission adds."""
    marts, code = site.marts, authority["authority_code"]
    scores = list(marts.scores[code].values())
    overall, *_ = scores
    return {
        "scores": scores,
        "themes": list(marts.theme_scores[code].values()),
        "overall": overall,
        "choices": marts.choices.get(code, []),
        "breakdown": [row for row in marts.explanation.get(code, []) if row["level"] == "mission"],
        "whole": _whole(site, code),
    }


def _whole(site: Renderer, code: str) -> Row | None:
    """The explanation of the overall rank."""
    return next((row for row in site.marts.explanation.get(code, []) if row["level"] == COMPOSITE), None)


def _figures(site: Renderer, authority: Row, cells: list[Row]) -> dict[str, Any]:
    """The indicators, those that drive the rank, and what would change its band."""
    order = sorted(cells, key=lambda cell: -cell["contribution"])
    return {
        "raising": [cell for cell in order if cell["contribution"] > 0][:DRIVERS],
        "lowering": [cell for cell in reversed(order) if cell["contribution"] < 0][:DRIVERS],
        "moves": _moves(cells, _whole(site, authority["authority_code"])),
        "by_mission": [(site.marts.mission[m], rows) for m, rows in grouped(cells, "mission_id").items()],
        "bases": Counter(cell["value_basis"] for cell in cells),
        "publishers": _publishers(cells),
    }


def _publishers(cells: Iterable[Row]) -> list[str]:
    """The publishers of these figures, each once; whoever it had them from is in brackets."""
    found: dict[str, set[str]] = {}
    for name in {p for cell in cells for p in cell["publisher"].replace("|", "; ").split("; ")}:
        publisher, _, origin = name.partition(", sourced from ")
        found.setdefault(publisher, set()).update({origin} - {""})
    return [f"{name} (with {listed(sorted(others))})" if others else name for name, others in sorted(found.items())]


def _moves(cells: list[Row], whole: Row | None) -> list[Row]:
    """The smallest change in one indicator that would move the council up or down a band."""
    if whole is None:
        return []
    moves = []
    for way in ("needier_band", "less_needy_band"):
        points = whole[f"points_to_{way}"]
        orders = {c["explained"][f"{way}_change_order"]: c for c in cells if c["explained"]}
        cell = orders.get(1)
        if points is not None:
            moves.append(
                {
                    "way": way,
                    "points": points,
                    "cell": cell,
                    "value": cell["explained"][f"{way}_value"] if cell else None,
                    "rank": cell["explained"][f"{way}_need_rank"] if cell else None,
                }
            )
    return moves


def _peers(site: Renderer, authority: Row) -> dict[str, Any]:
    """The most similar councils by the main model, and by other models that are not variants of it."""
    marts, code = site.marts, authority["authority_code"]
    model, peers = marts.neighbours(authority)
    models = grouped(marts.peers.get(code, []), "peer_model")
    return {
        "peer_words": PEER_WORDS.get(model, model),
        "peers": [marts.scores[peer][COMPOSITE] | {"comparison": marts.comparison.get((code, peer))} for peer in peers],
        "other_peers": [
            (PEER_WORDS[other], [marts.authority[row["peer_code"]] for row in rows])
            for other, rows in models.items()
            if other != model and other in ("dfe", "open")
        ],
    }


def _inside(site: Renderer, authority: Row) -> dict[str, Any]:
    """Need in the neighbourhoods within the council."""
    marts, code = site.marts, authority["authority_code"]
    small_areas = marts.small_areas.get(code, [])
    tenths = Counter(row["need_decile"] for row in small_areas)
    return {
        "inequality": marts.inequality.get(code),
        "parts": marts.parts,
        "tenths": [(tenth, tenths[tenth], tenths[tenth] / len(small_areas)) for tenth in range(1, 11) if small_areas],
        "neediest": small_areas[:NEEDIEST],
        "small_area_indicators": marts.small_area_indicators,
        "small_areas_of_england": marts.small_areas_of_england,
    }


def _over_time(site: Renderer, authority: Row) -> dict[str, Any]:
    """The trend over comparable years, national milestones, and changes since the previous publication."""
    marts, code = site.marts, authority["authority_code"]
    editions = [
        {
            "name": name,
            "first": rows[0],
            "last": rows[-1],
            "mark": edition_line(rows),
            "is_whole": index_id == COMPOSITE,
        }
        for index_id, name in marts.indices.items()
        if (rows := marts.editions.get((code, index_id)))
    ]
    missions = [edition for edition in editions if not edition["is_whole"]]
    for edition in editions:
        if edition["is_whole"]:
            edition["name"] = f"All that can be compared ({len(missions)} of {len(marts.missions)} missions)"
    return {
        "editions": [*missions, *(edition for edition in editions if edition["is_whole"])],
        "compared_indicators": sum(edition["last"]["indicators"] for edition in missions),
        "milestones": site.milestones(authority),
        "changes": marts.changes_of.get(code, []),
    }


def _warnings(site: Renderer, authority: Row) -> list[tuple[str, list[Row]]]:
    """Caveats that name this council, with the indicators that they apply to."""
    name = authority["authority_name"].removeprefix("Isles of ")
    longer = [a["authority_name"] for a in site.marts.authorities if name in a["authority_name"] and a is not authority]
    found: dict[str, list[Row]] = {}
    for indicator in site.marts.indicators:
        for caveat in (indicator["caveat"], indicator["source_caveat"]):
            if caveat and _names(caveat, name, longer):
                found.setdefault(caveat, []).append(indicator)
                break
    return list(found.items())


def _names(caveat: str, name: str, longer: Iterable[str]) -> bool:
    """Whether a caveat names this council, not just one whose name contains its name."""
    for other in longer:
        caveat = caveat.replace(other, "")
    return re.search(rf"\b{re.escape(name)}\b", caveat) is not None
