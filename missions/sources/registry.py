"""The registry of sources: reads seeds/sources.yml, and writes whatever is made from it.

Belongs here: the shape of a source and of a layout, and the files that list sources (dbt sources, docs/SOURCES.md,
ATTRIBUTION.md), so that no source is listed twice by hand. Publishers' files are for readers/, loading is for load.py.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import yaml

from missions.errors import RegistryError
from missions.files import sha256
from missions.paths import PROJECT, SEEDS

RAW_SOURCE = "raw"
SOURCE_FILE = "source_file"  # the registry itself, loaded as a table
SEED_SUMS = "SHA256SUMS"

# Where distributors' files are read, and the only host that a download may be redirected to.
LIVE_BASE = "https://raw.githubusercontent.com"
LIVE_BASE_VARIABLE = "MISSIONS_LIVE_BASE"  # for tests: a server on this machine in its place
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})

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
    "CC BY 4.0 (mySociety) and OGL v3.0": "Register of councils: mySociety, licensed under Creative Commons "
    "Attribution 4.0 International (creativecommons.org/licenses/by/4.0), with public sector information licensed "
    "under the Open Government Licence v3.0; both are joined and re-shaped here.",
    "MIT (ODI Leeds)": f"Hexagon layout: copyright (c) ODI Leeds.\n\n{_MIT_TERMS}",
    "MIT": "Framework, corrections and other tables of the project itself: copyright the Missions Index developers, "
    "MIT licence.",
}
_BOUNDARY_NOTICE = (
    "Boundaries: Source: Office for National Statistics licensed under the Open Government Licence v3.0. "
    "Contains OS data © Crown copyright and database right 2026."
)


# How often newer figures come out, and what is said of it where it is not the publisher's own page that says so.
RHYTHM_DAYS = {"monthly": 31, "quarterly": 92, "annual": 366}
RHYTHMS = (*RHYTHM_DAYS, "irregular")
RHYTHM_GROUNDS = {
    "periods": "seen from how far apart the periods in the seed are",
    "assumed": "assumed: the seed has one period, and no page of the publisher that says it was found",
}


@dataclass(frozen=True)
class Column:
    """One column of a layout. `type` is text, number, integer, date or boolean; `area` marks area codes."""

    name: str
    type: str
    description: str
    required: bool = False
    area: bool = False


@dataclass(frozen=True)
class Layout:
    """The columns and key that all seeds of one shape share."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class SourceFile:
    """A publisher's file that a seed is made from, as its distributor serves it."""

    path: str
    sha256: str
    bytes: int
    distributor_path: str | None
    commit: str | None


@dataclass(frozen=True)
class Bounds:
    """What a newer edition may change by itself; beyond it a person decides. A source's `bounds` replace single ones.

    Ratios are new to old. Rows are counted over the periods that both editions have, and in a new period against the
    newest old one. Scale is the ratio of medians of the same figures, step that of the newest period to the one before.
    """

    min_rows_ratio: float = 0.95
    max_rows_ratio: float = 1.5
    min_new_period_rows_ratio: float = 0.5
    max_new_period_rows_ratio: float = 1.5
    min_scale_ratio: float = 0.5
    max_scale_ratio: float = 2.0
    min_step_ratio: float = 0.33
    max_step_ratio: float = 3.0
    max_revised_share: float = 1.0
    max_median_revision: float = 0.1  # of the figures revised, relative to the old figure
    max_emptied_share: float = 0.02  # of the old figures, those that the new edition leaves empty
    max_area_ratio: float = 1.5  # an area's newest figure in both, or most of them, over what is usual in its measure
    max_area_step: float = 10.0  # the same for a new period against the area's last figure
    max_thinned_areas_share: float = 0.01  # of a measure's areas, those that keep less than half of their figures
    max_newest_lost_share: float = 0.05  # of the areas in a measure's newest period, those not in the newest one now
    may_drop_periods: bool = False  # the file holds the newest periods only


