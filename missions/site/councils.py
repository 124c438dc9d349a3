"""The pages of the councils: each with its scores, indicators, peers, milestones and changes, and their files.

Belongs here: what a council's page is given. Its look is templates/authority.html.
"""

import re
from collections import Counter
from collections.abc import Iterable

from missions.reading.wording import PEER_WORDS
from missions.site.data import COMPOSITE, Row, by, grouped, mean
from missions.site.renderer import KINDS, Files, Renderer
from missions.site.tables import CELL_COLUMNS, CONTRIBUTION_COLUMNS, SMALL_AREA_COLUMNS, TREND_COLUMNS, as_csv
from missions.site.words import edition_line, sparkline

DRIVERS = 5  # indicators that raise and lower a council's need most
NEEDIEST = 10  # small areas listed


def _cells(site: Renderer, authority: Row) -> list[Row]:
    """A council's indicators, each with England, its region, its neighbours and its trend."""
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
                "neighbours_mean": mean(marts.cell[peer, id_]["value"] for peer in peers),
                "trend": sparkline(marts.trend.get((code, id_), []), indicator["unit"]),
                "direction": marts.direction.get((code, id_)),
                "explained": explained.get(id_),
                "publisher": source.get("publisher") or indicator["publisher"],
                "landing_page": indicator["landing_page"],
            }
        )
    return rows


def council_files(site: Renderer, authority: Row) -> Files:
    marts, code = site.marts, authority["authority_code"]
    scores = list(marts.scores[code].values())
    overall, *missions = scores
    cells = _cells(site, authority)
    model, peers = marts.neighbours(authority)
    order = sorted(cells, key=lambda cell: -cell["contribution"])
    raising = [cell for cell in order if cell["contribution"] > 0][:DRIVERS]
    lowering = [cell for cell in reversed(order) if cell["contribution"] < 0][:DRIVERS]
    explanation = marts.explanation.get(code, [])
    districts = [a for a in marts.authorities if a["county_code"] == code]
    small_areas = marts.small_areas.get(code, [])
    tenths = Counter(row["need_decile"] for row in small_areas)
    whole = next((row for row in explanation if row["level"] == COMPOSITE), None)
    page, text = site.render(
        authority["page"],
        "authority.html",
        authority["authority_name"],
        [
            (KINDS["region"], "areas.html"),
            _crumb(site, "region", authority["region_code"]),
            (authority["authority_name"], None),
        ],
        authority=authority,
        overall=overall,
        missions=missions,
        scores=scores,
        needy=sorted(missions, key=lambda row: row["need_rank"]),
        of_type=sum(a["authority_type"] == authority["authority_type"] for a in marts.authorities),
        groups=[
            group
            for kind, key in (
                ("type", "authority_type"),
                ("region", "region_code"),
                ("combined-authority", "combined_authority_code"),
                ("integrated-care-board", "integrated_care_board_code"),
            )
            if (group := site.group_of.get((kind, authority[key])))
        ],
        county=next((a for a in marts.authorities if a["authority_code"] == authority["county_code"]), None),
        districts=districts,
        choices=marts.choices.get(code, []),
        by_mission=[(marts.mission[m], rows) for m, rows in grouped(cells, "mission_id").items()],
        raising=raising,
        lowering=lowering,
        whole=whole,
        moves=_moves(cells, whole),
        bases=Counter(cell["value_basis"] for cell in cells),
        warnings=_warnings(site, authority),
        publishers=sorted({p for cell in cells for p in cell["publisher"].replace("|", "; ").split("; ")}),
        peer_words=PEER_WORDS.get(model, model),
        peers=[marts.scores[peer][COMPOSITE] | {"comparison": marts.comparison.get((code, peer))} for peer in peers],
        other_peers=_other_peers(site, code, model),
        breakdown=[row for row in explanation if row["level"] == "mission"],
        changes=marts.changes_of.get(code, []),
        inequality=marts.inequality.get(code),
        parts=marts.parts,
        tenths=[(tenth, tenths[tenth], tenths[tenth] / len(small_areas)) for tenth in range(1, 11) if small_areas],
        neediest=small_areas[:NEEDIEST],
        small_area_indicators=marts.small_area_indicators,
        small_areas_of_england=marts.small_areas_of_england,
        milestones=site.milestones(authority),
        editions=[
            {"name": name, "first": rows[0], "last": rows[-1], "mark": edition_line(rows)}
            for index_id, name in marts.indices.items()
            if (rows := marts.editions.get((code, index_id)))
        ],
    )
    yield page, text
    folder = f"data/authority/{authority['slug']}"
    yield f"{folder}.csv", as_csv(cells, CELL_COLUMNS)
    adds = {row["node_id"]: row for row in explanation if row["level"] in (COMPOSITE, "mission")}
    contributions = [
        row | {name: value for name, value in adds.get(row["index_id"], {}).items() if name in CONTRIBUTION_COLUMNS}
        for row in scores
    ]
    yield f"{folder}-scores.csv", site.scores_csv(contributions)
    trend = [
        point | {"direction": 1 if indicator["higher_means"] == "more_need" else -1}
        for indicator in marts.indicators
        if len(points := marts.trend.get((code, indicator["indicator_id"]), [])) > 1
        for point in points
    ]
    yield f"{folder}-trend.csv", as_csv(trend, TREND_COLUMNS)
    if small_areas:
        # A county's are in the files of its districts, whose codes stand in its own.
        columns = ["authority_code", *SMALL_AREA_COLUMNS] if districts else SMALL_AREA_COLUMNS
        ranks = [f"{part}_rank" for part in marts.parts]
        listed = small_areas[:NEEDIEST] if districts else small_areas
        yield f"{folder}-small-areas.csv", as_csv(listed, [*columns, *ranks])


def _crumb(site: Renderer, kind: str, code: str) -> tuple[str, str | None]:
    group = site.group_of[kind, code]
    return group.name, group.page


def _warnings(site: Renderer, authority: Row) -> list[tuple[str, list[Row]]]:
    """Caveats that name this council, with the indicators that they concern."""
    name = authority["authority_name"].removeprefix("Isles of ")
    longer = [a["authority_name"] for a in site.marts.authorities if name in a["authority_name"] and a is not authority]
    found: dict[str, list[Row]] = {}
    for indicator in site.marts.indicators:
        for caveat in (indicator["caveat"], indicator["source_caveat"]):
            if caveat and _names(caveat, name, longer):
                found.setdefault(caveat, []).append(indicator)
                break
    return list(found.items())


def _moves(cells: list[Row], whole: Row | None) -> list[Row]:
    """The smallest change of one indicator that moves the council a band, each way."""
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


def _other_peers(site: Renderer, code: str, model: str) -> list[tuple[str, list[Row]]]:
    """Peers under the other models that are not variants of the first."""
    models = grouped(site.marts.peers.get(code, []), "peer_model")
    return [
        (PEER_WORDS[other], [site.marts.authority[row["peer_code"]] for row in rows])
        for other, rows in models.items()
        if other != model and other in ("dfe", "open")
    ]


def _names(caveat: str, name: str, longer: Iterable[str]) -> bool:
    """Whether a caveat names the council itself, and not only one whose name contains its name."""
    for other in longer:
        caveat = caveat.replace(other, "")
    return re.search(rf"\b{re.escape(name)}\b", caveat) is not None
