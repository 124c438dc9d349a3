"""The pages on other frameworks: the first beside the second, indicators that left, and the 2024 index's findings."""

from missions.reading.wording import OVERALL, period_words
from missions.site.data import COMPOSITE, Marts, Row, grouped
from missions.site.renderer import Files, Renderer
from missions.site.words import number, share

CONTEXT_COLUMNS = [
    "authority_code",
    "authority_name",
    "indicator_id",
    "indicator_title",
    "unit",
    "higher_means",
    "value",
    "value_lower_95",
    "value_upper_95",
    "period_start_date",
    "period_end_date",
    "value_basis",
]
COMPARISON_COLUMNS = [
    "authority_code",
    "authority_name",
    "index_id",
    "higher_means",
    "other_framework_id",
    "need_score",
    "need_rank",
    "other_need_score",
    "other_need_rank",
    "rank_change",
]


def files(site: Renderer) -> Files:
    yield from _context_files(site)
    yield from _comparison_files(site)
    yield from _finding_files(site)


def _context_files(site: Renderer) -> Files:
    """A list of the indicators that left the index, and a page each with the newest figure of every council."""
    marts = site.marts
    if not marts.context_indicators:
        return
    listed = [row | {"page": f"context/{row['indicator_id']}.html"} for row in marts.context_indicators]
    crumb = ("Context indicators", "context.html")
    yield site.render("context.html", "context.html", "Context indicators", [(crumb[0], None)], indicators=listed)
    yield "data/context.csv", site.csv(marts.context_indicators, marts.context_indicators[0])
    for indicator in listed:
        id_ = indicator["indicator_id"]
        values = [_with_authority(site, row) for row in marts.context_values.get(id_, [])]
        newest = {row["authority_code"]: row for row in values}  # in order of period
        title = indicator["indicator_title"]
        yield site.render(
            indicator["page"],
            "context-indicator.html",
            title,
            [crumb, (title, None)],
            indicator=indicator,
            values=sorted(newest.values(), key=lambda row: row["authority"]["authority_name"]),
        )
        flat = [indicator | row | row["authority"] for row in values]
        yield f"data/context/{id_}.csv", site.csv(flat, CONTEXT_COLUMNS)


def _with_authority(site: Renderer, row: Row) -> Row:
    words = period_words(row["period_start_date"], row["period_end_date"])
    return row | {"authority": site.marts.authority[row["authority_code"]], "period_words": words}


def _quality(marts: Marts) -> list[tuple[str, list[float]]]:
    """Alpha and the correlation with deprivation, each under the first and the second framework, by mission."""
    values = {(row["framework_id"], row["node_id"], row["statistic"]): row["value"] for row in marts.quality}
    if not values:
        return []
    nodes = [(COMPOSITE, OVERALL), *((m["mission_id"], m["mission_name"]) for m in marts.missions)]
    return [
        (
            name,
            [
                values[framework, node, statistic]
                for statistic in ("cronbach_alpha", "rank_correlation_with_imd")
                for framework in ("first", "second")
            ],
        )
        for node, name in nodes
    ]


def _comparison_files(site: Renderer) -> Files:
    """Each council's ranks under the framework in force and under the first."""
    marts = site.marts
    if not marts.framework_comparison:
        return
    rows = [row | {"authority": marts.authority[row["authority_code"]]} for row in marts.framework_comparison]
    councils = [
        {
            "authority": some[0]["authority"],
            "by_index": {row["index_id"]: row for row in some},
            "scores": marts.scores[some[0]["authority_code"]],
        }
        for some in grouped(rows, "authority_code").values()
    ]
    councils.sort(key=lambda row: (-abs(row["by_index"][COMPOSITE]["rank_change"]), row["authority"]["slug"]))
    yield site.render(
        "frameworks.html",
        "frameworks.html",
        "The first and the second framework",
        [("The first and the second framework", None)],
        rows=councils,
        missions=marts.missions,
        moved=sum(row["by_index"][COMPOSITE]["rank_change"] != 0 for row in councils),
        quality=_quality(marts),
    )
    flat = [row | {"authority_name": row["authority"]["authority_name"], "higher_means": "more_need"} for row in rows]
    yield "data/frameworks.csv", site.csv(flat, COMPARISON_COLUMNS)


def _finding_files(site: Renderer) -> Files:
    """The findings published in 2024, each with the same figure of this index."""
    findings = site.marts.findings
    if not findings:
        return
    yield site.render(
        "findings.html",
        "findings.html",
        "What the 2024 index found, and what this one finds",
        [("What the 2024 index found", None)],
        findings=[
            row | {"ours": _figure(row, "figure"), "beside": _figure(row, "compared_figure")} for row in findings
        ],
        holding=sum(row["holds"] for row in findings),
    )
    columns = ["finding_id", "index_id", "higher_means", *list(findings[0])[2:]]
    yield "data/findings.csv", site.csv(site.with_polarity(findings), columns)


def _figure(finding: Row, column: str) -> str:
    """A figure of a finding as its statistic reads: councils, a share or a score."""
    value = finding[column]
    if value is None:
        return ""
    if finding["statistic"].startswith("share"):
        return share(value)
    return number(value, 1 if finding["statistic"] == "population_weighted_need_score" else 0)
