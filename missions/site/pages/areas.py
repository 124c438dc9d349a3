"""The pages of areas and types of council: regions, combined authorities, integrated care boards, and their list."""

from collections import Counter

from missions.site import charts
from missions.site.data import COMPOSITE, Group
from missions.site.renderer import KINDS, Files, Renderer
from missions.site.scripts import charts_script
from missions.site.words import councils_of, group_name


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
    chart = None
    if group.kind != "type":
        chart = charts.need_map(site.indices, site.needs(site.marts.indices, group.members), group.name)
        yield f"{folder}.js", charts_script([chart])
    yield site.render(
        group.page,
        "group.html",
        name,
        [("Areas", "areas.html"), (name, None)],
        group=group,
        chart=chart,
        name=name,
        councils_words=councils_of(group),
        rows=rows,
        smaller=sum(row.get("authorities_in_smaller_part", 0) for row in group.summary[:1]),
        by_band=Counter(row["need_band"] for row in rows),
        population=sum(a["population"] for a in group.members if a["is_in_reference_set"]),
        missions=site.marts.missions,
        indices=site.marts.indices,
    )
    yield f"{folder}.csv", site.scores_csv(site.needs(site.marts.indices, group.members))
    if group.summary:
        yield f"{folder}-summary.csv", site.csv(site.with_polarity(group.summary), ["higher_means", *group.summary[0]])


def _groups_by_kind(site: Renderer) -> dict[str, list[Group]]:
    groups: dict[str, list[Group]] = {}
    for group in site.marts.groups:
        groups.setdefault(group.kind, []).append(group)
    return groups
