"""The files generated from the registry, so that no source is listed twice by hand; `make docs` writes them.

Belongs here: the text of each file: dbt's sources, docs/SOURCES.md, ATTRIBUTION.md and the seeds' checksums.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from missions.files import replace_file, sha256
from missions.paths import DBT_PROJECT, PROJECT, SEEDS
from missions.sources.registry import (
    RAW_SOURCE,
    RHYTHM_GROUNDS,
    SEED_SUMS,
    SOURCE_FILE,
    Layout,
    Source,
    SourceFile,
    layouts,
    sources,
    sums_text,
)

_MIT_TERMS = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without
limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the
Software, and to permit persons to whom the Software is furnished to do so, subject to the following
conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions
of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED
TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL
THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF
CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER
DEALINGS IN THE SOFTWARE."""
_LICENCES = {
    "OGL v3.0": "Contains public sector information licensed under the Open Government Licence v3.0 "
    "(nationalarchives.gov.uk/doc/open-government-licence/version/3).",
    "OGL v3.0 (postcodes)": "Contains OS data © Crown copyright and database right 2025. Contains Royal Mail data © "
    "Royal Mail copyright and database right 2025. Contains National Statistics data © Crown copyright and database "
    "right 2025. Licensed under the Open Government Licence v3.0. English postcodes only.",
    "OGL v3.0 and Open Parliament Licence v3.0": "Source: Office for National Statistics licensed under the Open "
    "Government Licence v3.0. Contains OS data © Crown copyright and database right 2022 to 2025. Contains "
    "Parliamentary information licensed under the Open Parliament Licence v3.0: the names of neighbourhoods, which are "
    "not official.",
    "OGL v3.0, Open Parliament Licence v3.0 and CC BY 4.0 (GeoNames)": "Places from GeoNames (geonames.org), licensed "
    "under Creative Commons Attribution 4.0 International (creativecommons.org/licenses/by/4.0). Kinds of places: "
    "contains OS data © Crown copyright and database right 2022 to 2025. Wards and parishes: Source: Office for "
    "National Statistics licensed under the Open Government Licence v3.0. Neighbourhoods: contains Parliamentary "
    "information licensed under the Open Parliament Licence v3.0.",
    "CC BY 4.0 (mySociety) and OGL v3.0": "Register of councils: mySociety, licensed under Creative Commons "
    "Attribution 4.0 International (creativecommons.org/licenses/by/4.0), with public sector information licensed "
    "under the Open Government Licence v3.0; both are joined and re-shaped here.",
    "MIT (ODI Leeds)": f"Hexagon layout: copyright (c) ODI Leeds.\n\n{_MIT_TERMS}",
    "MIT": "Framework, corrections and other tables of the project itself: copyright the Missions Index developers, "
    "MIT licence.",
}
_TITLES = {  # of the groups on docs/SOURCES.md
    "observations": "Statistics",
    "small_areas": "Small areas",
    "geography": "Geography, populations and lookups",
    "framework": "The project's own tables",
    "targets": "National milestones",
}
_MOST_LISTED = 10  # files of a source on that page
_BOUNDARY_NOTICE = (
    "Boundaries: Source: Office for National Statistics licensed under the Open Government Licence v3.0. "
    "Contains OS data © Crown copyright and database right 2026."
)


def seed_sums() -> str:
    """seeds/SHA256SUMS for the current seeds made from publishers' files, which nobody edits by hand."""
    return sums_text({s.seed: [sha256(s.path)] for s in sources().values() if s.reader and s.path.is_file()})


class _Columns(list[dict[str, str]]):
    """The columns of a layout in dbt's form."""

    def __init__(self, layout: Layout) -> None:
        super().__init__({"name": column.name, "description": column.description} for column in layout.columns)
        self.layout = layout.name


class _Dumper(yaml.SafeDumper):
    """YAML in which columns shared by several tables are written once, under an anchor with the layout's name."""

    def generate_anchor(self, node: Any) -> str:
        return str(node.layout)

    def columns(self, columns: _Columns) -> yaml.Node:
        node: Any = self.represent_list(columns)
        node.layout = columns.layout
        return node


_Dumper.add_representer(_Columns, _Dumper.columns)


