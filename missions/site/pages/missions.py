"""The pages of the missions: their list, and one each with its map, indicators, milestones and councils."""

from collections import Counter
from typing import Any

from missions.reading.sentences import mission_brief
from missions.reading.wording import place_name, type_words
from missions.site import charts
from missions.site.data import Marts, Row, grouped
from missions.site.renderer import Files, Renderer
from missions.site.scripts import charts_script
from missions.site.words import types_in_sentence

HIGHEST = 3  # councils named on the list of missions


def files(site: Renderer) -> Files:
    marts = site.marts
    yield site.render(
        "missions.html",
        "missions.html",
        "The five missions",
        [("Missions", None)],
        missions=[
            mission
            | {
                "most": marts.by_index[mission["mission_id"]][:HIGHEST],
                "flagged": sum(not row["is_mostly_published"] for row in marts.by_index[mission["mission_id"]]),
                "page": f"mission/{mission['mission_id']}.html",
                "rows": marts.by_mission[mission["mission_id"]],
            }
            for mission in marts.missions
        ],
    )
    for mission in marts.missions:
        yield from _mission_files(site, mission)


def _mission_files(site: Renderer, mission: Row) -> Files:
    marts, id_ = site.marts, mission["mission_id"]
    themes = [theme for theme in marts.themes if theme["mission_id"] == id_]
    indicators = grouped(marts.by_mission[id_], "theme_id")
    rows = [
        row | {"missions": [marts.theme_scores[row["authority_code"]][theme["theme_id"]] for theme in themes]}
        for row in site.ranked(id_)
    ]
    flagged = Counter(r["authority"]["authority_type"] for r in rows if not r["is_mostly_published"])
    of_type = Counter(r["authority"]["authority_type"] for r in rows)
    index = site.index(id_)
    drawn = [charts.need_map(site.atlas, [index], rows), charts.need_distribution(site.atlas, index, rows)]
    yield (
        f"data/themes/{id_}.csv",
        site.scores_csv(row for theme in themes for row in marts.by_theme[theme["theme_id"]]),
    )
    yield f"data/mission/{id_}.js", charts_script(drawn)
    yield site.render(
        f"mission/{id_}.html",
        "mission.html",
        mission["mission_name"],
        [("Missions", "missions.html"), (mission["mission_name"], None)],
        mission=mission,
        brief=mission_brief(mission["mission_name"], rows),
        highest=next(row for row in rows if not row["is_too_uncertain_to_place"])["authority"]["authority_name"],
        charts=drawn,
        rows=rows,
        themes=[
            (theme, indicators[theme["theme_id"]], marts.by_theme[theme["theme_id"]][:HIGHEST]) for theme in themes
        ],
        regions=[
            (group, row)
            for group in marts.groups
            if group.kind == "region"
            for row in group.summary
            if row["index_id"] == id_
        ],
        flagged=[_some_of_type(kind, count, of_type[kind]) for kind, count in flagged.most_common()],
        audit=_audit(marts, id_),
        milestones=site.milestones(None, id_),
    )


def _audit(marts: Marts, mission_id: str) -> dict[str, Any] | None:
    """What the mission's page shows of the audit: alpha, the correlation with deprivation, and a row per indicator."""
    rows = [row for row in marts.audit if row["mission_id"] == mission_id]
    if not rows:
        return None
    own = {row["statistic"]: row["value"] for row in rows if row["node_id"] == mission_id}
    indicators = [
        {
            "node_id": node,
            "node_name": some[0]["node_name"],
            "exceptions": [row for row in some if row["exception_reason"]],
            **{row["statistic"]: row for row in some},
        }
        for node, some in grouped((row for row in rows if row["is_indicator"]), "node_id").items()
    ]
    return {
        "alpha": own["cronbach_alpha"],
        "deprivation": own.get("rank_correlation_with_imd"),
        "indicators": sorted(indicators, key=lambda row: -row["correlation_with_rest"]["value"]),
    }


def _some_of_type(kind: str, count: int, of_type: int) -> str:
    """Councils of one type, such as "12 of 164 districts"; a type with a single council by its name."""
    if of_type == 1:
        return place_name(type_words(kind))
    return f"{'all' if count == of_type else f'{count} of'} {of_type} {types_in_sentence(kind)}"
