"""The registry of sources: the shape of seeds/sources.yml and how it is read.

Belongs here: models of sources and layouts that reject malformed entries, the registry as rows of a table, and the
recorded checksums of the seeds. Files generated from the registry belong in generated.py, publishers' files in readers/
and loading in load.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import yaml
from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails

from missions.errors import RegistryError
from missions.files import sha256
from missions.paths import SEEDS

RAW_SOURCE = "raw"
SOURCE_FILE = "source_file"  # the registry itself, loaded as a table
SEED_SUMS = "SHA256SUMS"

# How often new figures are published, and what to say if the publisher's own page does not tell us.
RHYTHM_DAYS = {"monthly": 31, "quarterly": 92, "annual": 366}
RHYTHMS = (*RHYTHM_DAYS, "irregular")
RHYTHM_GROUNDS = {
    "periods": "inferred from the gaps between the periods in the seed",
    "assumed": "assumed: the seed has one period, and we found no publisher's page that says",
}

_Item = TypeVar("_Item")
_AS_WRITTEN = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_AS_WRITTEN)
class Column:
    """One column of a layout; `area` marks a column of area codes."""

    name: str
    type: Literal["text", "number", "integer", "date", "boolean"]
    description: str
    required: bool = False
    area: bool = False


def _columns(written: object) -> object:
    """The columns as a list, from the registry's mapping by name."""
    if not isinstance(written, dict):
        return written
    return [{"name": name, **column} if isinstance(column, dict) else column for name, column in written.items()]


@dataclass(frozen=True, config=_AS_WRITTEN)
class Layout:
    """The columns and the key shared by all seeds of one shape."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: Annotated[tuple[Column, ...], BeforeValidator(_columns)]


@dataclass(frozen=True, config=_AS_WRITTEN)
class SourceFile:
    """A publisher's file from which a seed is made, as its distributor serves it."""

    path: str
    sha256: str
    bytes: int
    distributor_path: str | None
    commit: str | None


@dataclass(frozen=True, config=_AS_WRITTEN)
class Bounds:
    """What a newer edition may change without a person's decision. A source's `bounds` override individual ones.

    Ratios are new to old. Rows are counted over the periods in both editions, and for a new period against the newest
    old one. Scale is the ratio of the medians of the same figures; step is that of a new period to the newest old one.
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
    max_median_revision: float = 0.1  # median size of a revision, relative to the old figure
    max_emptied_share: float = 0.02  # share of the old figures that are empty in the new edition
    max_area_ratio: float = 1.5  # revision of an area's newest figure, or most of them, relative to the usual
    max_area_step: float = 10.0  # the same from the area's last figure to a new period
    max_thinned_areas_share: float = 0.01  # share of a measure's areas that keep less than half their figures
    max_newest_lost_share: float = 0.05  # share of the areas in a measure's newest period that are not in the new one
    may_drop_periods: bool = False  # the file holds only the newest periods


@dataclass(frozen=True, config=_AS_WRITTEN)
class Period:
    """The first and last day of figures in a file that states no period."""

    start: date
    end: date


def _layout(written: object) -> object:
    """The layout with that name."""
    if not isinstance(written, str):
        return written
    if written not in layouts():
        raise ValueError(f"there is no layout {written!r}")
    return layouts()[written]


@dataclass(frozen=True, config=_AS_WRITTEN)
class Source:
    """One seed with its provenance.

    `period` is given if the publisher's file states none; figures for periods that end before `first_period_end` are
    left out. `release_rhythm` is how often new figures are published; `release_rhythm_from` is the publisher's page
    that says so, or a key of RHYTHM_GROUNDS.
    """

    source_id: str
    seed: str
    layout: Annotated[Layout, BeforeValidator(_layout)]
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
    period: Period | None
    first_period_end: date | None
    min_rows: int
    caveat: str | None
    files: tuple[SourceFile, ...]
    bounds: Bounds = Field(default_factory=Bounds)
    release_rhythm: Literal["monthly", "quarterly", "annual", "irregular"] | None = None
    release_rhythm_from: str | None = None

    @model_validator(mode="after")
    def _rhythm_has_a_ground(self) -> Self:
        ground = str(self.release_rhythm_from)
        if self.release_rhythm and not (ground in RHYTHM_GROUNDS or ground.startswith("https://")):
            raise ValueError(
                f"release_rhythm_from is {ground!r}; expected the publisher's page (https://…) or one of "
                f"{', '.join(RHYTHM_GROUNDS)}"
            )
        return self

    @property
    def path(self) -> Path:
        """The path of the seed."""
        return SEEDS / self.seed

    @property
    def group(self) -> str:
        """The seed's folder: framework, geography, observations, small_areas or targets."""
        return self.seed.split("/", 1)[0]

    @property
    def is_comparable(self) -> bool:
        """Whether a newer edition can be applied alone: geography is read from the files of several sources."""
        return bool(self.files) and self.group in ("observations", "services", "small_areas")


