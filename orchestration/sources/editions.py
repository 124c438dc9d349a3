"""Editions: the seeds that publications were built from, each kept once under its checksum beside the publications.

Belongs here: keeping them, finding what a publication was built from, and laying it out again as a folder of seeds.
What a newer edition is and whether it is taken is for refresh.py.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from orchestration import SEEDS
from orchestration.sources.load import sha256
from orchestration.sources.registry import SEED_SUMS, document, sums_text

EDITIONS = "editions"  # in the published folder
_RECORD = "csv/source_edition.csv"  # in a publication


class EditionError(Exception):
    """A publication whose seeds cannot be laid out again: which, and where else to look."""


@dataclass(frozen=True)
class SeedEdition:
    """A seed as a publication was built from it."""

    source_id: str
    seed_path: str
    seed_sha256: str
    snapshot_date: str


def built_from(publication: Path) -> list[SeedEdition]:
    """The seeds that a publication says it was built from. Raises EditionError where it does not say."""
    try:
        with (publication / _RECORD).open(encoding="utf-8", newline="") as stream:
            return [SeedEdition(**row) for row in csv.DictReader(stream)]
    except (OSError, TypeError) as error:
        raise EditionError(f"{publication} does not say what it was built from ({error})") from error


def keep(published: Path) -> list[str]:
    """Keep the seeds that the publication in force was built from, and let go of those that no publication needs.

    Gives the paths of seeds that could not be kept, as they have changed since they were loaded.
    """
    archive = published / EDITIONS
    archive.mkdir(exist_ok=True)
    missed = []
    for edition in built_from(published / "current"):
        place = archive / f"{edition.seed_sha256}.gz"
        if place.exists():
            continue
        data = (SEEDS / edition.seed_path).read_bytes()
        if hashlib.sha256(data).hexdigest() != edition.seed_sha256:
            missed.append(edition.seed_path)
            continue
        beside = archive / f".{place.name}.new"
        beside.write_bytes(gzip.compress(data, compresslevel=6, mtime=0))
        beside.replace(place)
    needed = set()
    for publication in (published / "history").iterdir():
        if (publication / _RECORD).is_file():
            needed |= {f"{edition.seed_sha256}.gz" for edition in built_from(publication)}
    for place in archive.iterdir():
        if place.name not in needed:
            place.unlink()
    return missed


def restore(publication: Path, published: Path, folder: Path) -> list[SeedEdition]:
    """Lay out the seeds that a publication was built from in a new folder, from those kept or from seeds/.

    Raises EditionError naming what is not to be found, before anything is written.
    """
    found: dict[str, bytes] = {}
    lacking = []
    editions = built_from(publication)
    for edition in editions:
        kept, seed = published / EDITIONS / f"{edition.seed_sha256}.gz", SEEDS / edition.seed_path
        try:
            data = gzip.decompress(kept.read_bytes())
        except (OSError, EOFError, ValueError):
            data = b""
        if hashlib.sha256(data).hexdigest() != edition.seed_sha256:
            data = seed.read_bytes() if seed.is_file() else b""
        if hashlib.sha256(data).hexdigest() != edition.seed_sha256:
            lacking.append(f"{edition.seed_path} (sha256 {edition.seed_sha256[:12]}…)")
        found[edition.seed_path] = data
    if lacking:
        raise EditionError(
            f"{len(lacking)} of {len(editions)} seeds are neither in {published / EDITIONS} nor in {SEEDS}: "
            f"{', '.join(lacking[:5])}. If seeds/ is in git, look there: git log -- seeds/"
        )
    if folder.exists() and any(folder.iterdir()):
        raise EditionError(f"{folder} is not empty; name a new folder")
    for path, data in found.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    _record_sums(folder, editions)
    return editions


def _record_sums(folder: Path, editions: list[SeedEdition]) -> None:
    """The checksums that a load compares the seeds with, as the registry of that time asks for them."""
    registry = document(folder / "sources.yml")
    from_publishers = {item["seed"] for item in registry["sources"] if item["reader"]}
    sums = {e.seed_path: [sha256(folder / e.seed_path)] for e in editions if e.seed_path in from_publishers}
    (folder / SEED_SUMS).write_text(sums_text(sums), encoding="utf-8")