@dataclass(frozen=True)
class Source:
    """One seed with its provenance.

    `period` stands where the publisher's file states none; figures that end before `first_period_end` are left out.
    `release_rhythm` is how often newer figures come out, one of RHYTHMS; `release_rhythm_from` is the publisher's page
    that says so, or else a key of RHYTHM_GROUNDS.
    """

    source_id: str
    seed: str
    layout: Layout
    reader: str | None
    publisher: str
    dataset: str
    landing_page: str | None
    licence: str
    distributor: str
    snapshot_date: date
    is_refreshable: bool
    geography_level: str
    code_vintage: str
    period_type: str | None
    period: Mapping[str, str] | None
    first_period_end: str | None
    min_rows: int
    caveat: str | None
    files: tuple[SourceFile, ...]
    bounds: Bounds = field(default_factory=Bounds)
    release_rhythm: str | None = None
    release_rhythm_from: str | None = None

    @property
    def path(self) -> Path:
        """Where the seed stands."""
        return SEEDS / self.seed

    @property
    def group(self) -> str:
        """The seed's folder: framework, geography, observations, small_areas or targets."""
        return self.seed.split("/", 1)[0]

    @property
    def is_comparable(self) -> bool:
        """Whether a newer edition of it can be taken by itself: geography is read from several sources' files."""
        return bool(self.files) and self.group in ("observations", "small_areas")


