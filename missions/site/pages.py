"""Which pages and files the site has; the front page, missions, indicators and areas.

Belongs here: the list of all pages, and what these are given. Does not: SQL (data.py), HTML (templates/), charts
(charts.py), the pages of councils (councils.py) and those about the index (reference.py).
"""

from collections import Counter

from missions.reading.wording import TYPES_PLURAL, type_words
from missions.site import charts
from missions.site.councils import council_files
from missions.site.data import COMPOSITE, Group, Row, grouped
from missions.site.reference import reference_files, search_script
from missions.site.renderer import KINDS, Files, Renderer
from missions.site.tables import AREA_COLUMNS, CELL_COLUMNS, as_csv
from missions.site.words import listed, number, the_region

ENDS = 10  # councils at either end of a list


def site_files(site: Renderer) -> Files:
    """Every page and file of the site, by its path."""
    yield from front(site)
    for authority in site.marts.authorities:
        yield from council_files(site, authority)
    yield from mission_pages(site)
    yield from indicator_pages(site)
    yield from area_pages(site)
    yield from reference_files(site)
    yield "data/search.js", search_script(site)
    yield from scripts(site)


def front(site: Renderer) -> Files:
    rows = site.ranked(COMPOSITE)
    regions = [group for group in site.marts.groups if group.kind == "region"]
    indices = [site.index(index_id) for index_id in site.marts.indices]
    chart = charts.need_map(indices, site.needs(site.marts.indices))
    yield site.render(
        "index.html",
        "index.html",
        "Need in the councils of England under five missions",
        [],
        rows=rows,
        most=rows[:ENDS],
        least=rows[-ENDS:],
        missions=site.marts.missions,
        regions=regions,
        picture=_regional_picture(site, regions),
        chart=chart,
    )
    yield "data/index.js", charts.script([chart])
    for index_id in site.marts.indices:
        yield f"data/index/{index_id}.csv", site.scores_csv(site.marts.by_index[index_id])
    summaries = [row for group in regions for row in group.summary]
    yield "data/regions.csv", as_csv(site.with_polarity(summaries), ["higher_means", *summaries[0]])


def _regional_picture(site: Renderer, regions: list[Group]) -> list[str]:
    """What the map shows, in sentences made from region_summary."""
    rows = [group.summary[0] for group in regions]
    rows.sort(key=lambda r: (-r["share_in_most_needy_fifth"], r["region_name"]))
    total = sum(row["in_most_needy_fifth"] for row in rows)
    top, most = rows[0], max(rows, key=lambda r: r["in_most_needy_fifth"])
    none = [row["region_name"] for row in rows if row["in_most_needy_fifth"] == 0]
    few = [row for row in rows if 0 < row["share_in_most_needy_fifth"] < 0.1]
    says = [
        f"{total} councils make up the most needy fifth. {the_region(top['region_name'], start=True)} has the "
        f"largest share of its own councils among them: {top['in_most_needy_fifth']} of {top['authorities']}."
    ]
    if most is not top:
        says.append(
            f"{the_region(most['region_name'], start=True)} has the most in number: "
            f"{most['in_most_needy_fifth']} of its {most['authorities']}."
        )
    parts = [f"{the_region(r['region_name'])} ({r['in_most_needy_fifth']} of {r['authorities']})" for r in few]
    if few:
        rest = f", none in {listed(map(the_region, none), 'or')}" if none else ""
        says.append(f"There are few in {listed(parts)}{rest}.")
    elif none:
        says.append(f"There is none in {listed(map(the_region, none), 'or')}.")
    scores = sorted(rows, key=lambda r: -r["population_weighted_need_score"])
    first, last = scores[0], scores[-1]
    says.append(
        f"By residents rather than councils, mean need is highest in {the_region(first['region_name'])} "
        f"({number(first['population_weighted_need_score'])}) and lowest in {the_region(last['region_name'])} "
        f"({number(last['population_weighted_need_score'])}), where 100 is the average place."
    )
    return says


