"""The pages about the index (method, sources and data quality, glossary, changes), and data files for all councils."""

from collections import Counter
from collections.abc import Iterable

from missions.reading.wording import BASES, publication_day
from missions.site.data import COMPOSITE, Row, grouped
from missions.site.renderer import Files, Renderer

COVERAGE_COLUMNS = [
    "indicator_id",
    "authority_type",
    "value_basis",
    "value_basis_reason",
    "councils",
    "higher_means",
    "latest_period_end_date",
]
MILESTONE_COLUMNS = [
    "milestone_id",
    "milestone_title",
    "indicator_id",
    "unit",
    "higher_means",
    "area_code",
    "area_name",
    "series_basis",
    "status",
    "target_is",
    "target_value",
    "target_date",
    "base_value",
    "base_period_end_date",
    "current_value",
    "current_period_end_date",
    "pace_per_year",
    "needed_pace_per_year",
    "projected_value",
]
PEER_COLUMNS = [
    "authority_code",
    "peer_model",
    "peer_rank",
    "peer_code",
    "peer_name",
    "higher_means",
    "need_rank",
    "need_band",
]
EDITION_COLUMNS = [
    "authority_code",
    "authority_name",
    "index_id",
    "edition",
    "higher_means",
    "trend_score",
    "trend_rank",
    "change_since_first",
    "direction",
    "indicators",
    "own_share",
]


def files(site: Renderer) -> Files:
    yield site.render("glossary.html", "glossary.html", "Glossary", [("Glossary", None)])
    yield from _method_files(site)
    yield from _files_on_all_councils(site)
    yield from _source_files(site)
    yield from change_files(site)


def _method_files(site: Renderer) -> Files:
    marts = site.marts
    cells = list(marts.cell.values())
    yield site.render(
        "method.html",
        "method.html",
        "How a published figure becomes a rank",
        [("Method and caveats", None)],
        missions=[(mission, marts.by_mission[mission["mission_id"]]) for mission in marts.missions],
        treated=Counter(indicator["outcome"] for indicator in marts.indicators),
        cells=len(cells),
        pooled=sum(indicator["pooled_years"] > 1 for indicator in marts.indicators),
        bases=Counter(cell["value_basis"] for cell in cells),
        sensitivity=marts.sensitivity,
        audit=marts.audit,
        exceptions=sorted(
            (row for row in marts.audit if row["status"] == "exception"),
            key=lambda row: (row["rule_number"], row["node_name"]),
        ),
        small_area_indicators=marts.small_area_indicators,
        small_areas_of_england=marts.small_areas_of_england,
        parts=marts.parts,
    )
    for name, statistics in (
        ("audit", marts.audit),
        ("sensitivity", marts.sensitivity),
        ("small-area-indicators", marts.small_area_indicators),
        ("inequality", list(marts.inequality.values())),
    ):
        if statistics:
            yield f"data/{name}.csv", site.csv(statistics, statistics[0])


def _files_on_all_councils(site: Renderer) -> Files:
    """Complete data for what pages of councils and missions show in part."""
    marts = site.marts
    progress = [
        milestone | row | {"higher_means": "less_need" if milestone["target_is"] == "at least" else "more_need"}
        for milestone in marts.milestones
        for row in marts.progress.values()
        if row["milestone_id"] == milestone["milestone_id"]
    ]
    if progress:
        yield "data/milestones.csv", site.csv(progress, MILESTONE_COLUMNS)
    editions = [marts.authority[row["authority_code"]] | row for rows in marts.editions.values() for row in rows]
    if editions:
        yield "data/editions.csv", site.csv(site.with_polarity(editions), EDITION_COLUMNS)
    peers = [
        marts.authority[row["peer_code"]]
        | marts.scores[row["peer_code"]][COMPOSITE]
        | row
        | {"peer_name": marts.authority[row["peer_code"]]["authority_name"]}
        for rows in marts.peers.values()
        for row in rows
    ]
    yield "data/peers.csv", site.csv(site.with_polarity(peers), PEER_COLUMNS)