def document(path: Path | None = None) -> dict[str, Any]:
    """The registry as plain data, in file order. Raises RegistryError where it is no YAML."""
    path = path or SEEDS / "sources.yml"
    try:
        with path.open(encoding="utf-8") as stream:
            # The C loader is eight times as fast; PyYAML is built without it on some systems.
            loaded: dict[str, Any] = yaml.load(stream, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RegistryError(f"seeds/{path.name}: {error}") from error
    return loaded


@cache
def layouts() -> Mapping[str, Layout]:
    """Every layout by name. Raises RegistryError naming the one that is malformed."""
    return {name: _layout(name, item) for name, item in document()["layouts"].items()}


@cache
def sources() -> Mapping[str, Source]:
    """Every source by id, in registry order. Raises RegistryError naming the one that is malformed."""
    return {source.source_id: source for source in map(_source, document()["sources"])}


def _layout(name: str, item: dict[str, Any]) -> Layout:
    with _errors_naming(f"layout {name}"):
        columns = tuple(Column(column, **described) for column, described in item["columns"].items())
        return Layout(name, item["description"], tuple(item["key"]), columns)


def _source(item: dict[str, Any]) -> Source:
    with _errors_naming(f"source {item.get('source_id', 'without source_id')}"):
        files = tuple(
            SourceFile(f["path"], f["sha256"], f["bytes"], f["distributor_path"], f["commit"]) for f in item["files"]
        )
        rhythm, ground = item.get("release_rhythm"), item.get("release_rhythm_from")
        if rhythm and (rhythm not in RHYTHMS or not (ground in RHYTHM_GROUNDS or str(ground).startswith("https://"))):
            raise ValueError(f"release_rhythm {rhythm!r} from {ground!r} is none of {', '.join(RHYTHMS)} with a ground")
        return Source(
            **{
                **item,
                "layout": layouts()[item["layout"]],
                "snapshot_date": date.fromisoformat(item["snapshot_date"]),
                "files": files,
                "bounds": Bounds(**(item.get("bounds") or {})),
            }
        )


@contextmanager
def _errors_naming(entry: str) -> Iterator[None]:
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        wrong = f"no {error}" if isinstance(error, KeyError) else str(error).replace("Source.__init__() ", "")
        raise RegistryError(f"seeds/sources.yml, {entry}: {wrong}") from error


def forget() -> None:
    """Read the registry anew when it is next asked for: it was rewritten."""
    sources.cache_clear()
    layouts.cache_clear()


def live_base() -> str:
    """The address before every live address. Raises RegistryError where a test's server is not on this machine."""
    base = os.environ.get(LIVE_BASE_VARIABLE, LIVE_BASE).rstrip("/")
    if base != LIVE_BASE and not is_loopback(base):
        raise RegistryError(
            f"{LIVE_BASE_VARIABLE} is {base!r}; it may only name a server on this machine, for tests "
            f"({', '.join(sorted(LOOPBACK_HOSTS))})"
        )
    return base


def is_loopback(address: str) -> bool:
    """Whether an address leads to a server on this machine, by http."""
    try:
        parts = urlsplit(address)
        return parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS and not parts.username
    except ValueError:
        return False


def is_listed(address: str) -> bool:
    """Whether a download may lead there: the distributors' host over HTTPS, or a test's server on this machine."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    if is_loopback(live_base()):
        return is_loopback(address)
    host = urlsplit(LIVE_BASE).hostname
    return parts.scheme == "https" and parts.hostname == host and port in (None, 443) and not parts.username


def live_address(source: Source, file: SourceFile) -> str:
    """Where the newest edition of a refreshable source's file is: on the distributor's default branch."""
    if not (source.is_refreshable and file.distributor_path):
        raise RegistryError(f"seeds/sources.yml, source {source.source_id}: {file.path} has no live address")
    return f"{live_base()}/{quote(source.distributor)}/HEAD/{quote(file.distributor_path)}"


def source_file_rows() -> Iterator[dict[str, object]]:
    """The registry as rows of the layout source_file: one a publisher's file, or the seed itself where it is ours.

    The registry itself comes last, as a table of the project's own.
    """
    for source in [*sources().values(), _itself()]:
        seed_sha256 = sha256(source.path) if source.path.is_file() else None  # its own load says that it is missing
        files = source.files or (
            SourceFile(f"seeds/{source.seed}", sha256(source.path), source.path.stat().st_size, None, None),
        )
        for file in files:
            yield {
                "source_id": source.source_id,
                "path": file.path,
                "seed": source.seed,
                "seed_sha256": seed_sha256,
                "sha256": file.sha256,
                "bytes": file.bytes,
                "publisher": source.publisher,
                "dataset": source.dataset,
                "landing_page": source.landing_page,
                "licence": source.licence,
                "distributor": source.distributor,
                "distributor_path": file.distributor_path,
                "distributor_commit": file.commit,
                "snapshot_date": source.snapshot_date,
                "is_refreshable": source.is_refreshable,
                "geography_level": source.geography_level,
                "code_vintage": source.code_vintage,
                "caveat": source.caveat,
            }


def _itself() -> Source:
    """The registry as a source: what it says of the others is published too."""
    own = next(source for source in sources().values() if not source.files)
    return replace(
        own,
        source_id=SOURCE_FILE,
        seed="sources.yml",
        layout=layouts()[SOURCE_FILE],
        dataset="Registry of sources",
        geography_level="none",
        snapshot_date=max(source.snapshot_date for source in sources().values()),
        caveat=None,
    )


def recorded_sums() -> dict[str, set[str]]:
    """The checksums that seeds/SHA256SUMS holds for each seed: one, or two while a new seed takes an old one's place.

    Raises RegistryError where the file cannot be read.
    """
    try:
        lines = (SEEDS / SEED_SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RegistryError(
            f"seeds/{SEED_SUMS} cannot be read ({error}). Restore it from git, or make it anew with `make docs`."
        ) from error
    sums: dict[str, set[str]] = {}
    for line in lines:
        digest, _, seed = line.partition("  ")
        sums.setdefault(seed, set()).add(digest)
    return sums


def sums_text(sums: Mapping[str, Collection[str]]) -> str:
    """seeds/SHA256SUMS, as `sha256sum --check` reads it."""
    return "".join(f"{digest}  {seed}\n" for seed in sorted(sums) for digest in sorted(sums[seed]))


def seed_sums() -> str:
    """seeds/SHA256SUMS for the seeds as they are: those made from publishers' files, which nobody edits by hand."""
    return sums_text({s.seed: [sha256(s.path)] for s in sources().values() if s.reader and s.path.is_file()})


def dbt_sources() -> str:
    """models/staging/_sources.yml: every raw table with its columns."""
    tables = [
        {
            "name": name,
            "description": description,
            "meta": {"layout": layout.name},
            "columns": [{"name": c.name, "description": c.description} for c in layout.columns],
        }
        for name, description, layout in _raw_tables()
    ]
    header = "# Made from seeds/sources.yml by `make docs`; a test fails if it drifts.\n"
    body = {
        "version": 2,
        "sources": [
            {
                "name": RAW_SOURCE,
                "schema": RAW_SOURCE,
                "description": "Seed files as loaded, typed and checked, nothing cleaned.",
                "tables": tables,
            }
        ],
    }
    return header + yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=110)


