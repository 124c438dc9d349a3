"""The front page, with the map of need and both ends of the ranking, and the page that ranks all councils."""

from missions.reading.sentences import england_facts
from missions.reading.wording import listed, place_name
from missions.site import charts
from missions.site.data import COMPOSITE, Group
from missions.site.renderer import Files, Renderer
from missions.site.scripts import assign, authorities_script, charts_script
from missions.site.words import number

ENDS = 10  # councils listed at each end of the ranking


def files(site: Renderer) -> Files:
    """The page and its data, with the names and shapes that maps on all pages use."""
    marts = site.marts
    rows = site.ranked(COMPOSITE)
    regions = [group for group in marts.groups if group.kind == "region"]
    chart = charts.need_map(site.atlas, site.indices, site.needs(marts.indices))
    yield site.render(
        "index.html",
        "index.html",
        "Need in England's councils under five missions",
        [],
        most=rows[:ENDS],
        least=rows[-ENDS:],
        facts=england_facts(list(marts.facts.values()), [group.summary[0] for group in regions]),
        regions=regions,
        picture=_regional_picture(regions),
        chart=chart,
        dataset=site.dataset(
            "Missions Index",
            f"Need of {site.councils} English councils under the Government's five missions, by rank and score.",
            "index.html",
            {"data/index/composite.csv": "Scores and ranks of all councils"},
        ),
    )
    yield site.render(
        "ranking.html",
        "ranking.html",
        "All councils, ranked by need",
        [("Ranking", None)],
        rows=rows,
        missions=marts.missions,
    )
    yield "data/index.js", charts_script([chart])
    yield "data/authorities.js", authorities_script(marts.authorities)
    hexagons = {
        row["authority_code"]: [row["hexagon_column"], row["hexagon_row"]]
        for row in marts.authorities
        if row["hexagon_column"] is not None
    }
    counties = {row["authority_code"]: row["county_code"] for row in marts.authorities if row["county_code"]}
    yield "data/views.js", assign({"hexagons": hexagons, "counties": counties})
    for index_id in marts.indices:
        yield f"data/index/{index_id}.csv", site.scores_csv(marts.by_index[index_id])
    summaries = [row for group in regions for row in group.summary]
    yield "data/regions.csv", site.csv(site.with_polarity(summaries), ["higher_means", *summaries[0]])


def _regional_picture(regions: list[Group]) -> list[str]:
    """What the map shows by region, in sentences."""
    rows = [group.summary[0] for group in regions]
    rows.sort(key=lambda r: (-r["share_in_most_needy_fifth"], r["region_name"]))
    total = sum(row["in_most_needy_fifth"] for row in rows)
    top, most = rows[0], max(rows, key=lambda r: r["in_most_needy_fifth"])
    none = [row["region_name"] for row in rows if row["in_most_needy_fifth"] == 0]
    few = [row for row in rows if 0 < row["share_in_most_needy_fifth"] < 0.1]
    says = [
        f"{total} councils make up the 20% with the highest need. {_start(top['region_name'])} has the largest share "
        f"of its councils among them: {top['in_most_needy_fifth']} of {top['authorities']}."
    ]
    if most is not top:
        says.append(
            f"{_start(most['region_name'])} has the largest number: {most['in_most_needy_fifth']} of its "
            f"{most['authorities']}."
        )
    parts = [f"{place_name(r['region_name'])} ({r['in_most_needy_fifth']} of {r['authorities']})" for r in few]
    if few:
        rest = f", and none in {listed(map(place_name, none), 'or')}" if none else ""
        says.append(f"There are few in {listed(parts)}{rest}.")
    elif none:
        says.append(f"There are none in {listed(map(place_name, none), 'or')}.")
    scores = sorted(rows, key=lambda r: -r["population_weighted_need_score"])
    first, last = scores[0], scores[-1]
    says.append(
        f"Weighted by residents, average need is highest in {place_name(first['region_name'])} "
        f"({number(first['population_weighted_need_score'])}) and lowest in {place_name(last['region_name'])} "
        f"({number(last['population_weighted_need_score'])}); 100 is the average for England."
    )
    return says


def _start(region: str) -> str:
    """A region's name at the start of a sentence."""
    name = place_name(region)
    return name[:1].upper() + name[1:]
