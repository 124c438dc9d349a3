"""The pages about the index: councils A to Z, method, sources and data quality, what changed, the catalogue; search.

Belongs here: what these pages are given, and the files of marts that concern all councils.
"""

import json
from collections import Counter

from missions.reading.wording import BASES, TYPES_PLURAL, day_words, in_words, publisher_words, type_words
from missions.site.data import COMPOSITE, Row, by, grouped
from missions.site.renderer import Files, Renderer
from missions.site.tables import COVERAGE_COLUMNS, EDITION_COLUMNS, MILESTONE_COLUMNS, PEER_COLUMNS, as_csv


def reference_files(site: Renderer) -> Files:
    marts = site.marts
    cells = list(marts.cell.values())
    yield site.render(
        "search.html",
        "search.html",
        "Councils A to Z",
        [("Councils A to Z", None)],
        letters=_a_to_z(site),
    )
    yield site.render(
        "method.html",
        "method.html",
        "How a published figure becomes a rank",
        [("Method and caveats", None)],
        missions=[(mission, marts.by_mission[mission["mission_id"]]) for mission in marts.missions],
        treated=Counter(indicator["outcome"] for indicator in marts.indicators),
        cells=len(cells),
        bases=Counter(cell["value_basis"] for cell in cells),
        publication_id=site.publication_id,
        sensitivity=marts.sensitivity,
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
            yield f"data/{name}.csv", as_csv(statistics, statistics[0])
    progress = [
        milestone | row | {"higher_means": marts.indicator[milestone["indicator_id"]]["higher_means"]}
        for milestone in marts.milestones
        for row in marts.progress.values()
        if row["milestone_id"] == milestone["milestone_id"]
    ]
    if progress:
        yield "data/milestones.csv", as_csv(progress, MILESTONE_COLUMNS)
    editions = [
        marts.authority[row["authority_code"]] | row | {"higher_means": "more_need"}
        for rows in marts.editions.values()
        for row in rows
    ]
    if editions:
        yield "data/editions.csv", as_csv(editions, EDITION_COLUMNS)
    yield (
        "data/peers.csv",
        as_csv(
            (
                marts.authority[row["peer_code"]]
                | marts.scores[row["peer_code"]][COMPOSITE]
                | row
                | {"peer_name": marts.authority[row["peer_code"]]["authority_name"], "higher_means": "more_need"}
                for rows in marts.peers.values()
                for row in rows
            ),
            PEER_COLUMNS,
        ),
    )
    bases = Counter(cell["value_basis"] for cell in cells)
    types = Counter((marts.authority[c["authority_code"]]["authority_type"], c["value_basis"]) for c in cells)
    yield site.render(
        "sources.html",
        "sources.html",
        "Sources and data quality",
        [("Sources and data quality", None)],
        files=marts.files,
        publishers=Counter(publisher_words(f["publisher"]) for f in marts.files),
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
    yield "data/sources.csv", as_csv(marts.files, marts.files[0])
    yield "data/corrections.csv", as_csv(marts.corrections, marts.corrections[0])
    yield (
        "data/coverage.csv",
        as_csv(_coverage(site), COVERAGE_COLUMNS),
    )
    yield site.render(
        "changes.html",
        "changes.html",
        "What changed since the previous publication",
        [("What changed", None)],
        **_all_changes(site),
    )
    if marts.changes:
        yield "data/changes.csv", as_csv(site.with_polarity_of(marts.changes), ["higher_means", *marts.changes[0]])
    columns = grouped(marts.columns, "table_name")
    yield "data/catalogue.csv", as_csv(marts.columns, marts.columns[0])
    yield site.render(
        "catalogue.html",
        "catalogue.html",
        "Data catalogue",
        [("Data catalogue", None)],
        tables=[(table, columns[table["table_name"]]) for table in marts.table_descriptions],
        publication_id=site.publication_id,
    )


def _coverage(site: Renderer) -> list[Row]:
    """How many councils of each type stand on each basis, by indicator."""
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
        "publication_id": site.publication_id,
        "previous_id": next((row["previous_publication_id"] for row in changes), None),
        "compared": any(row["cause"] not in ("no_earlier_publication", "not_compared") for row in changes),
        "explanations": sorted({row["explanation"] for row in changes if row["cause"] == "not_compared"} - {None}),
        "changes": changes,
        "causes": list(causes.items()),
        "moved": moved,
        "figures": len({(r["authority_code"], r["index_id"]) for r in real if r["index_kind"] == "indicator"}),
        "cells": len(site.marts.cell),
    }


def _a_to_z(site: Renderer) -> list[tuple[str, list[Row]]]:
    """Councils of today and before by their first letter."""
    names = [{"name": a["authority_name"], "authority": a, "former": False} for a in site.marts.authorities]
    former = grouped((row for row in site.marts.area_codes if row["valid_to_date"]), "area_name")
    present = {a["authority_name"] for a in site.marts.authorities}
    for name, rows in former.items():
        if name not in present:
            successors = by(rows, "authority_code")
            names.append(
                {
                    "name": name,
                    "former": True,
                    "successors": [site.marts.authority[code] for code in successors],
                    "ended": max(row["valid_to_date"] for row in rows),
                }
            )
    names.sort(key=lambda n: n["name"])
    letters: dict[str, list[Row]] = {}
    for entry in names:
        letters.setdefault(entry["name"][0].upper(), []).append(entry)
    return list(letters.items())


def search_script(site: Renderer) -> str:
    """What search knows: [words, note, address] of everything that has a page; codes and former names too."""
    entries: list[list[str]] = []
    codes: dict[str, set[str]] = {}
    for row in site.marts.area_codes:
        codes.setdefault(row["authority_code"], set()).add(row["area_code"])
    for a in site.marts.authorities:
        known = sorted({a["authority_code"], a["current_code"], *codes.get(a["authority_code"], ())})
        note = f"{type_words(a['authority_type'])}, {a['region_name']}"
        entries.append([a["authority_name"], note, a["page"], " ".join(known)])
    for _, names in _a_to_z(site):
        for entry in names:
            if entry["former"]:
                for successor in entry["successors"]:
                    note = f"part of {successor['authority_name']} since {day_words(entry['ended'])}"
                    entries.append([entry["name"], note, successor["page"], ""])
    for i in site.marts.indicators:
        entries.append([i["indicator_title"], f"indicator, {i['mission_name']}", i["page"], i["indicator_id"]])
    for mission in site.marts.missions:
        entries.append([mission["mission_name"], "mission", f"mission/{mission['mission_id']}.html", ""])
    for group in site.marts.groups:
        kind = in_words(group.kind.replace("-", "_"))
        name = TYPES_PLURAL.get(group.name, type_words(group.name)) if group.kind == "type" else group.name
        entries.append([name, "type of council" if group.kind == "type" else kind, group.page, group.code])
    packed = json.dumps({"search": entries}, ensure_ascii=False, separators=(",", ":"))
    return f"window.missions = Object.assign(window.missions || {{}}, {packed});\n"