def document(path: Path | None = None) -> dict[str, Any]:
    """The registry as plain data, in file order. Raises RegistryError if it is not YAML or lacks a part."""
    path = path or SEEDS / "sources.yml"
    try:
        with path.open(encoding="utf-8") as stream:
            # The C loader is eight times as fast, but PyYAML is built without it on some systems.
            loaded: object = yaml.load(stream, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RegistryError(f"seeds/{path.name}: {error}") from error
    if not (
        isinstance(loaded, dict)
        and isinstance(loaded.get("layouts"), dict)
        and isinstance(loaded.get("sources"), list)
        and all(isinstance(item, dict) for item in [*loaded["layouts"].values(), *loaded["sources"]])
    ):
        raise RegistryError(f"seeds/{path.name}: expected `layouts`, each under its name, and `sources`, a list")
    return loaded


@cache
def layouts() -> Mapping[str, Layout]:
    """Every layout by name. Raises RegistryError naming a malformed one."""
    model = TypeAdapter(Layout)
    items = document()["layouts"].items()
    return {name: _checked(model, {"name": name, **item}, f"layout {name}") for name, item in items}


@cache
def sources() -> Mapping[str, Source]:
    """Every source by id, in registry order. Raises RegistryError naming a malformed one."""
    model = TypeAdapter(Source)
    items = document()["sources"]
    read = [_checked(model, item, f"source {item.get('source_id', 'without source_id')}") for item in items]
    return {source.source_id: source for source in read}


def _checked(model: TypeAdapter[_Item], item: dict[str, Any], entry: str) -> _Item:
    try:
        return model.validate_python(item)
    except ValidationError as error:
        faults = "; ".join(map(_in_words, error.errors()))
        raise RegistryError(f"seeds/sources.yml, {entry}: {faults}") from error


def _in_words(fault: ErrorDetails) -> str:
    """A fault found by pydantic: the field, what was found and what was expected."""
    place = ".".join(map(str, fault["loc"]))
    if fault["type"] == "missing":
        return f"{place} is missing"
    if fault["type"] == "unexpected_keyword_argument":
        return f"{place} is not a known field"
    if fault["type"] == "value_error":
        return ": ".join(filter(None, [place, str(fault["ctx"]["error"])]))
    return f"{place} is {fault['input']!r}; {fault['msg'].replace('Input should be', 'expected')}"


def forget() -> None:
    """Read the registry again the next time it is needed, because it was rewritten."""
    sources.cache_clear()
    layouts.cache_clear()


def source_file_rows() -> Iterator[dict[str, object]]:
    """The registry as rows of the layout source_file: one row per publisher's file, or per seed of our own.

    The registry itself comes last, as one of the project's own tables.
    """
    for source in [*sources().values(), _itself()]:
        seed_sha256 = sha256(source.path) if source.path.is_file() else None  # its own load reports that it is missing
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
    """The registry as a source, because it is published too."""
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
    """The checksums in seeds/SHA256SUMS for each seed: one, or two while a new seed replaces an old one.

    Raises RegistryError if the file cannot be read.
    """
    try:
        lines = (SEEDS / SEED_SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RegistryError(
            f"seeds/{SEED_SUMS} cannot be read ({error}). Restore it from git, or regenerate it with `make docs`."
        ) from error
    sums: dict[str, set[str]] = {}
    for line in lines:
        digest, _, seed = line.partition("  ")
        sums.setdefault(seed, set()).add(digest)
    return sums


def sums_text(sums: Mapping[str, Collection[str]]) -> str:
    """The text of seeds/SHA256SUMS, in the format of `sha256sum --check`."""
    return "".join(f"{digest}  {seed}\n" for seed in sorted(sums) for digest in sorted(sums[seed]))
