"""The pages of the missions: their list, and one each with its map, indicators, milestones and councils."""

from collections import Counter

from missions.reading.wording import place_name, type_words
from missions.site import charts
from missions.site.data import Row, grouped
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
    drawn = [charts.need_map([index], rows), charts.need_distribution(index, rows)]
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
        audit=grouped((row for row in marts.audit if row["mission_id"] == id_), "statistic"),
        milestones=site.milestones(None, id_),
    )


def _some_of_type(kind: str, count: int, of_type: int) -> str:
    """Councils of one type, such as "12 of 164 districts"; a type with a single council by its name."""
    if of_type == 1:
        return place_name(type_words(kind))
    return f"{'all' if count == of_type else f'{count} of'} {of_type} {types_in_sentence(kind)}"