def mission_pages(site: Renderer) -> Files:
    marts = site.marts
    yield site.render(
        "missions.html",
        "missions.html",
        "The five missions",
        [("Missions", None)],
        missions=[
            mission
            | {
                "most": marts.by_index[mission["mission_id"]][:3],
                "flagged": sum(not row["is_mostly_published"] for row in marts.by_index[mission["mission_id"]]),
                "page": f"mission/{mission['mission_id']}.html",
                "rows": marts.by_mission[mission["mission_id"]],
            }
            for mission in marts.missions
        ],
    )
    for mission in marts.missions:
        id_ = mission["mission_id"]
        rows = site.ranked(id_)
        flagged = Counter(r["authority"]["authority_type"] for r in rows if not r["is_mostly_published"])
        of_type = Counter(r["authority"]["authority_type"] for r in rows)
        index = site.index(id_)
        drawn = [charts.need_map([index], rows), charts.need_distribution(index, rows)]
        yield f"data/mission/{id_}.js", charts.script(drawn)
        yield site.render(
            f"mission/{id_}.html",
            "mission.html",
            mission["mission_name"],
            [("Missions", "missions.html"), (mission["mission_name"], None)],
            mission=mission,
            charts=drawn,
            rows=rows,
            indicators=marts.by_mission[id_],
            themes=list(grouped(marts.by_mission[id_], "theme_title").items()),
            regions=[
                (group, row)
                for group in marts.groups
                if group.kind == "region"
                for row in group.summary
                if row["index_id"] == id_
            ],
            flagged=[(kind, count, of_type[kind]) for kind, count in flagged.most_common()],
            audit=grouped((row for row in marts.audit if row["mission_id"] == id_), "statistic"),
            milestones=site.milestones(None, id_),
        )


def indicator_pages(site: Renderer) -> Files:
    marts = site.marts
    yield site.render(
        "indicators.html",
        "indicators.html",
        "The indicators",
        [("Indicators", None)],
        missions=[(mission, marts.by_mission[mission["mission_id"]]) for mission in marts.missions],
    )
    yield "data/indicators.csv", as_csv(marts.indicators, [c for c in marts.indicators[0] if c != "page"])
    for indicator in marts.indicators:
        yield from indicator_page(site, indicator)


def indicator_page(site: Renderer, indicator: Row) -> Files:
    marts, id_ = site.marts, indicator["indicator_id"]
    more = indicator["higher_means"] == "more_need"
    cells = [cell | {"authority": marts.authority[cell["authority_code"]]} for cell in marts.cells_of_indicator[id_]]
    cells.sort(key=lambda c: (c["need_rank"], -c["value"] if more else c["value"], c["authority"]["authority_name"]))
    gaps = grouped((cell for cell in cells if cell["value_basis"] != "published"), "value_basis", "value_basis_reason")
    areas = [
        marts.benchmark[area, id_]
        for area in [marts.england_code, *(region["region_code"] for region in marts.regions)]
        if (area, id_) in marts.benchmark
    ]
    england = marts.benchmark.get((marts.england_code, id_))
    drawn = [charts.indicator_map(indicator, cells), charts.indicator_distribution(indicator, cells, england)]
    yield f"data/indicator/{id_}.js", charts.script(drawn)
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
        cells=cells,
        england=england,
        charts=drawn,
        areas=areas,
        gaps=[
            (basis, reason, sorted(rows, key=lambda c: c["authority"]["authority_name"]))
            for (basis, reason), rows in sorted(gaps.items(), key=lambda item: (-len(item[1]), item[0]))
        ],
        published=sum(cell["value_basis"] == "published" for cell in cells),
        older=[cell for cell in cells if cell["period_end_date"] != indicator["latest_period_end_date"]],
        limits=sum(cell["value_lower_95"] is not None for cell in cells),
        without=_without(site, id_),
        trends=Counter(
            d["direction"] for a in marts.authorities if (d := marts.direction.get((a["authority_code"], id_)))
        ).most_common(),
        basket=marts.basket.get(id_),
        skewed=abs(indicator["skewness_before"]) if indicator["skewness_before"] is not None else None,
    )
    flat = [indicator | cell | cell["authority"] for cell in cells]
    yield (
        f"data/indicator/{id_}.csv",
        as_csv(
            flat,
            [
                c
                for c in ["authority_name", *CELL_COLUMNS]
                if not c.startswith(("england_", "region_", "neighbours_"))
                and c not in ("indicator_title", "mission_id")
            ],
        ),
    )
    yield (
        f"data/indicator/{id_}-areas.csv",
        as_csv(
            [indicator | row for row in areas],
            AREA_COLUMNS,
        ),
    )