def dbt_sources() -> str:
    """models/staging/_sources.yml: every raw table with its columns."""
    columns = {layout.name: _Columns(layout) for layout in layouts().values()}
    tables = [
        {"name": name, "description": description, "columns": columns[layout.name]}
        for name, description, layout in _raw_tables()
    ]
    header = "# Generated from seeds/sources.yml by `make docs`; a test fails if it is out of date.\n"
    body = {
        "version": 2,
        "sources": [
            {
                "name": RAW_SOURCE,
                "schema": RAW_SOURCE,
                "description": "Seed files as loaded: typed and checked, but not cleaned.",
                "tables": tables,
            }
        ],
    }
    return header + yaml.dump(body, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def dbt_macro() -> str:
    """macros/sources_with_layout.sql: the ids of the sources with a layout, for staging models that combine them."""
    by_layout: dict[str, list[str]] = {}
    for source in sources().values():
        by_layout.setdefault(source.layout.name, []).append(source.source_id)
    shared = {name: ids for name, ids in by_layout.items() if ids != [name]}
    lines = [
        "{# Generated from seeds/sources.yml by `make docs`; a test fails if it is out of date. #}",
        "{% macro sources_with_layout(layout) %}",
        "    {% set sources = {",
    ]
    for name, ids in shared.items():
        lines += [f"        '{name}': [", *(f"            '{i}'," for i in ids), "        ],"]
    lines += ["    } %}", "    {{ return(sources[layout]) }}", "{% endmacro %}", ""]
    return "\n".join(lines)


def sources_page() -> str:
    """docs/SOURCES.md: every source with its publisher, period, licence and caveat."""
    lines = [
        "# Sources",
        "",
        "Generated from `seeds/sources.yml` by `make docs`; a test fails if it is out of date. The table `dim_source`",
        "in the published database has the same information, with a checksum for every file.",
    ]
    for group, title in _TITLES.items():
        entries = [_entry(source) for source in sources().values() if source.group == group]
        lines += ["", f"## {title}", *chain.from_iterable(entries)]
    return "\n".join(lines) + "\n"


def _entry(source: Source) -> Iterator[str]:
    """One source on that page, line by line."""
    page = f"[{source.dataset}]({source.landing_page})" if source.landing_page else source.dataset
    yield from ("", f"### `{source.source_id}`", "", f"{page}, {source.publisher}. {source.licence}.")
    if source.files:
        how = "checked automatically" if source.is_refreshable else "downloaded by hand"
        yield from (
            "",
            f"Distributed by {source.distributor}; snapshot of {source.snapshot_date}. Updates: {how}.",
            "",
            *_files(source.files),
        )
    if source.release_rhythm:
        ground = source.release_rhythm_from or ""
        why = RHYTHM_GROUNDS.get(ground, f"[publisher]({ground})")
        yield from ("", f"New figures: {source.release_rhythm} ({why}).")
    if source.period:
        yield from ("", f"Period (not stated in the file): {source.period.start} to {source.period.end}.")
    yield from ("", f"Areas: {source.geography_level.replace('_', ' ')}; codes: {source.code_vintage}.")
    if source.caveat:
        yield from ("", source.caveat)


def _files(files: Sequence[SourceFile]) -> Iterator[str]:
    """The files of a source, one per line; of many, only the first and the last."""
    if len(files) > _MOST_LISTED:
        yield f"- {len(files)} files, from `{files[0].path}` to `{files[-1].path}`; `dim_source` lists them all"
        return
    for file in files:
        yield f"- `{file.path}`" + (f", commit `{file.commit[:8]}`" if file.commit else "")


def attribution() -> str:
    """ATTRIBUTION.md: the notice each licence requires, with the data sets under it."""
    lines = ["# Attribution", "", "The figures keep their publishers' licences; the code is under the MIT licence."]
    for licence, notice in _LICENCES.items():
        data_sets = sorted({(s.publisher, s.dataset) for s in sources().values() if s.licence == licence})
        lines += ["", f"## {licence}", "", notice, "", *(f"- {p}: {d}" for p, d in data_sets)]
    lines += ["", "## Boundaries", "", _BOUNDARY_NOTICE]
    return "\n".join(lines) + "\n"


def generated_files() -> Mapping[Path, str]:
    """Every generated file, with its text."""
    return {
        DBT_PROJECT / "models/staging/_sources.yml": dbt_sources(),
        DBT_PROJECT / "macros/sources_with_layout.sql": dbt_macro(),
        PROJECT / "docs/SOURCES.md": sources_page(),
        PROJECT / "ATTRIBUTION.md": attribution(),
        SEEDS / SEED_SUMS: seed_sums(),
    }


def _raw_tables() -> Iterator[tuple[str, str, Layout]]:
    yield SOURCE_FILE, layouts()[SOURCE_FILE].description, layouts()[SOURCE_FILE]
    for source in sources().values():
        described = f"{source.dataset} ({source.publisher})." + (f" {source.caveat}" if source.caveat else "")
        yield source.source_id, described, source.layout


if __name__ == "__main__":
    for path, text in generated_files().items():
        replace_file(path, text)