def _source_files(site: Renderer) -> Files:
    marts = site.marts
    cells = list(marts.cell.values())
    bases = Counter(cell["value_basis"] for cell in cells)
    types = Counter((marts.authority[c["authority_code"]]["authority_type"], c["value_basis"]) for c in cells)
    yield site.render(
        "sources.html",
        "sources.html",
        "Sources and data quality",
        [("Sources and data quality", None)],
        files=marts.files,
        corrections=marts.corrections,
        indicators=marts.indicators,
        bases={basis: bases[basis] for basis in BASES if basis in bases},
        reasons=sorted(
            Counter((c["value_basis"], c["value_basis_reason"]) for c in cells).items(),
            key=lambda item: (BASES.index(item[0][0]), -item[1], item[0]),
        ),
        cells=len(cells),
        types=types,
        type_names=sorted({kind for kind, _ in types}, key=lambda k: -sum(v for (t, _), v in types.items() if t == k)),
        coverage={id_: Counter(cell["value_basis"] for cell in rows) for id_, rows in marts.cells_of_indicator.items()},
    )
    yield "data/sources.csv", site.csv(marts.files, marts.files[0])
    yield "data/corrections.csv", site.csv(marts.corrections, marts.corrections[0])
    yield "data/coverage.csv", site.csv(_coverage(site), COVERAGE_COLUMNS)


def _coverage(site: Renderer) -> list[Row]:
    """The number of councils by indicator, type of council and basis."""
    marts = site.marts
    return [
        {"authority_type": kind, "value_basis": basis, "value_basis_reason": reason, "councils": count} | indicator
        for indicator in marts.indicators
        for (kind, basis, reason), count in sorted(
            Counter(
                (
                    marts.authority[cell["authority_code"]]["authority_type"],
                    cell["value_basis"],
                    cell["value_basis_reason"],
                )
                for cell in marts.cells_of_indicator[indicator["indicator_id"]]
            ).items()
        )
    ]


def change_files(site: Renderer) -> Files:
    """The page on what changed since the previous publication, and a file of all changes."""
    changes = site.marts.changes
    yield site.render(
        "changes.html",
        "changes.html",
        "What changed since the previous publication",
        [("What changed", None)],
        publications=[(id_, publication_day(id_)) for id_ in site.publications],
        **_all_changes(site),
    )
    if changes:
        yield "data/changes.csv", site.csv(_with_polarity(site, changes), ["higher_means", *changes[0]])


def _all_changes(site: Renderer) -> Row:
    """What changed since the previous publication, by cause and council."""
    changes = site.marts.changes
    real = [row for row in changes if row["cause"] not in ("no_change", "no_earlier_publication", "not_compared")]
    causes: dict[str, Counter[str]] = {}
    for row in real:
        causes.setdefault(row["cause"], Counter())[row["index_kind"]] += 1
    moved = []
    for code, rows in grouped((r for r in changes if r["index_kind"] == COMPOSITE), "authority_code").items():
        first = rows[0]
        if code in site.marts.authority and None not in (first["previous_rank"], first["new_rank"]):
            before, now = first["previous_rank"], first["new_rank"]
            if before != now:
                moved.append(
                    {
                        "authority": site.marts.authority[code],
                        "before": before,
                        "now": now,
                        "causes": [row["cause"] for row in rows if row["rank_change"]],
                    }
                )
    moved.sort(key=lambda r: (-abs(r["now"] - r["before"]), r["authority"]["slug"]))
    return {
        "previous_id": next((row["previous_publication_id"] for row in changes), None),
        "compared": any(row["cause"] not in ("no_earlier_publication", "not_compared") for row in changes),
        "explanations": sorted({row["explanation"] for row in changes if row["cause"] == "not_compared"} - {None}),
        "changes": changes,
        "causes": list(causes.items()),
        "moved": moved,
        "figures": len({(r["authority_code"], r["index_id"]) for r in real if r["index_kind"] == "indicator"}),
        "cells": len(site.marts.cell),
    }


def _with_polarity(site: Renderer, changes: Iterable[Row]) -> list[Row]:
    """Changes with their polarity: that of the indicator, or of an index, where higher is always higher need."""
    of_index = {"higher_means": "more_need"}
    return [
        row | {"higher_means": site.marts.indicator.get(row["index_id"], of_index)["higher_means"]} for row in changes
    ]