def _without(site: Renderer, indicator_id: str) -> Row | None:
    """What leaving an indicator out does to the ranks under all missions."""
    rows = [row for row in site.marts.without.get(indicator_id, []) if row["composite_rank_change"]]
    if not rows:
        return None
    rows.sort(key=lambda r: (-abs(r["composite_rank_change"]), r["authority_code"]))
    middle = abs(rows[(len(rows) - 1) // 2]["composite_rank_change"])
    most = [row | {"authority": site.marts.authority[row["authority_code"]]} for row in rows[:3]]
    return {"moved": len(rows), "median": middle, "most": most}


def area_pages(site: Renderer) -> Files:
    yield site.render(
        "areas.html",
        "areas.html",
        "Regions, combined authorities and types of council",
        [("Areas", None)],
        groups=[(KINDS[kind], groups) for kind, groups in _groups_by_kind(site).items()],
    )
    for group in site.marts.groups:
        rows = site.ranked(COMPOSITE, group.members)
        name = TYPES_PLURAL.get(group.name, type_words(group.name)) if group.kind == "type" else group.name
        chart = None
        if group.kind != "type":
            indices = [site.index(index_id) for index_id in site.marts.indices]
            chart = charts.need_map(indices, site.needs(site.marts.indices, group.members), group.name)
            yield f"data/{group.page.removesuffix('.html')}.js", charts.script([chart])
        yield site.render(
            group.page,
            "group.html",
            name,
            [("Areas", "areas.html"), (name, None)],
            group=group,
            chart=chart,
            name=name,
            rows=rows,
            smaller=sum(row.get("authorities_in_smaller_part", 0) for row in group.summary[:1]),
            by_band=Counter(row["need_band"] for row in rows),
            population=sum(a["population"] for a in group.members if a["is_in_reference_set"]),
            missions=site.marts.missions,
            indices=site.marts.indices,
        )
        folder = f"data/{group.page.removesuffix('.html')}"
        every = [row for rows_of_index in site.marts.by_index.values() for row in rows_of_index]
        codes = {a["authority_code"] for a in group.members}
        yield f"{folder}.csv", site.scores_csv(row for row in every if row["authority_code"] in codes)
        if group.summary:
            yield (
                f"{folder}-summary.csv",
                as_csv(site.with_polarity(group.summary), ["higher_means", *group.summary[0]]),
            )


def _groups_by_kind(site: Renderer) -> dict[str, list[Group]]:
    groups: dict[str, list[Group]] = {}
    for group in site.marts.groups:
        groups.setdefault(group.kind, []).append(group)
    return groups


def scripts(site: Renderer) -> Files:
    """What charts, the comparison and what-if need, shipped once."""
    marts = site.marts
    indices = [{"index_id": id_, "index_name": name} for id_, name in marts.indices.items()]
    needs = [row for rows in marts.by_index.values() for row in rows]
    cells = list(marts.cell.values())
    england = [row for (code, _), row in marts.benchmark.items() if code == marts.england_code]
    authorities = marts.authorities
    yield "static/vega.js", charts.vega_bundle()
    yield "data/authorities.js", charts.authorities_script(authorities)
    yield "data/geography.js", charts.geography_script(marts.boundaries, authorities)
    yield "data/compare.js", charts.compare_script(indices, needs, marts.indicators, cells, england)
    yield (
        "data/what-if.js",
        charts.what_if_script(marts.missions, marts.indicators, cells, marts.by_index[COMPOSITE], authorities),
    )
    for page, title in (("compare.html", "Compare councils"), ("what-if.html", "What if")):
        yield site.render(
            page,
            page,
            title,
            [(title, None)],
            missions=marts.missions,
            indicators=marts.indicators,
            authorities=authorities,
            indices=indices,
        )