def dbt_macro() -> str:
    """macros/sources_with_layout.sql: the ids of the sources of a layout, so that a staging model can unite them."""
    by_layout: dict[str, list[str]] = {}
    for source in sources().values():
        by_layout.setdefault(source.layout.name, []).append(source.source_id)
    shared = {name: ids for name, ids in by_layout.items() if ids != [name]}
    lines = [
        "{# Made from seeds/sources.yml by `make docs`; a test fails if it drifts. #}",
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
        "Made from `seeds/sources.yml` by `make docs`; a test fails if it drifts. `dim_source` holds the same in the",
        "published database, with a checksum for every file.",
    ]
    titles = {
        "observations": "Statistics",
        "small_areas": "Small areas",
        "geography": "Geography, populations and lookups",
        "framework": "The project's own tables",
        "targets": "National milestones",
    }
    for group, title in titles.items():
        lines += ["", f"## {title}"]
        for source in sources().values():
            if source.group != group:
                continue
            page = f"[{source.dataset}]({source.landing_page})" if source.landing_page else source.dataset
            lines += ["", f"### `{source.source_id}`", "", f"{page}, {source.publisher}. {source.licence}."]
            if source.files:
                how = (
                    "A newer edition can be fetched by a program."
                    if source.is_refreshable
                    else "A newer edition is fetched by hand."
                )
                lines += ["", f"Distributed by {source.distributor}; snapshot of {source.snapshot_date}. {how}"]
                lines += [
                    "",
                    *(f"- `{f.path}`" + (f", commit `{f.commit[:8]}`" if f.commit else "") for f in source.files),
                ]
            if source.release_rhythm:
                ground = source.release_rhythm_from or ""
                lines += [
                    "",
                    f"Newer figures come out: {source.release_rhythm} "
                    + (f"({RHYTHM_GROUNDS[ground]})." if ground in RHYTHM_GROUNDS else f"([publisher]({ground}))."),
                ]
            if source.period:
                lines += [
                    "",
                    f"Period (the file states none): {source.period['start']} to {source.period['end']}.",
                ]
            lines += ["", f"Areas: {source.geography_level.replace('_', ' ')}; codes: {source.code_vintage}."]
            if source.caveat:
                lines += ["", source.caveat]
    return "\n".join(lines) + "\n"


def attribution() -> str:
    """ATTRIBUTION.md: what each licence asks for, with the data sets that stand under it."""
    lines = ["# Attribution", "", "The figures keep their publishers' licences; the code is under the MIT licence."]
    for licence, notice in _LICENCES.items():
        data_sets = sorted({(s.publisher, s.dataset) for s in sources().values() if s.licence == licence})
        lines += ["", f"## {licence}", "", notice, "", *(f"- {p}: {d}" for p, d in data_sets)]
    lines += ["", "## Boundaries", "", _BOUNDARY_NOTICE]
    return "\n".join(lines) + "\n"


def generated_files() -> Mapping[Path, str]:
    """Every file that is made from the registry, with what it must hold."""
    return {
        PROJECT / "dbt_project/models/staging/_sources.yml": dbt_sources(),
        PROJECT / "dbt_project/macros/sources_with_layout.sql": dbt_macro(),
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
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
