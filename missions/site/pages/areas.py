"""The pages of areas and types of council: regions, combined authorities, integrated care boards, and their list."""

from missions.reading.sentences import area_brief
from missions.reading.wording import TYPES_PLURAL, place_name
from missions.site import charts
from missions.site.area_files import csv_of, rows_of, workbook_of
from missions.site.data import COMPOSITE, Group
from missions.site.renderer import KINDS, Files, Renderer
from missions.site.scripts import charts_script
from missions.site.words import councils_of, group_name, types_in_sentence

# What kind of area a page is about, as some areas of several kinds share a name.
KIND_WORDS = {
    "region": "region",
    "combined-authority": "combined authority",
    "integrated-care-board": "NHS area",
    "type": "type of council",
}


def files(site: Renderer) -> Files:
    yield site.render(
        "areas.html",
        "areas.html",
        "Regions, combined authorities and types of council",
        [("Areas", None)],
        groups=[(KINDS[kind], groups) for kind, groups in _groups_by_kind(site).items()],
    )
    for group in site.marts.groups:
        yield from _group_files(site, group)


def _group_files(site: Renderer, group: Group) -> Files:
    folder = f"data/{group.page.removesuffix('.html')}"
    rows = site.ranked(COMPOSITE, group.members)
    name = group_name(group)
    of_kind = [other for other in site.marts.groups if other.kind == group.kind and other.summary]
    chart = None
    if group.kind != "type":
        chart = charts.need_map(site.atlas, site.indices, site.needs(site.marts.indices, group.members), group.name)
        yield f"{folder}.js", charts_script([chart])
    yield site.render(
        group.page,
        "group.html",
        f"{name}, {KIND_WORDS[group.kind]}",
        [("Areas", "areas.html"), (name, None)],
        group=group,
        brief=area_brief(
            _which(group),
            KINDS[group.kind].lower(),
            rows,
            [row | {"index_name": site.marts.indices[row["index_id"]]} for row in group.summary],
            [other.summary[0]["population_weighted_need_score"] for other in of_kind if other.members],
            site.councils,
        ),
        chart=chart,
        name=name,
        councils_words=councils_of(group),
        rows=rows,
        smaller=sum(row.get("authorities_in_smaller_part", 0) for row in group.summary[:1]),
        population=sum(a["population"] for a in group.members if a["is_in_reference_set"]),
        missions=site.marts.missions,
        indices=site.marts.indices,
    )
    if group.kind == "combined-authority" and group.members:
        figures = rows_of(site, group)
        yield f"{folder}-indicators.csv", csv_of(site, figures)
        yield f"{folder}-indicators.xlsx", workbook_of(figures, group.name, site.publication_id)
    yield f"{folder}.csv", site.scores_csv(site.needs(site.marts.indices, group.members))
    if group.summary:
        yield f"{folder}-summary.csv", site.csv(site.with_polarity(group.summary), ["higher_means", *group.summary[0]])


def _which(group: Group) -> str:
    """The councils of a group after their number, in a sentence."""
    if group.kind == "type":
        return types_in_sentence(group.name) if group.name in TYPES_PLURAL else "councils"
    if group.kind == "integrated-care-board":
        return f"councils in the area of {group.name}"
    return f"councils in {place_name(group.name)}"


def _groups_by_kind(site: Renderer) -> dict[str, list[Group]]:
    groups: dict[str, list[Group]] = {}
    for group in site.marts.groups:
        groups.setdefault(group.kind, []).append(group)
    return groups
